"""What lending moves week by week or month by month."""

from __future__ import annotations

from typing import Any

from services.loans.entrypoints.peers import Peers
from services.loans.operations import cash_flow
from services.shared import access
from services.shared.contracts.loans import cash_flow as contract
from services.shared.messaging import loaded, rpc


class CashFlowEntrypoints(Peers):
    """What lending moves week by week or month by month."""

    @rpc(access.scope("loans:read"))
    def get_loan_cash_flow(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what lending moves, and what is expected to come in."""
        request = loaded(contract.CashFlowQuery(), command)
        return cash_flow.get_cash_flow(self.database, self.tenant, request)
