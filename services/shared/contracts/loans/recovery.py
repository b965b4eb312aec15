"""Within which bounds a cooperative recovers loans that failed (R49, R155, topic 7).

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_recovery_settings` | loans:read | `{}` | `RecoverySettings` |
| `put_recovery_settings` | cooperative:write | `RecoverySettings` | same |
"""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import AmountField


class RecoverySettings(Schema):
    """From when claims, sales and write-offs are possible."""

    claim_after_days = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=1, max=365),
        metadata={
            "description": "Days past due from which the insurer is claimed on.",
            "example": 90,
        },
    )
    floor_price_bps = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=1, max=10_000),
        metadata={
            "description": "The lowest price of collateral, of its market value.",
            "example": 7000,
        },
    )
    auction_from = AmountField(
        required=True,
        minimum=0,
        metadata={
            "description": "Below this value an auction by KPKNL hardly pays.",
            "example": 50_000_000,
        },
    )
    write_off_after_months = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=0, max=120),
        metadata={
            "description": "Months of arrears before a loan is written off.",
            "example": 12,
        },
    )
