"""Checks of the identity of who applies, made by the kyc service (R32-R38).

| entrypoint | rule | command | result |
|---|---|---|---|
| `request_application_check` | applications:write | `RequestApplicationCheck` | it |
| `list_application_checks` | applications:read | `ApplicationCommand` | a list |

"It" is an `ApplicationCheck`, a list `ApplicationChecks`. By the amount applied for it
is eKYC (up to Rp 10.000.000) or Skoring. There is one check per application: asked for
again, the same one is answered and nothing is charged, unless it came to nothing.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import UtcField
from services.shared.contracts.kyc.checks import PARTS, RESULTS, Consent
from services.shared.contracts.loans import ApplicationCommand, MoneyCommand, identifier

STATUSES: Final = ("requested", "checking", "done", "failed", "refused")


class ApplicationCheckBody(Schema):
    """The consent of the member to be checked."""

    consent = fields.Nested(Consent, required=True)


class RequestApplicationCheck(ApplicationCheckBody, ApplicationCommand, MoneyCommand):
    """A check of who applies; it may cost a fee from the cooperative's wallet (R35)."""


class ApplicationCheckPart(Schema):
    """One thing that was checked."""

    kind = fields.String(required=True, validate=validate.OneOf(PARTS))
    result = fields.String(required=True, validate=validate.OneOf(RESULTS))
    score = fields.Integer(required=True, allow_none=True)


class ApplicationCheck(Schema):
    """A check and how it ended."""

    application_id = identifier("app_01jd8x")
    attempt = fields.Integer(required=True, metadata={"example": 1})
    feature = fields.String(required=True, validate=validate.OneOf(("ekyc", "skoring")))
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    check_id = fields.String(required=True, allow_none=True)
    result = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(RESULTS)
    )
    fault = fields.String(required=True, allow_none=True)
    parts = fields.List(fields.Nested(ApplicationCheckPart), required=True)
    fee_amount = fields.Integer(required=True, strict=True, metadata={"example": 5000})
    requested_by = fields.String(required=True)
    requested_at = UtcField(required=True)
    answered_at = UtcField(required=True, allow_none=True)


class ApplicationChecks(Schema):
    """All checks of an application, oldest first; the last one counts."""

    items = fields.List(fields.Nested(ApplicationCheck), required=True)
