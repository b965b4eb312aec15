"""Claims on the cover of loans."""

from __future__ import annotations

import base64
from typing import Any, Final

from services.gateway.http import files
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.operations import RawBody
from services.gateway.http.requests import Request
from services.gateway.routes.documents import UPLOAD, uploaded
from services.gateway.routes.oauth import TokenRate
from services.gateway.routes.payments import (
    CALLBACK_BYTES_MAX,
    SIGNATURE_CHARACTERS_MAX,
)
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.insurance import claims as contract
from services.shared.contracts.members.documents import (
    MEDIA_TYPES,
    DocumentNotRecognised,
)
from services.shared.errors import NotFound

TAG: Final = "Insurance claims"
READ = access.scope("insurance:read")
WRITE = access.scope("insurance:write")


class InsuranceClaimRoutes(Peers):
    """Claims on the cover of loans."""

    insurer_callback_rate = TokenRate()

    @route(
        "POST",
        "/v1/insurance/claims",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.ClaimBody,
        command=contract.OpenClaim,
        answer=contract.Claim,
        errors=(
            NotFound,
            contract.PolicyNotClaimable,
            contract.CauseNotCovered,
            contract.ClaimTooEarly,
            contract.ClaimTooLate,
            contract.ClaimTooLarge,
            contract.AnotherClaimOpen,
        ),
    )
    def open_claim(self, request: Request) -> dict[str, Any]:
        """Open a claim on the policy of a loan, or correct the facts of its draft."""
        return dict(self.insurance.open_claim(request.command()))

    @route(
        "GET",
        "/v1/insurance/claims",
        tag=TAG,
        rule=READ,
        query=contract.ListClaims,
        command=contract.ListClaims,
        answer=contract.ClaimPage,
    )
    def list_claims(self, request: Request) -> dict[str, Any]:
        """List claims: all, or those on one policy."""
        return dict(self.insurance.list_claims(request.command()))

    @route(
        "GET",
        "/v1/insurance/claims/{claim_id}",
        tag=TAG,
        rule=READ,
        command=contract.ClaimCommand,
        answer=contract.Claim,
    )
    def get_claim(self, request: Request) -> dict[str, Any]:
        """Show a claim, its papers, and which of them are missing."""
        return dict(self.insurance.get_claim(request.command()))

    @route(
        "POST",
        "/v1/insurance/claims/{claim_id}/documents",
        tag=TAG,
        rule=WRITE,
        status=201,
        raw_body=UPLOAD,
        query=contract.ClaimUploadQuery,
        command=contract.UploadClaimDocument,
        answer=contract.ClaimDocument,
        errors=(
            DocumentNotRecognised,
            contract.TooManyClaimDocuments,
            contract.ClaimNotOpen,
        ),
    )
    def upload_claim_document(self, request: Request) -> dict[str, Any]:
        """Hand in a document of a claim: a JPEG, a PNG or a PDF of at most 5 MiB."""
        return dict(self.insurance.upload_claim_document(uploaded(request)))

    @route(
        "GET",
        "/v1/insurance/claims/{claim_id}/documents/{document_id}",
        tag=TAG,
        rule=READ,
        files=MEDIA_TYPES,
        command=contract.ClaimDocumentCommand,
    )
    def get_claim_document(self, request: Request) -> Answer:
        """Download a document of a claim; who looked is in the audit trail."""
        return files.attached(self.insurance.get_claim_document(request.command()))

    @route(
        "POST",
        "/v1/insurance/claims/{claim_id}/submit",
        tag=TAG,
        rule=WRITE,
        command=contract.ChangeClaim,
        answer=contract.Claim,
        errors=(
            contract.ClaimIncomplete,
            contract.ClaimTooLate,
            contract.ClaimNotOpen,
        ),
    )
    def submit_claim(self, request: Request) -> dict[str, Any]:
        """Submit a claim to the insurer, with all its documents.

        While the insurer is away it stays `submitting`, and is sent as soon as it is
        back.
        """
        return dict(self.insurance.submit_claim(request.command()))

    @route(
        "POST",
        "/v1/insurance/claims/{claim_id}/withdraw",
        tag=TAG,
        rule=WRITE,
        command=contract.ChangeClaim,
        answer=contract.Claim,
        errors=(contract.ClaimNotOpen,),
    )
    def withdraw_claim(self, request: Request) -> dict[str, Any]:
        """Take back a claim that is not decided yet."""
        return dict(self.insurance.withdraw_claim(request.command()))

    @route(
        "POST",
        "/v1/callbacks/insurer",
        tag=TAG,
        rule=access.anyone,
        raw_body=RawBody(
            media_types=("application/json",), bytes_max=CALLBACK_BYTES_MAX
        ),
        answer=contract.InsurerCallbackTaken,
        key=Idempotency.NONE,
    )
    def record_insurer_callback(self, request: Request) -> dict[str, Any]:
        """Take what an insurer calls back.

        It makes the hub ask the insurer; by itself it moves no money. Every callback
        is answered the same.
        """
        self.insurer_callback_rate.check_rate(f"{request.address} insurer callback")
        signature = request.headers.get("x-signature")
        return dict(
            self.insurance.record_insurer_callback(
                {
                    "body": base64.b64encode(request.body).decode(),
                    "signature": signature and signature[:SIGNATURE_CHARACTERS_MAX],
                }
            )
        )
