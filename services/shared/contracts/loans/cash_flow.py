"""What lending moves week by week or month by month (R159).

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_loan_cash_flow` | loans:read | `CashFlowQuery` | `CashFlow` or a file |

Of every period: opening + disbursed + taken_over + restructured - repaid - written_off
= closing, to the rupiah; the same holds of the loans. Amounts are whole rupiah.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts import files

UNITS: Final = ("week", "month")
DAYS_MAX: Final = {"week": 371, "month": 1830}
"""About a year of weeks, five years of months."""

WEEKS_MAX: Final = 26


class CashFlowQuery(Schema):
    """The days that a report is about, and how it divides them."""

    from_ = fields.Date(
        data_key="from", required=True, metadata={"example": "2026-09-01"}
    )
    to = fields.Date(required=True, metadata={"example": "2026-11-22"})
    by = fields.String(load_default="month", validate=validate.OneOf(UNITS))
    weeks_ahead = fields.Integer(
        load_default=4,
        strict=False,
        validate=validate.Range(min=0, max=WEEKS_MAX),
        metadata={"description": "How many weeks of what falls due are told."},
    )
    format = files.format_field(files.PDF, files.XLSX)

    @validates_schema
    def _sensible(self, data: dict[str, Any], **_: Any) -> None:
        days = (data["to"] - data["from_"]).days
        if days < 0:
            raise ValidationError("Must not be before from.", "to")
        if days >= DAYS_MAX[data["by"]]:
            raise ValidationError("Is too long after from.", "to")


class Received(Schema):
    """What came in."""

    principal = fields.Integer(required=True, strict=True)
    interest = fields.Integer(required=True, strict=True)
    penalty = fields.Integer(required=True, strict=True)
    fee = fields.Integer(
        required=True, strict=True, metadata={"description": "Of early settlements."}
    )
    recovered = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Of loans that were written off, all of it."},
    )
    total = fields.Integer(required=True, strict=True)


class ChannelShare(Schema):
    """What came in by one way: `insurance` is what was paid for claims."""

    channel = fields.String(required=True)
    amount = fields.Integer(required=True, strict=True)


class FlowPeriod(Schema):
    """The movements of a period, and from where to where they lead."""

    from_ = fields.Date(required=True, data_key="from")
    to = fields.Date(required=True)
    opening = fields.Integer(
        required=True, strict=True, metadata={"description": "Principal lent out."}
    )
    disbursed = fields.Integer(required=True, strict=True)
    taken_over = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Brought from another system."},
    )
    restructured = fields.Integer(
        required=True,
        strict=True,
        metadata={
            "description": "What new terms added; negative where a debt became equity."
        },
    )
    repaid = fields.Integer(required=True, strict=True)
    written_off = fields.Integer(required=True, strict=True)
    closing = fields.Integer(required=True, strict=True)
    opening_loans = fields.Integer(required=True, strict=True)
    new_loans = fields.Integer(required=True, strict=True)
    ended_loans = fields.Integer(required=True, strict=True)
    closing_loans = fields.Integer(required=True, strict=True)
    scheduled = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Principal and interest that fell due."},
    )
    received = fields.Nested(Received, required=True)
    channels = fields.List(fields.Nested(ChannelShare), required=True)
    net = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "What came in less what was disbursed."},
    )


class ExpectedPeriod(Schema):
    """What is not paid yet of what falls due, penalties aside."""

    from_ = fields.Date(required=True, data_key="from", allow_none=True)
    to = fields.Date(required=True)
    instalments = fields.Integer(required=True, strict=True)
    principal = fields.Integer(required=True, strict=True)
    interest = fields.Integer(required=True, strict=True)
    total = fields.Integer(required=True, strict=True)


class CashFlow(Schema):
    """What lending moved, and what is expected to come in from today on."""

    by = fields.String(required=True, validate=validate.OneOf(UNITS))
    whole = fields.Nested(FlowPeriod, required=True)
    periods = fields.List(fields.Nested(FlowPeriod), required=True)
    due = fields.Nested(
        ExpectedPeriod,
        required=True,
        metadata={"description": "Has fallen due by today and is not paid."},
    )
    ahead = fields.List(fields.Nested(ExpectedPeriod), required=True)
