"""How much may be lent to whom (R136-R138, Permenkop 8/2023 art. 42-45; C4).

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_limits` | applications:read | `ApplicationCommand` | `Limits` |
| `approve_limit` | approvals:write | `ApproveLimit` | `Limits` |

`get_limits` tells how things stand now; the end of verification assesses anew and keeps
what it finds. A breach nobody can let pass; a warning asks for a word that is recorded,
with its reason.
What the pengawas agreed to is on paper, because pengawas change nothing in the system:
the paper is uploaded as a document of kind `consent` and named by who records it.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.loans import ApplicationCommand, Command, identifier
from services.shared.errors import ConflictError, RefusedError

WARNINGS: Final = (
    "service_ratio",
    "other_limit",
    "pengurus_consent",
    "pengawas_consent",
)


class NothingToApprove(RefusedError):
    """The newest assessment has no such warning."""

    code = "nothing_to_approve"


class LimitApproved(ConflictError):
    """This warning was passed over before, for another reason."""

    code = "limit_approved"


class LimitApprovalBody(Schema):
    """A word about one warning."""

    warning = fields.String(
        required=True,
        validate=validate.OneOf(WARNINGS),
        metadata={"example": "other_limit"},
    )
    reason = text(
        longest=1000,
        required=True,
        metadata={"example": "Agunan deposito menutup seluruh pinjaman"},
    )
    document_id = text(
        longest=100,
        load_default=None,
        allow_none=True,
        metadata={"description": "The paper with the consent of the pengawas."},
    )

    @validates_schema
    def _on_paper(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("warning") == "pengawas_consent" and not data.get("document_id"):
            raise ValidationError("The pengawas consent on paper.", "document_id")


class ApproveLimit(LimitApprovalBody, ApplicationCommand, Command):
    """A word that is kept for good."""


class ServiceRatio(Schema):
    """Debt service: what goes out a month of what comes in (R137)."""

    instalment = fields.Integer(required=True, strict=True)
    obligations = fields.Integer(required=True, strict=True)
    income = fields.Integer(required=True, strict=True)
    ratio_bps = fields.Integer(required=True, strict=True, metadata={"example": 2583})
    limit_bps = fields.Integer(required=True, strict=True, metadata={"example": 3000})
    is_within = fields.Boolean(required=True)


class Turnover(Schema):
    """What a business can carry (R136)."""

    monthly_turnover = fields.Integer(required=True, strict=True)
    limit_bps = fields.Integer(required=True, strict=True, metadata={"example": 5000})
    highest = fields.Integer(required=True, strict=True)
    is_within = fields.Boolean(required=True)


class LendingLimit(Schema):
    """BMPP: what may be lent to one borrower, principal balances (art. 42)."""

    is_related = fields.Boolean(required=True)
    own_capital = fields.Integer(required=True, strict=True)
    outstanding = fields.Integer(required=True, strict=True)
    exposure = fields.Integer(required=True, strict=True)
    limit_bps = fields.Integer(required=True, strict=True, metadata={"example": 1500})
    highest = fields.Integer(required=True, strict=True)
    is_within = fields.Boolean(required=True)


class LimitApproval(Schema):
    """A word that was given."""

    warning = fields.String(required=True, validate=validate.OneOf(WARNINGS))
    reason = fields.String(required=True)
    document_id = fields.String(required=True, allow_none=True)
    given_by = fields.String(required=True)
    given_at = UtcField(required=True)


class Limits(Schema):
    """An assessment; figures that cannot be known yet are null."""

    application_id = identifier("app_01jd8x")
    service_ratio = fields.Nested(ServiceRatio, required=True, allow_none=True)
    turnover = fields.Nested(Turnover, required=True, allow_none=True)
    lending_limit = fields.Nested(LendingLimit, required=True)
    breaches = fields.List(fields.String(), required=True)
    warnings = fields.List(fields.String(), required=True)
    approvals = fields.List(fields.Nested(LimitApproval), required=True)
    assessed_at = UtcField(required=True)
