"""Interest on savings, and the tax on it."""

from __future__ import annotations

from typing import Any

from services.gateway.http import files
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.members import interest as contract
from services.shared.presentation import pdf

TAG = "Interest"


class InterestRoutes(Peers):
    """Interest on savings, and the tax on it."""

    @route(
        "GET",
        "/v1/interest",
        tag=TAG,
        rule=access.scope("accounts:read"),
        query=contract.ListInterest,
        command=contract.ListInterest,
        answer=contract.InterestPage,
    )
    def list_interest(self, request: Request) -> dict[str, Any]:
        """List the interest that accounts have earned in a month.

        It is posted by the job `interest` for the last day of the month.
        """
        return dict(self.members.list_interest(request.command()))

    @route(
        "GET",
        "/v1/withholdings",
        tag=TAG,
        rule=access.scope("ledger:read"),
        query=contract.ListWithholdings,
        command=contract.ListWithholdings,
        answer=contract.WithholdingPage,
    )
    def list_withholdings(self, request: Request) -> dict[str, Any]:
        """List the withholding slips of a month, also those without tax."""
        return dict(self.members.list_withholdings(request.command()))

    @route(
        "GET",
        "/v1/members/{member_id}/withholdings/{month}",
        tag=TAG,
        rule=access.scope("ledger:read"),
        query=contract.WithholdingQuery,
        command=contract.GetWithholding,
        answer=contract.WithholdingSlip,
        files=(pdf.MEDIA_TYPE,),
    )
    def get_withholding(self, request: Request) -> dict[str, Any] | Answer:
        """Show a member's withholding slip (bukti potong) of a month, or print it."""
        command = request.command()
        result = self.members.get_withholding(command)
        return files.in_form(command.get("format"), result)
