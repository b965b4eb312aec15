"""What is done with claims."""

from services.insurance.operations.claims.deciding import (
    carry_on,
    record_callback,
    sweep,
)
from services.insurance.operations.claims.opening import (
    open_claim,
    open_for_deceased,
    remind,
)
from services.insurance.operations.claims.papers import get_document, upload_document
from services.insurance.operations.claims.submitting import submit_claim, withdraw_claim
from services.insurance.operations.claims.views import get_claim, list_claims

__all__ = [
    "carry_on",
    "get_claim",
    "get_document",
    "list_claims",
    "open_claim",
    "open_for_deceased",
    "record_callback",
    "remind",
    "submit_claim",
    "sweep",
    "upload_document",
    "withdraw_claim",
]
