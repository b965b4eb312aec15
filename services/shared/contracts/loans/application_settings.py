"""What a cooperative asks of who wants a loan (R120, R136-R140).

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_application_settings` | applications:read | `{}` | `ApplicationSettings` |
| `put_application_settings` | products:write | `ApplicationSettings` | the same |
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import FlagField

COLLATERAL_KINDS: Final = (
    "business_equipment",
    "village_land_certificate",
    "land_certificate",
    "vehicle_bpkb",
    "securities",
    "savings",
    "deposit",
    "group_guarantee",
    "personal_guarantee",
)
HAIRCUTS: Final = {
    "business_equipment": 5000,
    "village_land_certificate": 5000,
    "land_certificate": 3000,
    "vehicle_bpkb": 3000,
    "securities": 3000,
    "savings": 0,
    "deposit": 0,
    "group_guarantee": 5000,
    "personal_guarantee": 5000,
}
"""What is taken off an appraisal unless the cooperative says otherwise."""


def _number(default: int, low: int, high: int, description: str) -> fields.Integer:
    return fields.Integer(
        strict=True,
        load_default=default,
        validate=validate.Range(min=low, max=high),
        metadata={"description": description, "example": default},
    )


def _haircut() -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(min=0, max=10_000))


class ApplicationSettings(Schema):
    """The rules of one cooperative; basis points where nothing else is said."""

    minimum_membership_months = _number(3, 0, 120, "Active for so long (R120).")
    service_ratio_bps = _number(
        3000, 1, 10_000, "Instalments of income at most (R137): 3000 is 30 %."
    )
    service_ratio_is_hard = FlagField(
        load_default=True,
        metadata={"description": "Whether nobody can let a higher ratio pass."},
    )
    turnover_bps = _number(
        5000, 1, 10_000, "Loan of the monthly turnover of a business at most (R136)."
    )
    related_bps = _number(
        1000, 1, 1000, "To a related party, of own capital at most (art. 44)."
    )
    other_bps = _number(
        1500, 1, 1500, "To anybody else, of own capital at most (art. 45)."
    )
    training_months = _number(12, 1, 120, "For how long a training is good.")
    requires_check = FlagField(
        load_default=True,
        metadata={"description": "Whether eKYC or Skoring has to be passed (R27)."},
    )
    group_arrears_days = _number(
        30, 0, 365, "Arrears of a member that keep its group from new loans."
    )
    call_days = _number(30, 1, 365, "Arrears from which guarantors may be called.")
    haircuts = fields.Dict(
        keys=fields.String(validate=validate.OneOf(COLLATERAL_KINDS)),
        values=_haircut(),
        load_default=dict,
        metadata={
            "description": "What is taken off an appraisal, by kind; usual where a "
            "kind is not named.",
            "example": {"vehicle_bpkb": 3000},
        },
    )


def usual() -> dict[str, Any]:
    """The settings of a cooperative that has none of its own."""
    loaded: dict[str, Any] = ApplicationSettings().load({})
    return loaded
