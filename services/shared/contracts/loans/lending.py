"""How a cooperative decides on loans and keeps the cash for them.

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_lending_settings` | approvals:read, loans:read | `{}` | `LendingSettings` |
| `put_lending_settings` | cooperative:write | `LendingSettingsBody` | its settings |

Amounts are whole rupiah.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import AmountField
from services.shared.errors import RefusedError

COMMITTEE_ROLES: Final = ("komite", "pengurus", "bendahara")
QUORUM_MAX: Final = 9
TIERS_MAX: Final = 10


class InvalidTiers(RefusedError):
    """Tiers rise to an open one, and a larger loan never needs fewer votes."""

    code = "invalid_tiers"


class CommitteeTier(Schema):
    """How many of the committee must agree on a loan of up to an amount."""

    through = AmountField(
        required=True,
        allow_none=True,
        metadata={
            "description": "The largest amount of this tier; null in the last one.",
            "example": 10_000_000,
        },
    )
    quorum = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=1, max=QUORUM_MAX),
        metadata={"example": 1},
    )
    roles = fields.List(
        fields.String(validate=validate.OneOf(COMMITTEE_ROLES)),
        load_default=lambda: list(COMMITTEE_ROLES),
        validate=validate.Length(min=1, max=len(COMMITTEE_ROLES)),
        metadata={"description": "Whose votes count in this tier."},
    )


def _tiers() -> fields.List[Any]:
    return fields.List(
        fields.Nested(CommitteeTier),
        required=True,
        validate=validate.Length(min=1, max=TIERS_MAX),
    )


class LendingSettingsBody(Schema):
    """The committee's tiers, and the cash that is never lent."""

    tiers = _tiers()
    cash_reserve = AmountField(
        load_default=0,
        minimum=0,
        metadata={
            "description": "What stays in cash and bank whatever is lent.",
            "example": 5_000_000,
        },
    )


class LendingSettings(LendingSettingsBody):
    """How a cooperative lends."""
