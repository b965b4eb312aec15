"""Applications for loans, as members handle their own."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.application_documents import UPLOAD, UPLOAD_ERRORS
from services.gateway.routes.documents import uploaded
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import application_documents as papers
from services.shared.contracts.loans import applications as contract
from services.shared.errors import NotFound

TAG = "Own loan applications"
READ = access.scope("self:read")
WRITE = access.scope("self:write")


class MyApplicationRoutes(Peers):
    """Applications for loans, as members handle their own."""

    @route(
        "POST",
        "/v1/me/loan-applications",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.MyApplicationBody,
        command=contract.CreateMyApplication,
        answer=contract.ApplicationDetails,
        errors=(NotFound, contract.ApplicationUnderWay),
    )
    def create_my_application(self, request: Request) -> dict[str, Any]:
        """Write the caller's wish for a loan down, as a draft."""
        return dict(self.loans.create_my_application(request.command()))

    @route(
        "GET",
        "/v1/me/loan-applications",
        tag=TAG,
        rule=READ,
        query=contract.ListMyApplications,
        command=contract.ListMyApplications,
        answer=contract.ApplicationPage,
        errors=(NotFound,),
    )
    def list_my_applications(self, request: Request) -> dict[str, Any]:
        """List the caller's own applications."""
        return dict(self.loans.list_my_applications(request.command()))

    @route(
        "GET",
        "/v1/me/loan-applications/{application_id}",
        tag=TAG,
        rule=READ,
        command=loans.ApplicationCommand,
        answer=contract.ApplicationDetails,
    )
    def get_my_application(self, request: Request) -> dict[str, Any]:
        """Show where the caller's application stands: "Dalam Antrean, Posisi #5"."""
        return dict(self.loans.get_my_application(request.command()))

    @route(
        "PATCH",
        "/v1/me/loan-applications/{application_id}",
        tag=TAG,
        rule=WRITE,
        body=contract.ChangeApplicationBody,
        command=contract.ChangeApplication,
        answer=contract.ApplicationDetails,
        errors=(loans.ApplicationNotReady,),
    )
    def change_my_application(self, request: Request) -> dict[str, Any]:
        """Change the caller's application while it is a draft."""
        return dict(self.loans.change_my_application(request.command()))

    @route(
        "POST",
        "/v1/me/loan-applications/{application_id}/submit",
        tag=TAG,
        rule=WRITE,
        command=contract.SubmitApplication,
        answer=contract.ApplicationDetails,
        errors=(loans.ApplicationNotReady, contract.NotEligible),
    )
    def submit_my_application(self, request: Request) -> dict[str, Any]:
        """Hand the caller's application in: "Ajukan Pinjaman"."""
        return dict(self.loans.submit_my_application(request.command()))

    @route(
        "POST",
        "/v1/me/loan-applications/{application_id}/withdraw",
        tag=TAG,
        rule=WRITE,
        body=contract.WithdrawBody,
        command=contract.WithdrawApplication,
        answer=contract.ApplicationDetails,
        errors=(loans.ApplicationNotReady,),
    )
    def withdraw_my_application(self, request: Request) -> dict[str, Any]:
        """Give the caller's application up."""
        return dict(self.loans.withdraw_my_application(request.command()))

    @route(
        "POST",
        "/v1/me/loan-applications/{application_id}/documents",
        tag=TAG,
        rule=WRITE,
        status=201,
        raw_body=UPLOAD,
        query=papers.ApplicationUploadQuery,
        command=papers.UploadDocument,
        answer=papers.ApplicationDocument,
        errors=(*UPLOAD_ERRORS,),
    )
    def upload_my_application_document(self, request: Request) -> dict[str, Any]:
        """Hand in a document: a JPEG, a PNG or a PDF of at most 5 MiB."""
        return dict(self.loans.upload_my_application_document(uploaded(request)))

    @route(
        "GET",
        "/v1/me/loan-applications/{application_id}/documents",
        tag=TAG,
        rule=READ,
        command=loans.ApplicationCommand,
        answer=papers.ApplicationDocuments,
    )
    def list_my_application_documents(self, request: Request) -> dict[str, Any]:
        """List the documents of the caller's application."""
        return dict(self.loans.list_my_application_documents(request.command()))
