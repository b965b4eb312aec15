"""How the loans of a cooperative do together (R142 to R144, R149 to R151, R159).

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_loan_ageing` | loans:read | `PortfolioQuery` | `Ageing` or a file |
| `get_loan_ratios` | loans:read | `PortfolioQuery` | `Ratios` or a file |
| `get_loan_trend` | loans:read | `TrendQuery` | `Trend` or a file |
| `get_loan_breakdown` | loans:read | `BreakdownQuery` | `Breakdown` or a file |
| `list_early_warnings` | loans:read | `ListEarlyWarnings` | `EarlyWarningPage` |

A report tells how it is now, or how it was when a month ended; then it is taken from
the picture that the daily job kept. Amounts are whole rupiah, ratios basis points.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts import files
from services.shared.contracts.paging import Page
from services.shared.errors import NotFoundError

DIMENSIONS: Final = ("cause", "sector", "branch", "officer", "product")
LIGHTS: Final = ("green", "yellow", "red", "unknown")
WARNINGS: Final = ("few_days_late", "restructured", "promise_broken", "savings_falling")
MONTHS_MAX: Final = 60


class NoPicture(NotFoundError):
    """No picture was kept of the end of this month."""

    code = "no_picture"


class PortfolioQuery(Schema):
    """The end of a month, by default now."""

    month = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(
            r"^20[0-9]{2}-(0[1-9]|1[0-2])\Z", error="Must be a month: YYYY-MM."
        ),
        metadata={"example": "2026-10"},
    )
    format = files.format_field(files.XLSX)


class TrendQuery(Schema):
    """How many months back."""

    months = fields.Integer(
        load_default=12, strict=False, validate=validate.Range(min=1, max=MONTHS_MAX)
    )
    format = files.format_field(files.XLSX)


class BreakdownQuery(PortfolioQuery):
    """By what the portfolio is divided."""

    by = fields.String(required=True, validate=validate.OneOf(DIMENSIONS))


class Share(Schema):
    """Some of the loans: how many, and how much principal is left of them."""

    loans = fields.Integer(required=True, strict=True)
    outstanding = fields.Integer(required=True, strict=True)
    share_bps = fields.Integer(
        required=True, strict=True, metadata={"description": "Of all outstanding."}
    )


def _unaccrued_interest() -> fields.Integer:
    return fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        metadata={
            "description": "Interest of classes 3 to 5 that fell due, is not paid and "
            "is no income: beside the book (ekstrakomptabel). Null for months of which "
            "it was not kept."
        },
    )


class ClassShare(Share):
    """The loans of one class, and what is to be set aside for them."""

    collectibility = fields.Integer(required=True, strict=True)
    name = fields.String(required=True, metadata={"example": "Kurang lancar"})
    provision_bps = fields.Integer(required=True, strict=True)
    provision = fields.Integer(required=True, strict=True)
    unaccrued_interest = _unaccrued_interest()


class StageShare(Share):
    """The loans of one collection stage, and what is done about them."""

    stage = fields.String(required=True, metadata={"example": "field_visit"})
    from_day = fields.Integer(required=True, strict=True)
    action = fields.String(required=True)


class Ageing(Schema):
    """The loans by class and, apart from that, by collection stage (C1)."""

    day = fields.Date(required=True)
    loans = fields.Integer(required=True, strict=True)
    outstanding = fields.Integer(required=True, strict=True)
    unaccrued_interest = _unaccrued_interest()
    classes = fields.List(fields.Nested(ClassShare), required=True)
    stages = fields.List(fields.Nested(StageShare), required=True)


class Ratio(Schema):
    """A ratio as a traffic light; None when there is nothing to divide by."""

    bps = fields.Integer(required=True, strict=True, allow_none=True)
    light = fields.String(required=True, validate=validate.OneOf(LIGHTS))


class Alarm(Schema):
    """What the cooperative's own policy asks for now; no law (C15)."""

    code = fields.String(required=True, metadata={"example": "npf_plan"})
    text = fields.String(required=True)


class Ratios(Schema):
    """The health of the portfolio on a day."""

    day = fields.Date(required=True)
    outstanding = fields.Integer(required=True, strict=True)
    npf_outstanding = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Loans of class 3 and worse (R144)."},
    )
    npf = fields.Nested(Ratio, required=True)
    band = fields.String(
        required=True, allow_none=True, metadata={"description": "R161."}
    )
    allowance = fields.Integer(
        required=True, strict=True, metadata={"description": "CKP: 1-1190."}
    )
    coverage = fields.Nested(Ratio, required=True)
    savings = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Simpanan sukarela and berjangka."},
    )
    ldr = fields.Nested(Ratio, required=True)
    assets = fields.Integer(required=True, strict=True)
    surplus = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "SHU of the year so far."},
    )
    annualised_surplus = fields.Integer(required=True, strict=True)
    roa = fields.Nested(Ratio, required=True)
    alarms = fields.List(fields.Nested(Alarm), required=True)


class TrendPoint(Schema):
    """The portfolio when a month ended; the last point is now."""

    day = fields.Date(required=True)
    loans = fields.Integer(required=True, strict=True)
    outstanding = fields.Integer(required=True, strict=True)
    npf_outstanding = fields.Integer(required=True, strict=True)
    npf_bps = fields.Integer(required=True, strict=True, allow_none=True)


class Trend(Schema):
    """The portfolio month by month, the oldest first."""

    points = fields.List(fields.Nested(TrendPoint), required=True)


class BreakdownPart(Share):
    """The loans that have one thing in common."""

    key = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "None where it is not known.", "example": "jasa"},
    )
    npf_loans = fields.Integer(required=True, strict=True)
    npf_outstanding = fields.Integer(required=True, strict=True)
    npf_bps = fields.Integer(required=True, strict=True, allow_none=True)


class Breakdown(Schema):
    """The portfolio divided, the largest NPF first."""

    day = fields.Date(required=True)
    by = fields.String(required=True, validate=validate.OneOf(DIMENSIONS))
    parts = fields.List(fields.Nested(BreakdownPart), required=True)


class ListEarlyWarnings(Page):
    """The loans that somebody should look at before they are late in earnest."""


class EarlyWarning(Schema):
    """A performing loan, and why it is watched (R142)."""

    loan_id = fields.String(required=True)
    number = fields.String(required=True)
    member_id = fields.String(required=True)
    member_name = fields.String(required=True)
    officer = fields.String(required=True)
    outstanding = fields.Integer(required=True, strict=True)
    dpd = fields.Integer(required=True, strict=True)
    reasons = fields.List(
        fields.String(validate=validate.OneOf(WARNINGS)), required=True
    )


class EarlyWarningPage(Schema):
    """Loans to watch. A page may be short although others follow."""

    items = fields.List(fields.Nested(EarlyWarning), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
