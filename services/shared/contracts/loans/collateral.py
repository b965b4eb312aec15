"""Collateral: offered, appraised, bound, released (R25, R139).

| entrypoint | rule | command | result |
|---|---|---|---|
| `add_collateral` | applications:write | `AddCollateral` | `Collateral` |
| `appraise_collateral` | applications:write | `AppraiseCollateral` | `Collateral` |
| `withdraw_collateral` | applications:write | `ChangeCollateral` | `Collateral` |
| `bind_collateral` | disbursements:write | `ChangeCollateral` | `Collateral` |
| `release_collateral` | loans:write | `ChangeCollateral` | `Collateral` |
| `get_collateral` | applications:read, loans:read | `CollateralCommand` | the same |
| `list_collateral` | applications:read, loans:read | `ListCollateral` | a list |
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import AmountField, UtcField, text
from services.shared.contracts.loans import ApplicationCommand, Command, identifier
from services.shared.contracts.loans.application_settings import COLLATERAL_KINDS
from services.shared.errors import ConflictError, RefusedError

STATUSES: Final = ("offered", "withdrawn", "bound", "released", "executed")


class CollateralNotReady(ConflictError):
    """The collateral is not in a state in which this can be done."""

    code = "collateral_not_ready"


class CollateralNotAppraised(RefusedError):
    """Nobody has said yet what this is worth."""

    code = "collateral_not_appraised"


class LoanNotSettled(RefusedError):
    """Collateral is given back when the loan is paid off."""

    code = "loan_not_settled"


class CollateralBody(Schema):
    """A thing that is offered."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(COLLATERAL_KINDS),
        metadata={"example": "vehicle_bpkb"},
    )
    owner_name = text(longest=200, required=True, metadata={"example": "Budi Santoso"})
    description = text(
        longest=1000,
        required=True,
        metadata={"example": "Honda Beat 2022, B 1234 XYZ"},
    )
    paper_number = text(
        longest=100,
        load_default=None,
        allow_none=True,
        metadata={"description": "Number of its certificate.", "example": "M-1234567"},
    )


class AddCollateral(CollateralBody, ApplicationCommand, Command):
    """A thing that secures the loan that is applied for."""


class CollateralCommand(Schema):
    """One thing that is or was offered."""

    collateral_id = identifier("col_01jd8x")


class ChangeCollateral(CollateralCommand, Command):
    """A thing that is taken back, bound or released."""


class AppraisalBody(Schema):
    """What somebody thinks a thing is worth."""

    market_value = AmountField(required=True, metadata={"example": 12_000_000})
    appraised_on = fields.Date(required=True, metadata={"example": "2026-11-20"})
    appraised_by = text(longest=200, required=True, metadata={"example": "Siti Aminah"})


class AppraiseCollateral(AppraisalBody, CollateralCommand, Command):
    """The newest appraisal of a thing; the cooperative's haircut is taken off."""


class ListCollateral(ApplicationCommand):
    """Everything that was offered for one application."""


class Appraisal(AppraisalBody):
    """An appraisal as it was recorded."""

    id = identifier("apr_01jd8x")
    haircut_bps = fields.Integer(required=True, strict=True, metadata={"example": 3000})
    accepted_value = fields.Integer(
        required=True, strict=True, metadata={"example": 8_400_000}
    )
    recorded_by = fields.String(required=True)
    recorded_at = UtcField(required=True)


class Collateral(CollateralBody):
    """A thing, what it counts for, and where it stands."""

    id = identifier("col_01jd8x")
    application_id = identifier("app_01jd8x")
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    accepted_value = fields.Integer(required=True, strict=True)
    appraisals = fields.List(fields.Nested(Appraisal), required=True)
    bound_on = fields.Date(required=True, allow_none=True)
    ended_on = fields.Date(required=True, allow_none=True)
    created_by = fields.String(required=True)
    created_at = UtcField(required=True)


class CollateralList(Schema):
    """Everything that was offered, and what of the loan it covers."""

    items = fields.List(fields.Nested(Collateral), required=True)
    accepted_value = fields.Integer(
        required=True, strict=True, metadata={"description": "Of all that counts."}
    )
    cover_bps = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Of the loan; 10000 covers it.", "example": 12_500},
    )
