"""What is paid of loans, and what is forgiven."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import repayments, waivers
from services.shared import access
from services.shared.contracts.insurance.policies import POLICY_REFUNDED
from services.shared.contracts.loans import repayments as contract
from services.shared.contracts.loans import waivers as waivers_contract
from services.shared.messaging import Event, loaded, on_event, rpc, timer

READS: Final = access.scope("loans:read")
WRITES: Final = access.scope("loans:write")
APPROVES: Final = access.scope("approvals:write")
REPAYS: Final = access.scope("loans:write", "accounts:write")


class RepaymentEntrypoints(Peers):
    """Repayments and waivers."""

    @rpc(access.service("members"))
    def record_repayment(self, command: dict[str, Any]) -> dict[str, Any]:
        """Pay a loan with money that the members service has taken."""
        request = loaded(contract.RecordRepayment(), command)
        return repayments.record(
            self.database, self.asked, self.actor, repayments.Payment(**request)
        )

    @rpc(access.service("members"))
    def get_payable(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell whose a loan is and how much of it can be paid."""
        request = loaded(contract.PayableCommand(), command)
        return repayments.get_payable(self.database, self.tenant, request["loan_id"])

    @rpc(REPAYS)
    def repay_loan(self, command: dict[str, Any]) -> dict[str, Any]:
        """Pay a loan out of savings or by bank."""
        request = loaded(contract.RepayLoan(), command)
        return repayments.repay(self.database, self.asked, self.actor, request)

    @rpc(access.scope("self:write"))
    def repay_my_loan(self, command: dict[str, Any]) -> dict[str, Any]:
        """Pay the own loan out of the own savings."""
        request = loaded(contract.RepayMyLoan(), command)
        return repayments.repay_own(
            self.database,
            self.asked_for(self.tenant),
            self.actor,
            request,
            self.identity,
            self.own_member,
        )

    @rpc(READS)
    def quote_settlement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what pays a loan off today."""
        request = loaded(contract.SettlementCommand(), command)
        return repayments.quote_settlement(
            self.database, self.tenant, request["loan_id"]
        )

    @rpc(access.scope("self:read"))
    def quote_my_settlement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the borrower what pays a loan off today."""
        request = loaded(contract.SettlementCommand(), command)
        return repayments.quote_settlement(
            self.database,
            self.tenant,
            request["loan_id"],
            self.own_member,
        )

    @rpc(READS)
    def list_repayments(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what was paid of a loan."""
        request = loaded(contract.ListRepayments(), command)
        return repayments.list_repayments(self.database, self.tenant, request)

    @rpc(access.scope("self:read"))
    def list_my_repayments(self, command: dict[str, Any]) -> dict[str, Any]:
        """List for the borrower what was paid of a loan."""
        request = loaded(contract.ListRepayments(), command)
        return repayments.list_repayments(
            self.database, self.tenant, request, self.own_member
        )

    @rpc(WRITES)
    def propose_waiver(self, command: dict[str, Any]) -> dict[str, Any]:
        """Propose to forgive penalty."""
        request = loaded(waivers_contract.ProposeWaiver(), command)
        return waivers.propose(self.database, self.actor, request)

    @rpc(APPROVES)
    def approve_waiver(self, command: dict[str, Any]) -> dict[str, Any]:
        """Forgive penalty that another proposed to forgive."""
        request = loaded(waivers_contract.DecideWaiver(), command)
        return waivers.approve(self.database, self.actor, request, self.identity)

    @rpc(APPROVES)
    def reject_waiver(self, command: dict[str, Any]) -> dict[str, Any]:
        """Forgive nothing."""
        request = loaded(waivers_contract.DecideWaiver(), command)
        return waivers.reject(self.database, self.actor, request)

    @rpc(READS)
    def list_waivers(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what was proposed and decided of a loan."""
        request = loaded(waivers_contract.ListWaivers(), command)
        return waivers.list_waivers(self.database, self.tenant, request)

    @on_event("insurance", POLICY_REFUNDED)
    def on_insurance_policy_refunded(self, event: Event) -> None:
        """Give premium back to the borrower who had paid it."""
        repayments.take_refund(self.database, event.event_id, event.payload)

    @timer(seconds=5.0)
    def finish_repayments(self) -> None:
        """Finish repayments that were left on their way."""
        repayments.finish_due(self.database, self.ledger.on_behalf_of)

    @timer(seconds=5.0)
    def finish_settlements(self) -> None:
        """End the cover of loans that were paid off; hand back premium."""
        repayments.finish_endings(self.database, self.insurance.on_behalf_of)
        repayments.finish_refunds(self.database, self.ledger.on_behalf_of)
