"""How arrears are judged, and how a loan stood."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.loans import arrears as contract
from services.shared.contracts.paging import Page
from services.shared.errors import NotFound

TAG = "Arrears"
READ = access.scope("loans:read")


class ArrearsRoutes(Peers):
    """How arrears are judged, and how a loan stood."""

    @route(
        "GET",
        "/v1/arrears-settings",
        tag=TAG,
        rule=READ,
        answer=contract.ArrearsSettings,
    )
    def get_arrears_settings(self, request: Request) -> dict[str, Any]:
        """Show by which classes, stages, provisions and bounds arrears are judged."""
        del request
        return dict(self.loans.get_arrears_settings({}))

    @route(
        "PUT",
        "/v1/arrears-settings",
        tag=TAG,
        rule=access.scope("cooperative:write"),
        body=contract.ArrearsSettingsBody,
        answer=contract.ArrearsSettings,
    )
    def put_arrears_settings(self, request: Request) -> dict[str, Any]:
        """Set classes, stages, provisions and bounds, from the next look on.

        A class is never derived from a stage: the one is reported and provided for,
        the other says what is done next.
        """
        return dict(self.loans.put_arrears_settings(request.json))

    @route(
        "GET",
        "/v1/loans/{loan_id}/history",
        tag=TAG,
        rule=READ,
        query=Page,
        command=contract.GetLoanHistory,
        answer=contract.LoanHistory,
        errors=(NotFound,),
    )
    def get_loan_history(self, request: Request) -> dict[str, Any]:
        """Show how a loan's class and stage changed, the latest first."""
        return dict(self.loans.get_loan_history(request.command()))
