"""Checks of who somebody is, and what of: eKYC and Skoring (R32-R38, R43).

| entrypoint | rule | command | result |
|---|---|---|---|
| `request_check` | service loans, kyc:write | `RequestCheck` | `Check` |
| `get_check` | service loans, kyc:read | `CheckCommand` | `Check` |
| `list_checks` | kyc:read | `ListChecks` | `CheckPage` |
| `review_check` | kyc:write | `ReviewCheck` | `Check` |
| `get_check_settings` | kyc:read | `{}` | `CheckSettings` |
| `put_check_settings` | cooperative:write | `CheckSettingsBody` | `CheckSettings` |

`request_id` names a request within its cooperative: however often it comes, there is
one check, one fee (R35) and one answer of the vendor. A check that is answered as
`checking` is carried on without being asked for again; a `refused` one costs nothing,
and a `failed` one had its fee given back: ask anew with another `request_id`.

Results are the words of the vendors' contract: `LOLOS` (passed), `TINJAU` (a person has
to look), `GAGAL` (failed). Scores are whole numbers from 0 to 100.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared import clock
from services.shared.contracts.fields import AmountField, FlagField, UtcField, text
from services.shared.contracts.idempotency import IdempotencySchema
from services.shared.contracts.paging import Page
from services.shared.errors import ConflictError, RefusedError, UnavailableError

FEATURES: Final = ("ekyc", "skoring")
EKYC_AMOUNT_MAX: Final = 10_000_000
"""Up to here an application is checked by eKYC, above it by Skoring (R33, R37)."""

STATUSES: Final = ("checking", "done", "failed", "refused")
RESULTS: Final = ("LOLOS", "TINJAU", "GAGAL")
REVIEWED_RESULTS: Final = ("LOLOS", "GAGAL")
PARTS: Final = ("ektp", "dukcapil", "income", "slik")
SCORE_MAX: Final = 100
CLOCKS_DIFFER: Final = timedelta(minutes=5)

# Events; payload CheckEvent.
CHECK_FINISHED: Final = "check_finished"
CHECK_REVIEWED: Final = "check_reviewed"


class KycNotConfigured(UnavailableError):
    """The hub has no vendor for identity checks; nothing was charged."""

    code = "kyc_not_configured"


class KycVendorAway(UnavailableError):
    """The vendor of identity checks does not answer; nothing was charged."""

    code = "kyc_vendor_away"


class WrongFeature(RefusedError):
    """Up to Rp 10.000.000 an application is checked by eKYC, above by Skoring."""

    code = "wrong_feature"


class IdentityIncomplete(RefusedError):
    """The member's NIK and birth date have to be known before they are checked."""

    code = "identity_incomplete"


class CheckNotForReview(ConflictError):
    """Only a finished check with the result TINJAU is reviewed, and only once."""

    code = "check_not_for_review"


def _identifier(example: str) -> fields.String:
    return text(longest=100, required=True, metadata={"example": example})


def _score(default: int) -> fields.Integer:
    return fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=0, max=SCORE_MAX),
        metadata={"example": default},
    )


def _not_ahead(at: datetime) -> None:
    """Nobody has consented yet in the future; clocks differ by a little."""
    if at > clock.now() + CLOCKS_DIFFER:
        raise ValidationError("Must not be in the future.")


class Consent(Schema):
    """What the member agreed to, when, and who gave it."""

    at = UtcField(required=True, validate=_not_ahead)
    text_version = text(longest=50, required=True, metadata={"example": "ekyc-2026-01"})
    given_by = text(
        longest=200,
        required=True,
        metadata={
            "description": "The member, or who signed for it.",
            "example": "Budi Santoso",
        },
    )


class CheckBody(Schema):
    """Whom to check for which application, with the consent given to it."""

    member_id = _identifier("mem_01jd8x")
    feature = fields.String(
        required=True,
        validate=validate.OneOf(FEATURES),
        metadata={"example": "ekyc"},
    )
    applied_amount = AmountField(required=True, metadata={"example": 3_000_000})
    consent = fields.Nested(Consent, required=True)
    reference = text(
        longest=100,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "What the check is for, such as an application.",
            "example": "app_01jd8x",
        },
    )


class RequestCheck(CheckBody):
    """A check, once per ``request_id``; of people, once per idempotency key."""

    request_id = text(longest=100, load_default=None, allow_none=True)
    idempotency = fields.Nested(IdempotencySchema, load_default=None, allow_none=True)

    @validates_schema
    def _is_named(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("request_id") is None and data.get("idempotency") is None:
            message = "A check has a request id or an idempotency key."
            raise ValidationError(message, "request_id")


class CheckCommand(Schema):
    """Something about one check of the caller's cooperative."""

    check_id = _identifier("kck_01jd8x")


class ReviewBody(Schema):
    """What a person decided about a check that has to be looked at, and why."""

    result = fields.String(
        required=True,
        validate=validate.OneOf(REVIEWED_RESULTS),
        metadata={"example": "LOLOS"},
    )
    reason = text(
        longest=500,
        required=True,
        metadata={"example": "Foto KTP dan selfie dibandingkan langsung di kantor"},
    )


class ReviewCheck(ReviewBody, CheckCommand):
    """A review, once per idempotency key."""

    idempotency = fields.Nested(IdempotencySchema, load_default=None, allow_none=True)


class ListChecks(Page):
    """The checks of the caller's cooperative, or those of one member."""

    member_id = text(longest=100, load_default=None, allow_none=True)
    status = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(STATUSES)
    )
    result = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(RESULTS)
    )


class CheckPart(Schema):
    """One thing that was checked, with what it was judged by."""

    kind = fields.String(required=True, validate=validate.OneOf(PARTS))
    result = fields.String(required=True, validate=validate.OneOf(RESULTS))
    score = fields.Integer(required=True, allow_none=True)
    detail = fields.Dict(
        required=True,
        metadata={
            "description": "`reason` says why it is not LOLOS; scores come with the "
            "thresholds they were held against.",
            "example": {"name_score": 92, "name_pass": 75, "name_review": 60},
        },
    )


class CheckReview(Schema):
    """Who looked at a check, and why it ended as it did."""

    result = fields.String(required=True, validate=validate.OneOf(REVIEWED_RESULTS))
    reason = fields.String(required=True)
    reviewed_by = fields.String(required=True)
    reviewed_at = UtcField(required=True)


class Check(Schema):
    """A check and how it ended; `result` is final once a person has reviewed it."""

    id = _identifier("kck_01jd8x")
    member_id = _identifier("mem_01jd8x")
    feature = fields.String(required=True, validate=validate.OneOf(FEATURES))
    reference = fields.String(required=True, allow_none=True)
    applied_amount = fields.Integer(required=True, strict=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    result = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(RESULTS)
    )
    fault = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Why it was refused or failed, as a code.",
            "example": "insufficient_wallet_balance",
        },
    )
    parts = fields.List(fields.Nested(CheckPart), required=True)
    review = fields.Nested(CheckReview, required=True, allow_none=True)
    fee_amount = fields.Integer(
        required=True,
        strict=True,
        metadata={
            "description": "What the wallet paid for it; 0 when nothing was charged or "
            "the fee was given back.",
            "example": 5_000,
        },
    )
    requested_by = fields.String(required=True)
    requested_at = UtcField(required=True)
    finished_at = UtcField(required=True, allow_none=True)
    aml_alerts = fields.Integer(
        required=True,
        metadata={
            "description": "How many alerts about the member are open or confirmed.",
            "example": 0,
        },
    )


class CheckPage(Schema):
    """Checks in the order they were asked for."""

    items = fields.List(fields.Nested(Check), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class CheckSettingsBody(Schema):
    """From which score a name and a face pass, and from which a person looks."""

    name_pass = _score(75)
    name_review = _score(60)
    face_pass = _score(75)
    face_review = _score(60)
    are_photos_required = FlagField(
        required=True,
        metadata={
            "description": "Whether a check without photo of the KTP and selfie has "
            "to be looked at by a person (R43).",
            "example": True,
        },
    )

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        for what in ("name", "face"):
            passing, reviewing = data.get(f"{what}_pass"), data.get(f"{what}_review")
            if passing is not None and reviewing is not None and reviewing > passing:
                message = "Must not be above the score that passes."
                raise ValidationError(message, f"{what}_review")


class CheckSettings(CheckSettingsBody):
    """The thresholds in force; those of the hub until the cooperative sets its own."""


class CheckEvent(Schema):
    """Payload of the check events."""

    cooperative_id = _identifier("coop_01jd8x")
    check_id = _identifier("kck_01jd8x")
    member_id = _identifier("mem_01jd8x")
    reference = fields.String(required=True, allow_none=True)
    feature = fields.String(required=True)
    status = fields.String(required=True)
    result = fields.String(required=True, allow_none=True)
