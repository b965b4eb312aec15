"""How a cooperative leaves the hub."""

from __future__ import annotations

import base64
from typing import Any

from services.gateway.http import files, problems
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.pages import forms
from services.gateway.routes import pages
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import files as files_contract
from services.shared.contracts.insurance import InsuranceUnavailable
from services.shared.contracts.ledger import BookNotOpen
from services.shared.contracts.members import CooperativeNotActive
from services.shared.contracts.members import closing as contract
from services.shared.errors import ServiceError, StepUpRequired
from services.shared.presentation import pdf

TAG = "Leaving"
READ = access.scope("cooperative:read")
WRITE = access.scope("cooperative:write")
LOOK = access.any_of(access.operator, READ)
ZIP = "application/zip"
EXPORT_BYTES_MAX = 512 * 1024 * 1024
"""More than this a gateway does not put together in its memory."""


TOKEN_LENGTH_MAX = 200

BOOKS = pages.Page(
    path="/buku-koperasi",
    title="Pembukuan koperasi",
    text="Tekan tombol untuk mengunduh pembukuan dan data anggota koperasi Anda. "
    "Simpan berkasnya di tempat yang aman.",
    button="UNDUH",
    done="",
    asks_password=False,
)


class ClosingRoutes(Peers):
    """How a cooperative leaves the hub."""

    @route(
        "GET",
        "/v1/cooperatives/me/closing-blockers",
        tag=TAG,
        rule=READ,
        answer=contract.Blockers,
        errors=(InsuranceUnavailable, BookNotOpen),
    )
    def get_closing_blockers(self, _request: Request) -> dict[str, Any]:
        """Show what stands against closing the caller's cooperative."""
        return dict(self.members.get_closing_blockers({}))

    @route(
        "POST",
        "/v1/closings",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.ClosingBody,
        command=contract.RequestClosing,
        answer=contract.Closing,
        errors=(
            contract.ClosingBlocked,
            contract.ClosingUnderWay,
            CooperativeNotActive,
            InsuranceUnavailable,
            BookNotOpen,
            StepUpRequired,
        ),
    )
    def request_closing(self, request: Request) -> dict[str, Any]:
        """Ask to leave the hub; refused with the list of what stands against it."""
        return dict(self.members.request_closing(request.command()))

    @route(
        "GET",
        "/v1/closings",
        tag=TAG,
        rule=LOOK,
        query=contract.ListClosings,
        command=contract.ListClosings,
        answer=contract.ClosingPage,
    )
    def list_closings(self, request: Request) -> dict[str, Any]:
        """List closings, oldest first; a cooperative sees its own."""
        return dict(self.members.list_closings(request.command()))

    @route(
        "GET",
        "/v1/closings/{closing_id}",
        tag=TAG,
        rule=LOOK,
        command=contract.ClosingCommand,
        answer=contract.Closing,
    )
    def get_closing(self, request: Request) -> dict[str, Any]:
        """Show how a closing stands, and how many working days are left for it."""
        return dict(self.members.get_closing(request.command()))

    @route(
        "POST",
        "/v1/closings/{closing_id}/withdraw",
        tag=TAG,
        rule=WRITE,
        command=contract.ClosingChange,
        answer=contract.Closing,
        errors=(contract.ClosingNotOpen,),
    )
    def withdraw_closing(self, request: Request) -> dict[str, Any]:
        """Stay after all; possible until the closing is approved."""
        return dict(self.members.withdraw_closing(request.command()))

    @route(
        "POST",
        "/v1/closings/{closing_id}/verify",
        tag=TAG,
        rule=access.operator,
        command=contract.ClosingChange,
        answer=contract.Closing,
        errors=(
            contract.ClosingBlocked,
            contract.ClosingNotOpen,
            InsuranceUnavailable,
        ),
    )
    def verify_closing(self, request: Request) -> dict[str, Any]:
        """Check that nothing stands against a closing, and make its document."""
        return dict(self.members.verify_closing(request.command()))

    @route(
        "GET",
        "/v1/closings/{closing_id}/document",
        tag=TAG,
        rule=LOOK,
        query=contract.DocumentQuery,
        command=contract.GetDocument,
        answer=contract.VerificationDocument,
        files=(pdf.MEDIA_TYPE,),
        errors=(contract.DocumentMissing,),
    )
    def get_closing_document(self, request: Request) -> dict[str, Any] | Answer:
        """Show the verification document, as JSON or as PDF."""
        result = self.members.get_closing_document(request.command())
        wanted = request.query.get("format", files_contract.JSON)
        return files.in_form(wanted, result)

    @route(
        "POST",
        "/v1/closings/{closing_id}/approve",
        tag=TAG,
        rule=access.operator,
        body=contract.ApproveBody,
        command=contract.ApproveClosing,
        answer=contract.Closing,
        errors=(
            contract.ClosingBlocked,
            contract.ClosingNotOpen,
            contract.DocumentOutdated,
            InsuranceUnavailable,
        ),
    )
    def approve_closing(self, request: Request) -> dict[str, Any]:
        """Approve a closing on its verification document; it goes on by itself."""
        return dict(self.members.approve_closing(request.command()))

    @route(
        "POST",
        "/v1/closings/{closing_id}/reject",
        tag=TAG,
        rule=access.operator,
        body=contract.RejectClosingBody,
        command=contract.RejectClosing,
        answer=contract.Closing,
        errors=(contract.ClosingNotOpen,),
    )
    def reject_closing(self, request: Request) -> dict[str, Any]:
        """Reject a closing, also an approved one of which nothing was done yet."""
        return dict(self.members.reject_closing(request.command()))

    @route(
        "POST",
        "/v1/closings/export",
        tag=TAG,
        rule=access.anyone,
        body=contract.ExportBody,
        command=contract.GetExport,
        files=(ZIP,),
        key=Idempotency.NONE,
        errors=(contract.InvalidExportLink,),
    )
    def get_closing_export(self, request: Request) -> Answer:
        """Fetch the exported books with the token of the link that was mailed."""
        return files.attached(self._whole_export(request.command()))

    @forms.shown(BOOKS.path, query=pages.LinkQuery)
    def show_books(self, request: Request) -> Answer:
        """The page behind the link to the exported books."""
        return BOOKS.form(200, request.query.get("token", ""))

    @forms.submitted(BOOKS.path)
    def download_books(self, request: Request) -> Answer:
        """The button of that page."""
        token = forms.read(request.body).get("token", "")[:TOKEN_LENGTH_MAX]
        try:
            return files.attached(self._whole_export({"token": token or "-"}))
        except ServiceError as refusal:
            status = problems.status_of(type(refusal))
            return BOOKS.form(status, token, forms.faults_of(refusal, {}))

    def _whole_export(self, command: dict[str, Any]) -> dict[str, Any]:
        """All parts of the archive as one file."""
        whole, name = bytearray(), ""
        part: int | None = 0
        while part is not None and len(whole) <= EXPORT_BYTES_MAX:
            answer = self.members.get_closing_export(command | {"part": part})
            whole += base64.b64decode(answer["content"])
            part, name = answer["next_part"], answer["name"]
        return files_contract.file_of(name, ZIP, bytes(whole))
