"""Documents of members."""

from __future__ import annotations

import base64
from typing import Any, Final

from services.gateway.http import files
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.operations import RawBody
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.members import documents as contract
from services.shared.contracts.members.membership import MemberHasLeft
from services.shared.errors import NotFound, SameProposer, ServiceError

TAG = "Documents"
READ = access.scope("documents:read")
WRITE = access.scope("documents:write")
UPLOAD: Final = RawBody(
    media_types=contract.MEDIA_TYPES, bytes_max=contract.SIZE_BYTES_MAX
)
UPLOAD_ERRORS: Final[tuple[type[ServiceError], ...]] = (
    contract.DocumentNotRecognised,
    contract.TooManyDocuments,
    MemberHasLeft,
)


def uploaded(request: Request) -> dict[str, Any]:
    """The command of a file that came as the bytes it is."""
    given = request.headers.get("content-type", "").partition(";")[0]
    return request.command(
        media_type=given.strip().lower(),
        content=base64.b64encode(request.body).decode("ascii"),
    )


class DocumentRoutes(Peers):
    """Documents of members."""

    @route(
        "POST",
        "/v1/members/{member_id}/documents",
        tag=TAG,
        rule=WRITE,
        status=201,
        raw_body=UPLOAD,
        query=contract.UploadQuery,
        command=contract.UploadDocument,
        answer=contract.Document,
        errors=UPLOAD_ERRORS,
    )
    def upload_document(self, request: Request) -> dict[str, Any]:
        """Hand in a document of a member: a JPEG, a PNG or a PDF of at most 5 MiB."""
        return dict(self.members.upload_document(uploaded(request)))

    @route(
        "GET",
        "/v1/documents",
        tag=TAG,
        rule=READ,
        query=contract.ListDocuments,
        command=contract.ListDocuments,
        answer=contract.DocumentPage,
        errors=(NotFound,),
    )
    def list_documents(self, request: Request) -> dict[str, Any]:
        """List documents, all or those of one member, oldest first."""
        return dict(self.members.list_documents(request.command()))

    @route(
        "GET",
        "/v1/documents/{document_id}",
        tag=TAG,
        rule=READ,
        command=contract.DocumentCommand,
        answer=contract.Document,
    )
    def get_document(self, request: Request) -> dict[str, Any]:
        """Show what is known of a document."""
        return dict(self.members.get_document(request.command()))

    @route(
        "GET",
        "/v1/documents/{document_id}/content",
        tag=TAG,
        rule=READ,
        files=contract.MEDIA_TYPES,
        command=contract.DocumentCommand,
    )
    def get_document_content(self, request: Request) -> Answer:
        """Download a document; who looked is in the audit trail."""
        return files.attached(self.members.get_document_content(request.command()))

    @route(
        "POST",
        "/v1/documents/{document_id}/accept",
        tag=TAG,
        rule=WRITE,
        command=contract.AcceptDocument,
        answer=contract.Document,
        errors=(contract.DocumentReviewed, SameProposer),
    )
    def accept_document(self, request: Request) -> dict[str, Any]:
        """Accept a document.

        A proof of payment is accepted by another person than the one who handed it in.
        """
        return dict(self.members.accept_document(request.command()))

    @route(
        "POST",
        "/v1/documents/{document_id}/reject",
        tag=TAG,
        rule=WRITE,
        body=contract.RejectionBody,
        command=contract.RejectDocument,
        answer=contract.Document,
        errors=(contract.DocumentReviewed,),
    )
    def reject_document(self, request: Request) -> dict[str, Any]:
        """Say that a document has to be handed in again, and why."""
        return dict(self.members.reject_document(request.command()))
