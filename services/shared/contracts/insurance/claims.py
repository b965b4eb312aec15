"""Claims: what a policy is asked to pay, with its papers and its deadline (R47, R49).

| entrypoint | rule | command | result |
|---|---|---|---|
| `open_claim` | insurance:write, service loans | `OpenClaim` | `Claim` |
| `upload_claim_document` | insurance:write | `UploadClaimDocument` | `ClaimDocument` |
| `get_claim_document` | insurance:read | `ClaimDocumentCommand` | `File` |
| `submit_claim` | insurance:write | `ChangeClaim` | `Claim` |
| `withdraw_claim` | insurance:write | `ChangeClaim` | `Claim` |
| `get_claim` | insurance:read, service loans | `ClaimCommand` | `Claim` |
| `list_claims` | insurance:read, service loans | `ListClaims` | `ClaimPage` |
| `record_insurer_callback` | anyone | its command | `InsurerCallbackTaken` |

A claim is a `draft` until it is submitted, with the insurer as `submitting`,
`submitted`, `in_review` and `approved`, `disputed` while the insurer says what cannot
be, and ends as `paid`, `rejected`, `withdrawn` or, not submitted in time, `lapsed`.
Amounts are whole rupiah. This service moves no claim money: who listens to `claim_paid`
posts it.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import AmountField, UtcField, text
from services.shared.contracts.insurance import CAUSES
from services.shared.contracts.insurance.insurers import DOCUMENT_KINDS
from services.shared.contracts.insurance.policies import NamedPolicy
from services.shared.contracts.members import Command, Page, identifier
from services.shared.contracts.members.documents import MEDIA_TYPES, SIZE_BYTES_MAX
from services.shared.errors import ConflictError, RefusedError

STATUSES: Final = (
    "draft",
    "submitting",
    "submitted",
    "in_review",
    "approved",
    "disputed",
    "withdrawing",
    "paid",
    "rejected",
    "withdrawn",
    "lapsed",
)
_BASE64_MAX: Final = -(-SIZE_BYTES_MAX // 3) * 4

# Events.
CLAIM_OPENED: Final = "claim_opened"  # ClaimEvent
CLAIM_DEADLINE_NEAR: Final = "claim_deadline_near"  # ClaimDeadlineNear
CLAIM_LAPSED: Final = "claim_lapsed"  # ClaimEvent
CLAIM_REJECTED: Final = "claim_rejected"  # ClaimEvent
CLAIM_DISPUTED: Final = "claim_disputed"  # ClaimEvent
CLAIM_PAID: Final = "claim_paid"  # ClaimPaid


class PolicyNotClaimable(RefusedError):
    """The policy did not cover the loan on that day."""

    code = "policy_not_claimable"


class CauseNotCovered(RefusedError):
    """The policy does not cover this cause."""

    code = "cause_not_covered"


class ClaimTooEarly(RefusedError):
    """The loan is not in default for long enough."""

    code = "claim_too_early"


class ClaimTooLate(RefusedError):
    """The deadline for a claim on this has passed."""

    code = "claim_too_late"


class ClaimTooLarge(RefusedError):
    """More principal is claimed than the policy covers."""

    code = "claim_too_large"


class AnotherClaimOpen(ConflictError):
    """Another claim on this policy is open, or it was paid already."""

    code = "another_claim_open"


class ClaimIncomplete(RefusedError):
    """Documents or outstanding amounts of the claim are missing."""

    code = "claim_incomplete"


class ClaimNotOpen(ConflictError):
    """The claim is past the point where this could be done."""

    code = "claim_not_open"


class TooManyClaimDocuments(RefusedError):
    """This claim has as many documents as one may have."""

    code = "too_many_claim_documents"


class ClaimBody(NamedPolicy):
    """What happened to an insured loan.

    ``occurred_on`` of a default is the due date of the oldest instalment that is not
    paid; the waiting period counts from there.
    """

    cause = fields.String(
        required=True, validate=validate.OneOf(CAUSES), metadata={"example": "death"}
    )
    occurred_on = fields.Date(required=True, metadata={"example": "2026-11-22"})
    outstanding_principal = AmountField(
        required=True, minimum=0, metadata={"example": 7_500_000}
    )
    outstanding_interest = AmountField(
        load_default=0, minimum=0, metadata={"example": 150_000}
    )


class OpenClaim(ClaimBody, Command):
    """A claim on a policy; there is one at a time.

    Opened again for the same cause while it is a draft, it takes the newer facts; for
    the same cause and day it is the claim that there is, also one that has ended.
    ``reported_by`` is a subject, by default the caller's.
    """

    reported_by = text(longest=100, load_default=None, allow_none=True)


class ClaimCommand(Schema):
    """Something about one claim of the caller's cooperative."""

    claim_id = identifier("clm_01jd8x")


class ChangeClaim(ClaimCommand, Command):
    """A claim that is submitted or withdrawn."""


class ClaimUploadQuery(Schema):
    """What an uploaded file shows."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(DOCUMENT_KINDS),
        metadata={"example": "death_certificate"},
    )


class UploadClaimDocument(ClaimUploadQuery, ChangeClaim):
    """A document of a claim, its bytes in base64."""

    media_type = fields.String(required=True, validate=validate.OneOf(MEDIA_TYPES))
    content = fields.String(
        required=True, validate=validate.Length(max=_BASE64_MAX), load_only=True
    )


class ClaimDocumentCommand(ClaimCommand):
    """One document of a claim."""

    document_id = identifier("cld_01jd8x")


class ClaimDocument(Schema):
    """What is known of a document beside its content."""

    id = identifier("cld_01jd8x")
    claim_id = identifier("clm_01jd8x")
    kind = fields.String(required=True, validate=validate.OneOf(DOCUMENT_KINDS))
    media_type = fields.String(required=True, validate=validate.OneOf(MEDIA_TYPES))
    size_bytes = fields.Integer(required=True, strict=True)
    uploaded_by = fields.String(required=True)
    uploaded_at = UtcField(required=True)


class Requirement(Schema):
    """A document that the claim needs, and whether it is there."""

    kind = fields.String(required=True, validate=validate.OneOf(DOCUMENT_KINDS))
    is_present = fields.Boolean(required=True)


class ClaimSummary(Schema):
    """A claim as lists show it."""

    id = identifier("clm_01jd8x")
    number = fields.String(required=True, metadata={"example": "KLAIM/2026/11/1"})
    policy_id = identifier("pol_01jd8x")
    reference = identifier("loa_01jd8x")
    member_id = identifier("mem_01jd8x")
    cause = fields.String(required=True, validate=validate.OneOf(CAUSES))
    occurred_on = fields.Date(required=True)
    outstanding_principal = fields.Integer(required=True, strict=True, allow_none=True)
    outstanding_interest = fields.Integer(required=True, strict=True, allow_none=True)
    claimed_amount = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        metadata={"description": "The policy's share of what is outstanding."},
    )
    approved_amount = fields.Integer(required=True, strict=True, allow_none=True)
    paid_amount = fields.Integer(required=True, strict=True, allow_none=True)
    paid_on = fields.Date(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why it was rejected or is disputed."},
    )
    deadline_on = fields.Date(
        required=True, metadata={"description": "The last day to submit it."}
    )
    reported_by = fields.String(required=True)
    opened_at = UtcField(required=True)
    submitted_at = UtcField(required=True, allow_none=True)


class Claim(ClaimSummary):
    """A claim with its papers."""

    checklist = fields.List(fields.Nested(Requirement), required=True)
    documents = fields.List(fields.Nested(ClaimDocument), required=True)


class ListClaims(Page):
    """The claims of the caller's cooperative, or those of one policy."""

    policy_id = text(longest=100, load_default=None, allow_none=True)
    status = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(STATUSES)
    )


class ClaimPage(Schema):
    """Claims in the order they were opened."""

    items = fields.List(fields.Nested(ClaimSummary), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class RecordInsurerCallback(Schema):
    """What was called back: the body as it came in base64, and its signature."""

    body = fields.String(required=True, load_only=True)
    signature = text(longest=500, load_default=None, allow_none=True)


class InsurerCallbackTaken(Schema):
    """The answer to every callback."""

    status = fields.String(required=True, metadata={"example": "ok"})


class ClaimEvent(Schema):
    """Payload of the events of a claim; ``loan_id`` is the policy's reference."""

    cooperative_id = identifier("coop_01jd8x")
    claim_id = identifier("clm_01jd8x")
    policy_id = identifier("pol_01jd8x")
    loan_id = identifier("loa_01jd8x")
    cause = fields.String(required=True)
    status = fields.String(required=True)


class ClaimDeadlineNear(ClaimEvent):
    """Payload of `claim_deadline_near`: a draft that should be submitted soon."""

    deadline_on = fields.Date(required=True)
    days_left = fields.Integer(required=True, strict=True)


class ClaimPaid(ClaimEvent):
    """Payload of `claim_paid`: money that the insurer paid for a loan."""

    amount = AmountField(required=True)
    paid_on = fields.Date(required=True)
