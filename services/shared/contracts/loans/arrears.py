"""How a cooperative judges arrears, and how a loan stood by day (R142 to R148; C1, C2).

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_arrears_settings` | loans:read | `{}` | `ArrearsSettings` |
| `put_arrears_settings` | cooperative:write | `ArrearsSettingsBody` | its settings |
| `get_loan_history` | loans:read | `GetLoanHistory` | `LoanHistory` |

The class (kolektibilitas) is what is reported and provided for; the stage (tahap
penagihan) is what is done next. Each goes by a table of its own.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts.fields import text
from services.shared.contracts.loans import LoanCommand
from services.shared.contracts.paging import Page

PROVISION_EVERY: Final = ("day", "month")
REASONS: Final = ("change", "month_end")
CLASSES: Final = 5
BPS_MAX: Final = 10_000
DPD_MAX: Final = 3650


def _bps(description: str, *, highest: int = BPS_MAX) -> fields.Integer:
    return fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=0, max=highest),
        metadata={"description": f"{description} In basis points.", "example": 500},
    )


class Stage(Schema):
    """What is done about a loan from so many days past due on."""

    code = fields.String(
        required=True,
        validate=validate.Regexp(
            r"^[a-z][a-z_]{0,39}\Z", error="Must be small letters and _."
        ),
        metadata={"example": "field_visit"},
    )
    from_day = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=1, max=DPD_MAX),
        metadata={"example": 31},
    )
    action = text(
        longest=300, required=True, metadata={"example": "Kunjungan lapangan"}
    )


class RatioBounds(Schema):
    """Where a ratio turns green and red: the cooperative's own policy (C2, C15)."""

    npf_green_bps = _bps("NPF up to here is green; 5 % by default.")
    npf_red_bps = _bps("NPF above is red; 10 % by default.")
    npf_plan_bps = _bps("NPF above asks for an audit and a plan (R160); 10 %.")
    npf_licence_bps = fields.Integer(
        load_default=1500,
        strict=True,
        validate=validate.Range(min=0, max=BPS_MAX),
        metadata={
            "description": "NPF above puts the licence at risk (R160); 15 %.",
            "example": 1500,
        },
    )
    coverage_green_bps = _bps("CKP / NPF from here on is green; 80 %.", highest=10**6)
    coverage_red_bps = _bps("CKP / NPF below is red; 60 %.", highest=10**6)
    ldr_low_bps = _bps("LDR from here on is green; 75 %.", highest=10**6)
    ldr_high_bps = _bps("LDR up to here is green; 85 %.", highest=10**6)
    ldr_red_bps = _bps("LDR above is red; 90 %.", highest=10**6)
    roa_green_bps = _bps("ROA from here on is green; 2,5 %.")
    roa_red_bps = _bps("ROA below is red; 1 %.")
    savings_fall_bps = _bps(
        "A borrower whose savings fell by so much in a month is watched; 50 %."
    )

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        rising = (
            ("npf_green_bps", "npf_red_bps"),
            ("npf_plan_bps", "npf_licence_bps"),
            ("coverage_red_bps", "coverage_green_bps"),
            ("ldr_low_bps", "ldr_high_bps"),
            ("ldr_high_bps", "ldr_red_bps"),
            ("roa_red_bps", "roa_green_bps"),
        )
        for low, high in rising:
            if data[low] > data[high]:
                raise ValidationError(f"Must not be below {low}.", high)


class ArrearsSettingsBody(Schema):
    """The tables by which arrears are judged; they hold from the next look on."""

    class_days = fields.List(
        fields.Integer(strict=True, validate=validate.Range(min=0, max=DPD_MAX)),
        required=True,
        validate=validate.Length(equal=CLASSES - 1),
        metadata={
            "description": "The last day past due of classes 1 to 4.",
            "example": [0, 90, 120, 180],
        },
    )
    stages = fields.List(
        fields.Nested(Stage), required=True, validate=validate.Length(min=1, max=20)
    )
    provision_bps = fields.List(
        fields.Integer(strict=True, validate=validate.Range(min=0, max=BPS_MAX)),
        required=True,
        validate=validate.Length(equal=CLASSES),
        metadata={
            "description": "What is set aside per class: 50, 300, 1500, 5000, 10000. "
            "Classes 1 and 2 as rural banks do, 3 to 5 of R148; rural banks take 1000 "
            "for class 3 (C2).",
            "example": [50, 300, 1500, 5000, 10000],
        },
    )
    provision_every = fields.String(
        required=True, validate=validate.OneOf(PROVISION_EVERY)
    )
    upgrade_after_instalments = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=0, max=12),
        metadata={
            "description": "Instalments that a restructured loan pays in full before "
            "its class improves; 3 by default.",
            "example": 3,
        },
    )
    bounds = fields.Nested(RatioBounds, required=True)

    @validates_schema
    def _rising(self, data: dict[str, Any], **_: Any) -> None:
        begins = [stage["from_day"] for stage in data["stages"]]
        for name, days in (("class_days", data["class_days"]), ("stages", begins)):
            if any(one >= other for one, other in pairwise(days)):
                raise ValidationError("Each must begin after the one before.", name)
        codes = {stage["code"] for stage in data["stages"]}
        if len(codes) < len(begins) or "none" in codes:
            raise ValidationError("Each needs a code of its own.", "stages")


class ArrearsSettings(ArrearsSettingsBody):
    """The tables that are in force."""


class GetLoanHistory(LoanCommand, Page):
    """A loan, and which part of its history."""


class LoanDay(Schema):
    """How a loan stood from a day on: its class or stage changed, or a month ended."""

    day = fields.Date(required=True)
    reason = fields.String(required=True, validate=validate.OneOf(REASONS))
    dpd = fields.Integer(required=True, strict=True)
    collectibility = fields.Integer(required=True, strict=True)
    stage = fields.String(required=True)
    outstanding = fields.Integer(required=True, strict=True)


class LoanHistory(Schema):
    """How a loan stood, the latest first."""

    items = fields.List(fields.Nested(LoanDay), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
