"""The papers of applications for loans."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.http import files
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.operations import RawBody
from services.gateway.http.requests import Request
from services.gateway.routes.documents import uploaded
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import application_documents as contract
from services.shared.contracts.members.documents import DocumentNotRecognised
from services.shared.errors import ServiceError

TAG = "Loan applications"
READ = access.scope("applications:read")
WRITE = access.scope("applications:write")
UPLOAD: Final = RawBody(
    media_types=contract.MEDIA_TYPES, bytes_max=contract.SIZE_BYTES_MAX
)
UPLOAD_ERRORS: Final[tuple[type[ServiceError], ...]] = (
    DocumentNotRecognised,
    contract.TooManyApplicationDocuments,
    loans.ApplicationNotReady,
)


class ApplicationDocumentRoutes(Peers):
    """The papers of applications for loans."""

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/documents",
        tag=TAG,
        rule=WRITE,
        status=201,
        raw_body=UPLOAD,
        query=contract.ApplicationUploadQuery,
        command=contract.UploadDocument,
        answer=contract.ApplicationDocument,
        errors=(*UPLOAD_ERRORS,),
    )
    def upload_application_document(self, request: Request) -> dict[str, Any]:
        """Hand in a document: a JPEG, a PNG or a PDF of at most 5 MiB."""
        return dict(self.loans.upload_application_document(uploaded(request)))

    @route(
        "GET",
        "/v1/loan-applications/{application_id}/documents",
        tag=TAG,
        rule=READ,
        command=loans.ApplicationCommand,
        answer=contract.ApplicationDocuments,
    )
    def list_application_documents(self, request: Request) -> dict[str, Any]:
        """List the documents of an application."""
        return dict(self.loans.list_application_documents(request.command()))

    @route(
        "GET",
        "/v1/loan-application-documents/{document_id}/content",
        tag=TAG,
        rule=READ,
        files=contract.MEDIA_TYPES,
        command=contract.DocumentCommand,
    )
    def get_application_document(self, request: Request) -> Answer:
        """Download a document; who looked is in the audit trail."""
        return files.attached(self.loans.get_application_document(request.command()))
