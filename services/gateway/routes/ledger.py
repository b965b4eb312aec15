"""The books as a whole: trial balance, closed days, integrity."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import ledger as contract

TAG = "Ledger"
READ = access.any_of(access.operator, access.scope("ledger:read"))
WRITE = access.any_of(access.operator, access.scope("ledger:write"))


class LedgerRoutes(Peers):
    """The caller's own book; the operator's is the hub's."""

    @route(
        "GET",
        "/v1/ledger/trial-balance",
        tag=TAG,
        rule=READ,
        query=contract.TrialBalanceQuery,
        command=contract.GetTrialBalance,
        answer=contract.TrialBalance,
        errors=(contract.BookNotOpen,),
    )
    def get_trial_balance(self, request: Request) -> dict[str, Any]:
        """Show the trial balance as of a moment, by default now.

        The answer for a past moment never changes.
        """
        return dict(self.ledger.get_trial_balance(request.command()))

    @route(
        "GET",
        "/v1/ledger/periods",
        tag=TAG,
        rule=READ,
        answer=contract.Period,
        errors=(contract.BookNotOpen,),
    )
    def get_period(self, _request: Request) -> dict[str, Any]:
        """Show through which business day the book is closed."""
        return dict(self.ledger.get_period({}))

    @route(
        "POST",
        "/v1/ledger/periods/close",
        tag=TAG,
        rule=WRITE,
        body=contract.ClosePeriodBody,
        command=contract.ClosePeriod,
        answer=contract.Period,
        errors=(contract.PeriodNotOver, contract.BookNotOpen),
    )
    def close_period(self, request: Request) -> dict[str, Any]:
        """Close the business days through a date before today."""
        return dict(self.ledger.close_period(request.command()))

    @route(
        "GET",
        "/v1/ledger/integrity",
        tag=TAG,
        rule=access.operator,
        answer=contract.Integrity,
    )
    def get_integrity(self, _request: Request) -> dict[str, Any]:
        """Show whether the books balance and how far the hash chain is verified."""
        return dict(self.ledger.get_integrity({}))
