"""How a member stands, for the service that lends to it.

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_standing` | service loans | `GetStanding` | `Standing` |
| `get_minimum_balances` | service loans | `GetMinimumBalances` | `{number: rupiah}` |
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.members import MEMBER_STATUSES, identifier

ACCOUNTS_MAX: Final = 50
NUMBERS_MAX: Final = 1000


class GetStanding(Schema):
    """A member of the caller's cooperative."""

    member_id = identifier("mem_01jd8x")


class StandingAccount(Schema):
    """A savings account and what is in it, in whole rupiah."""

    number = fields.String(required=True)
    product = fields.String(required=True)
    balance = fields.Integer(required=True, strict=True)
    available = fields.Integer(required=True, strict=True)


class Standing(Schema):
    """What a lender needs to know of a member; amounts in whole rupiah.

    ``savings_total`` is all that the member holds: simpanan pokok, wajib and sukarela.
    ``is_related`` is true of those who run or supervise the cooperative (Permenkop
    8/2023 art. 44).
    """

    member_id = identifier("mem_01jd8x")
    number = fields.String(required=True)
    name = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(MEMBER_STATUSES))
    birth_date = fields.Date(required=True, allow_none=True)
    active_since = fields.Date(required=True, allow_none=True)
    member_since_months = fields.Integer(required=True, strict=True)
    has_paid_principal = fields.Boolean(required=True)
    mandatory_months_open = fields.Integer(required=True, strict=True)
    is_related = fields.Boolean(required=True)
    savings = fields.List(fields.Nested(StandingAccount), required=True)
    savings_total = fields.Integer(required=True, strict=True)


class GetMinimumBalances(Schema):
    """Savings accounts of which is asked what their products keep in them.

    Accounts that are not in use any more are left out.
    """

    numbers = fields.List(
        fields.String(required=True),
        required=True,
        validate=validate.Length(min=1, max=NUMBERS_MAX),
    )
