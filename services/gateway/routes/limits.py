"""How applications stand against what may be lent."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import limits as contract
from services.shared.contracts.loans.decisions import OwnLoan
from services.shared.errors import SameProposer, StepUpRequired

TAG = "Loan verification"


class LimitRoutes(Peers):
    """How applications stand against what may be lent."""

    @route(
        "GET",
        "/v1/loan-applications/{application_id}/limits",
        tag=TAG,
        rule=access.scope("applications:read"),
        command=loans.ApplicationCommand,
        answer=contract.Limits,
    )
    def get_limits(self, request: Request) -> dict[str, Any]:
        """Assess an application against what may be lent, as things stand now."""
        return dict(self.loans.get_limits(request.command()))

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/limits/approvals",
        tag=TAG,
        rule=access.scope("approvals:write"),
        status=201,
        body=contract.LimitApprovalBody,
        command=contract.ApproveLimit,
        answer=contract.Limits,
        errors=(
            contract.LimitApproved,
            contract.NothingToApprove,
            OwnLoan,
            SameProposer,
            StepUpRequired,
        ),
    )
    def approve_limit(self, request: Request) -> dict[str, Any]:
        """Give one's word that a warning may be passed over, for good.

        The consent of the pengawas is a document of kind `consent`.
        """
        return dict(self.loans.approve_limit(request.command()))
