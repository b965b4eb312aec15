"""What a member sees and does for itself."""

from __future__ import annotations

from typing import Any

from services.gateway.http import files
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.documents import UPLOAD, UPLOAD_ERRORS, uploaded
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import members as contract
from services.shared.contracts.members import documents as documents_contract
from services.shared.contracts.members import dues as dues_contract
from services.shared.contracts.members import forms as forms_contract
from services.shared.contracts.members import me as me_contract
from services.shared.contracts.members import membership as membership_contract
from services.shared.contracts.members import verification as verification_contract
from services.shared.errors import NotFound

TAG = "Own membership"
READ = access.scope("self:read")
WRITE = access.scope("self:write")


class MeRoutes(Peers):
    """What a member sees and does for itself."""

    @route(
        "GET",
        "/v1/me",
        tag=TAG,
        rule=READ,
        answer=contract.MemberDetails,
        errors=(NotFound,),
    )
    def get_me(self, request: Request) -> dict[str, Any]:
        """Show what the cooperative keeps about the caller."""
        return dict(self.members.get_me(request.command()))

    @route(
        "PATCH",
        "/v1/me",
        tag=TAG,
        rule=WRITE,
        body=me_contract.MyChanges,
        command=me_contract.MyChanges,
        answer=contract.MemberDetails,
        errors=(
            NotFound,
            membership_contract.InvalidPhone,
            membership_contract.MemberHasLeft,
            forms_contract.FormNotFilledIn,
        ),
    )
    def change_me(self, request: Request) -> dict[str, Any]:
        """Change where the caller can be reached; what is new has to be verified."""
        return dict(self.members.change_me(request.command()))

    @route(
        "GET",
        "/v1/me/accounts",
        tag=TAG,
        rule=READ,
        query=contract.Page,
        command=contract.Page,
        answer=contract.AccountPage,
        errors=(NotFound,),
    )
    def list_my_accounts(self, request: Request) -> dict[str, Any]:
        """List the caller's savings accounts with their balances."""
        return dict(self.members.list_my_accounts(request.command()))

    @route(
        "GET",
        "/v1/me/accounts/{number}/statement",
        tag=TAG,
        rule=READ,
        query=ledger_contract.StatementQuery,
        command=me_contract.GetMyStatement,
        answer=ledger_contract.Statement,
    )
    def get_my_statement(self, request: Request) -> dict[str, Any]:
        """Show what happened on an account of the caller's own."""
        return dict(self.members.get_my_statement(request.command()))

    @route(
        "GET",
        "/v1/me/contributions",
        tag=TAG,
        rule=READ,
        query=contract.Page,
        command=contract.Page,
        answer=dues_contract.ContributionPage,
        errors=(NotFound,),
    )
    def list_my_contributions(self, request: Request) -> dict[str, Any]:
        """List what the caller has contributed, in the order it was paid."""
        return dict(self.members.list_my_contributions(request.command()))

    @route(
        "GET",
        "/v1/me/dues",
        tag=TAG,
        rule=READ,
        query=contract.Page,
        command=contract.Page,
        answer=dues_contract.MemberDues,
        errors=(NotFound,),
    )
    def get_my_dues(self, request: Request) -> dict[str, Any]:
        """Show what the caller owes and has paid, month by month."""
        return dict(self.members.get_my_dues(request.command()))

    @route(
        "GET",
        "/v1/me/documents",
        tag=TAG,
        rule=READ,
        query=contract.Page,
        command=contract.Page,
        answer=documents_contract.DocumentPage,
        errors=(NotFound,),
    )
    def list_my_documents(self, request: Request) -> dict[str, Any]:
        """List the documents that the caller has handed in."""
        return dict(self.members.list_my_documents(request.command()))

    @route(
        "POST",
        "/v1/me/documents",
        tag=TAG,
        rule=WRITE,
        status=201,
        raw_body=UPLOAD,
        query=documents_contract.UploadQuery,
        command=me_contract.UploadMyDocument,
        answer=documents_contract.Document,
        errors=(NotFound, *UPLOAD_ERRORS),
    )
    def upload_my_document(self, request: Request) -> dict[str, Any]:
        """Hand in a document: a JPEG, a PNG or a PDF of at most 5 MiB."""
        return dict(self.members.upload_my_document(uploaded(request)))

    @route(
        "GET",
        "/v1/me/documents/{document_id}/content",
        tag=TAG,
        rule=READ,
        files=documents_contract.MEDIA_TYPES,
        command=documents_contract.DocumentCommand,
    )
    def get_my_document_content(self, request: Request) -> Answer:
        """Download a document of the caller's own."""
        return files.attached(self.members.get_my_document_content(request.command()))

    @route(
        "POST",
        "/v1/me/verifications",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=verification_contract.CodeBody,
        command=me_contract.SendMyCode,
        answer=verification_contract.CodeSent,
        errors=(
            NotFound,
            membership_contract.MemberHasLeft,
            verification_contract.NothingToVerify,
            verification_contract.TooManyCodes,
        ),
    )
    def send_my_verification_code(self, request: Request) -> dict[str, Any]:
        """Have a code sent to the caller's phone or e-mail address."""
        return dict(self.members.send_my_verification_code(request.command()))

    @route(
        "POST",
        "/v1/me/verifications/confirm",
        tag=TAG,
        rule=WRITE,
        body=verification_contract.ConfirmBody,
        command=verification_contract.ConfirmBody,
        answer=verification_contract.Verified,
        key=Idempotency.NONE,
        errors=(NotFound, verification_contract.WrongCode),
    )
    def confirm_my_verification_code(self, request: Request) -> dict[str, Any]:
        """Enter the code that came; five guesses, then a new one is needed."""
        return dict(self.members.confirm_my_verification_code(request.command()))
