"""What too much NPF obliges the cooperative to."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.loans import obligations as contract
from services.shared.errors import NotFound

TAG = "Loan portfolio"


class ObligationRoutes(Peers):
    """What too much NPF obliges the cooperative to."""

    @route(
        "GET",
        "/v1/loan-portfolio/obligations",
        tag=TAG,
        rule=access.scope("loans:read"),
        query=contract.ListNpfObligations,
        command=contract.ListNpfObligations,
        answer=contract.NpfObligationPage,
    )
    def list_npf_obligations(self, request: Request) -> dict[str, Any]:
        """List what NPF above the cooperative's bound at a month's end asks for."""
        return dict(self.loans.list_npf_obligations(request.command()))

    @route(
        "POST",
        "/v1/loan-portfolio/obligations/{day}/close",
        tag=TAG,
        rule=access.scope("approvals:write", "loans:write"),
        body=contract.CloseNpfObligationBody,
        command=contract.CloseNpfObligation,
        answer=contract.NpfObligation,
        errors=(NotFound, contract.ObligationClosed),
    )
    def close_npf_obligation(self, request: Request) -> dict[str, Any]:
        """Say what was done about it, and where audit and plan are kept."""
        return dict(self.loans.close_npf_obligation(request.command()))
