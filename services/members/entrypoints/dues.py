"""Simpanan pokok and wajib: what is due and what is in arrears."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints.peers import Peers
from services.members.operations import dues
from services.shared import access, clock
from services.shared.contracts.members import dues as contract
from services.shared.messaging import loaded, rpc, timer

READS_ACCOUNTS: Final = access.scope("accounts:read")
WRITES_ACCOUNTS: Final = access.scope("accounts:write")
APPROVES: Final = access.scope("approvals:write")


class DuesEntrypoints(Peers):
    """Simpanan pokok and wajib: what is due and what is in arrears."""

    @rpc(WRITES_ACCOUNTS)
    def pay_contribution(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take simpanan pokok or wajib from a member."""
        request = loaded(contract.PayContribution(), command)
        return dues.pay_contribution(
            self.database, self.ledger, self.actor, request, self.identity
        )

    @rpc(APPROVES)
    def cancel_contribution(self, command: dict[str, Any]) -> dict[str, Any]:
        """Undo a contribution that was recorded by mistake."""
        request = loaded(contract.CancelContribution(), command)
        access.require_strong(self.identity, clock.now().timestamp())
        return dues.cancel_contribution(
            self.database, self.ledger, self.actor, request, self.identity
        )

    @rpc(READS_ACCOUNTS)
    def list_contributions(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what a member has contributed."""
        request = loaded(contract.ListContributions(), command)
        return dues.list_contributions(self.database, self.tenant, request)

    @rpc(READS_ACCOUNTS)
    def get_dues(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what a member owes and has paid."""
        request = loaded(contract.GetDues(), command)
        return dues.get_dues(self.database, self.ledger, self.tenant, request)

    @rpc(READS_ACCOUNTS)
    def list_arrears(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the members who are in arrears."""
        request = loaded(contract.ListArrears(), command)
        return dues.list_arrears(self.database, self.tenant, request)

    @timer(seconds=5.0)
    def sweep_contributions(self) -> None:
        """Carry on with contributions that were left behind."""
        dues.sweep(self.database, self.ledger.on_behalf_of)
