"""Applications for loans, as the staff handles them."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import applications as contract
from services.shared.errors import NotFound

TAG = "Loan applications"
READ = access.scope("applications:read", "loans:read")
WRITE = access.scope("applications:write")


class ApplicationRoutes(Peers):
    """Applications for loans, as the staff handles them."""

    @route(
        "POST",
        "/v1/loan-applications",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.LoanApplicationBody,
        command=contract.CreateApplication,
        answer=contract.ApplicationDetails,
        errors=(NotFound, contract.ApplicationUnderWay),
    )
    def create_application(self, request: Request) -> dict[str, Any]:
        """Write a member's wish for a loan down, as a draft."""
        return dict(self.loans.create_application(request.command()))

    @route(
        "GET",
        "/v1/loan-applications",
        tag=TAG,
        rule=READ,
        query=contract.ListApplications,
        command=contract.ListApplications,
        answer=contract.ApplicationPage,
    )
    def list_applications(self, request: Request) -> dict[str, Any]:
        """List applications, oldest first."""
        return dict(self.loans.list_applications(request.command()))

    @route(
        "GET",
        "/v1/loan-applications/{application_id}",
        tag=TAG,
        rule=READ,
        command=loans.ApplicationCommand,
        answer=contract.ApplicationDetails,
    )
    def get_application(self, request: Request) -> dict[str, Any]:
        """Show an application, with its form and where it stands."""
        return dict(self.loans.get_application(request.command()))

    @route(
        "PATCH",
        "/v1/loan-applications/{application_id}",
        tag=TAG,
        rule=WRITE,
        body=contract.ChangeApplicationBody,
        command=contract.ChangeApplication,
        answer=contract.ApplicationDetails,
        errors=(loans.ApplicationNotReady,),
    )
    def change_application(self, request: Request) -> dict[str, Any]:
        """Change an application while it is a draft."""
        return dict(self.loans.change_application(request.command()))

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/submit",
        tag=TAG,
        rule=WRITE,
        command=contract.SubmitApplication,
        answer=contract.ApplicationDetails,
        errors=(loans.ApplicationNotReady, contract.NotEligible),
    )
    def submit_application(self, request: Request) -> dict[str, Any]:
        """Hand an application in: "Ajukan Pinjaman".

        Every reason why it cannot be taken is in `errors`. Its moment counts for the
        queue.
        """
        return dict(self.loans.submit_application(request.command()))

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/withdraw",
        tag=TAG,
        rule=WRITE,
        body=contract.WithdrawBody,
        command=contract.WithdrawApplication,
        answer=contract.ApplicationDetails,
        errors=(loans.ApplicationNotReady,),
    )
    def withdraw_application(self, request: Request) -> dict[str, Any]:
        """Give an application up."""
        return dict(self.loans.withdraw_application(request.command()))
