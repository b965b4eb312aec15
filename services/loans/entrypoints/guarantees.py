"""Guarantors."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import guarantees
from services.shared import access, clock
from services.shared.contracts.loans import guarantees as contract
from services.shared.messaging import loaded, rpc, timer

READS: Final = access.scope("applications:read", "loans:read")
WRITES: Final = access.scope("applications:write")
APPROVES: Final = access.scope("approvals:write")


class GuaranteeEntrypoints(Peers):
    """Members who answer for the loan of another."""

    @rpc(WRITES)
    def add_guarantee(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take down that a member answers for a loan."""
        request = loaded(contract.AddGuarantee(), command)
        return guarantees.add_guarantee(
            self.database, self.members, self.actor, request
        )

    @rpc(WRITES)
    def add_group_guarantee(self, command: dict[str, Any]) -> dict[str, Any]:
        """Have a group answer for the loan of one of its members."""
        request = loaded(contract.AddGroupGuarantee(), command)
        return guarantees.add_group_guarantee(
            self.database, self.members, self.actor, request
        )

    @rpc(WRITES)
    def withdraw_guarantee(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take a promise back."""
        request = loaded(contract.ChangeGuarantee(), command)
        return self.once(
            request,
            lambda: guarantees.withdraw_guarantee(
                self.database, self.actor, request["guarantee_id"]
            ),
        )

    @rpc(READS)
    def list_guarantees(self, command: dict[str, Any]) -> dict[str, Any]:
        """List who answers for a loan."""
        request = loaded(contract.ListGuarantees(), command)
        return guarantees.list_guarantees(
            self.database, self.tenant, request["application_id"]
        )

    @rpc(access.scope("self:read"))
    def list_my_guarantees(self, command: dict[str, Any]) -> dict[str, Any]:
        """List for a guarantor what it answers for."""
        request = loaded(contract.ListMyGuarantees(), command)
        return guarantees.list_own(self.database, self.tenant, request, self.own_member)

    @rpc(access.scope("self:write"))
    def decline_my_guarantee(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a guarantor not answer for a loan after all."""
        request = loaded(contract.ChangeGuarantee(), command)
        return self.once(
            request,
            lambda: guarantees.withdraw_guarantee(
                self.database, self.actor, request["guarantee_id"], self.own_member
            ),
        )

    @rpc(access.scope("collections:write"))
    def propose_guarantee_call(self, command: dict[str, Any]) -> dict[str, Any]:
        """Propose that a guarantor pays."""
        request = loaded(contract.ProposeCall(), command)
        return guarantees.propose_call(self.database, self.actor, request)

    @rpc(APPROVES)
    def approve_guarantee_call(self, command: dict[str, Any]) -> dict[str, Any]:
        """Have a guarantor pay, as another has proposed."""
        request = loaded(contract.ApproveCall(), command)
        access.require_strong(self.identity, clock.now().timestamp())
        return guarantees.approve_call(
            self.database,
            # The repayment is this service's deed, whoever has approved the call.
            self.asked_for(self.tenant),
            self.holds,
            self.actor,
            self.identity,
            request["call_id"],
        )

    @rpc(APPROVES)
    def reject_guarantee_call(self, command: dict[str, Any]) -> dict[str, Any]:
        """Decide that a guarantor does not pay."""
        request = loaded(contract.RejectCall(), command)
        return self.once(
            request,
            lambda: guarantees.reject_call(
                self.database, self.actor, request["call_id"]
            ),
        )

    @rpc(access.scope("loans:read", "collections:read"))
    def get_guarantee_call(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how far a call has come."""
        request = loaded(contract.CallCommand(), command)
        return guarantees.get_call(self.database, self.tenant, request["call_id"])

    @timer(seconds=60.0)
    def ease_guarantees(self) -> None:
        """Give up what is held beyond what is owed."""
        guarantees.ease_due(self.database)

    @timer(seconds=15.0)
    def finish_guarantees(self) -> None:
        """Carry on what was left on its way."""
        guarantees.finish_releases(self.database, self.holds)
        guarantees.finish_due_calls(self.database, self.asked_for, self.holds)
