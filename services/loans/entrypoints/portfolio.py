"""How the loans of a cooperative do together."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import portfolio
from services.shared import access
from services.shared.contracts.loans import portfolio as contract
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("loans:read")


class PortfolioEntrypoints(Peers):
    """How the loans of a cooperative do together."""

    @rpc(READS)
    def get_loan_ageing(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how old the arrears are."""
        request = loaded(contract.PortfolioQuery(), command)
        return portfolio.get_ageing(self.database, self.tenant, request)

    @rpc(READS)
    def get_loan_ratios(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell NPF, coverage, LDR and ROA."""
        request = loaded(contract.PortfolioQuery(), command)
        return portfolio.get_ratios(self.database, self.ledger, self.tenant, request)

    @rpc(READS)
    def get_loan_trend(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how the portfolio stood month by month."""
        request = loaded(contract.TrendQuery(), command)
        return portfolio.get_trend(self.database, self.tenant, request)

    @rpc(READS)
    def get_loan_breakdown(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell by what the portfolio divides."""
        request = loaded(contract.BreakdownQuery(), command)
        return portfolio.get_breakdown(self.database, self.tenant, request)

    @rpc(READS)
    def list_early_warnings(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the loans to watch."""
        request = loaded(contract.ListEarlyWarnings(), command)
        return portfolio.list_early_warnings(
            self.database, self.ledger, self.tenant, request
        )
