"""How risky a cooperative finds itself, and how its staff learns (R162, R163).

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_risk_profile` | reading | `RiskProfileQuery` | `RiskProfile` or a file |
| `put_risk_profile` | cooperative:write | `RiskProfileBody` | `RiskProfile` |
| `record_staff_training` | cooperative:write | `RecordStaffTraining` | the training |
| `list_staff_trainings` | reading | `ListStaffTrainings` | `StaffTrainingPage` |

Reading takes loans:read or cooperative:read.

A self-assessment, never an official result. Own capital and the sectors come from the
books, the age from the legality data where there are any; the rest comes from whoever
fills in the sheet. Amounts are whole rupiah.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts import files
from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.loans import Command
from services.shared.contracts.loans import identifier as _id
from services.shared.contracts.paging import Page

LOCATIONS: Final = ("city", "remote")
LEVELS: Final = ("low", "medium", "high", "unknown")
FACTORS: Final = ("own_capital", "certified_staff", "sector", "location", "age")
SECTOR_GROUPS: Final = ("trade", "farming", "other")
STAFF_MAX: Final = 10_000


class RiskProfileQuery(Schema):
    """In which form the sheet is wanted."""

    format = files.format_field(files.PDF, files.XLSX)


class RiskProfileBody(Schema):
    """What no data tells; null where it is not known."""

    certified_staff = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        validate=validate.Range(min=0, max=STAFF_MAX),
        metadata={
            "description": "Staff with a certificate of competence.",
            "example": 4,
        },
    )
    location = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(LOCATIONS)
    )
    founded_on = fields.Date(
        required=True,
        allow_none=True,
        metadata={
            "description": "When business began; legality data go before it.",
            "example": "2015-03-02",
        },
    )


class RiskFactor(Schema):
    """One factor, what is known of it, and how risky that is."""

    factor = fields.String(required=True, validate=validate.OneOf(FACTORS))
    value = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "An amount, a number, a day or a code.",
            "example": "4",
        },
    )
    level = fields.String(required=True, validate=validate.OneOf(LEVELS))
    is_entered = fields.Boolean(
        required=True, metadata={"description": "By hand, not out of the books."}
    )


class TrainingYear(Schema):
    """How many trainings staff has had in a calendar year, of four (R163)."""

    year = fields.Integer(required=True, strict=True)
    held = fields.Integer(required=True, strict=True)
    target = fields.Integer(required=True, strict=True)


class RiskProfile(Schema):
    """The sheet as of a day."""

    day = fields.Date(required=True)
    factors = fields.List(fields.Nested(RiskFactor), required=True)
    sector_share_bps = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        metadata={"description": "What the dominating sector has of all principal."},
    )
    trainings = fields.Nested(TrainingYear, required=True)
    changed_at = UtcField(required=True, allow_none=True)
    changed_by = fields.String(required=True, allow_none=True)


class StaffTrainingBody(Schema):
    """A training that staff attended."""

    topic = text(
        longest=200, required=True, metadata={"example": "Manajemen risiko pinjaman"}
    )
    provider = text(
        longest=200, required=True, metadata={"example": "Dinas Koperasi dan UKM"}
    )
    held_on = fields.Date(required=True, metadata={"example": "2026-11-15"})
    participants = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=1, max=STAFF_MAX),
        metadata={"example": 6},
    )
    document = text(
        longest=200,
        load_default=None,
        allow_none=True,
        metadata={"description": "Under what name the certificates are kept."},
    )


class RecordStaffTraining(StaffTrainingBody, Command):
    """A training to be kept for good."""


class ListStaffTrainings(Page):
    """The trainings of a calendar year, or all."""

    year = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=False,
        validate=validate.Range(min=2000, max=2100),
        metadata={"example": 2026},
    )


class StaffTraining(StaffTrainingBody):
    """A training as it was recorded."""

    id = _id("stn_01jd8x")
    recorded_by = fields.String(required=True)
    recorded_at = UtcField(required=True)


class StaffTrainingPage(Schema):
    """Trainings, the latest first."""

    items = fields.List(fields.Nested(StaffTraining), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
