"""Paying loans out."""

from __future__ import annotations

from typing import Any

from services.loans.entrypoints.peers import Peers
from services.loans.operations import disbursements
from services.shared import access, clock
from services.shared.contracts.loans import disbursements as contract
from services.shared.messaging import loaded, rpc, timer


class DisbursementEntrypoints(Peers):
    """Paying loans out."""

    @rpc(access.scope("disbursements:write"))
    def disburse(self, command: dict[str, Any]) -> dict[str, Any]:
        """Pay a signed loan out to the member's savings."""
        request = loaded(contract.Disburse(), command)
        access.require_strong(self.identity, clock.now().timestamp())
        return disbursements.disburse(
            self.database, self.asked, self.holds, self.actor, self.identity, request
        )

    @rpc(access.scope("disbursements:read"))
    def list_disbursements(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what was paid out, and what was tried."""
        request = loaded(contract.ListDisbursements(), command)
        return disbursements.list_disbursements(self.database, self.tenant, request)

    @rpc(access.scope("loans:read", "disbursements:read"))
    def get_loan_disbursement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show how a loan was paid out, or print the proof."""
        request = loaded(contract.GetProof(), command)
        return disbursements.get_loan_disbursement(self.database, self.tenant, request)

    @timer(seconds=2.0)
    def finish_disbursements(self) -> None:
        """Carry on what was left on its way."""
        disbursements.finish_due(self.database, self.asked_for, self.holds_for)
