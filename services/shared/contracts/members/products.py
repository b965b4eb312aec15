"""Savings products with their interest, and what simpanan pokok and wajib amount to.

| entrypoint | scope of products | command | result |
|---|---|---|---|
| `create_savings_product` | write | `CreateSavingsProduct` | `SavingsProduct` |
| `change_savings_product` | write | `ChangeSavingsProduct` | `SavingsProduct` |
| `set_savings_rate` | write | `SetSavingsRate` | `SavingsProduct` |
| `get_savings_product` | read | `SavingsProductCommand` | `SavingsProduct` |
| `list_savings_products` | read | `ListSavingsProducts` | `SavingsProductPage` |
| `set_contribution_term` | write | `SetContributionTerm` | `ContributionTerm` |
| `list_contribution_terms` | read | `ListContributionTerms` | `ContributionTermPage` |

Rates and amounts change with the first of a month, and never for a month that has
begun, except that the first one of all may be for the present month.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate

from services.shared.contracts.fields import AmountField
from services.shared.contracts.members import Command, Page, name_field
from services.shared.errors import ConflictError, RefusedError

METHODS: Final = ("lowest", "average", "daily")
PRODUCT_STATUSES: Final = ("open", "retired")
CONTRIBUTION_KINDS: Final = ("pokok", "wajib")
RATE_BPS_MAX: Final = 900
DUE_DAY_MAX: Final = 28


class ProductCodeTaken(ConflictError):
    """A product has this code already, or the code means something else."""

    code = "product_code_taken"


class ProductsExhausted(RefusedError):
    """There are as many savings products as account numbers can tell apart."""

    code = "products_exhausted"


class UnknownProduct(RefusedError):
    """The cooperative has no open product with this code."""

    code = "unknown_product"


class TermTooEarly(RefusedError):
    """What is in force changes with the first of a month that is still to come."""

    code = "term_too_early"


def product_code(**options: Any) -> fields.String:
    """The code of a savings product."""
    return fields.String(
        required=True,
        validate=validate.Regexp(
            r"^[a-z][a-z0-9_]{0,29}\Z",
            error="Must be small letters, digits and _, a letter first.",
        ),
        metadata={"example": "sukarela"},
        **options,
    )


def _first_of_month(day: date) -> None:
    if day.day != 1:
        raise ValidationError("Must be the first day of a month.")


def _valid_from() -> fields.Date:
    return fields.Date(
        required=True, validate=_first_of_month, metadata={"example": "2026-12-01"}
    )


def _rate_bps() -> fields.Integer:
    return fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=0, max=RATE_BPS_MAX),
        metadata={
            "description": "Interest per year in basis points: 350 is 3.5 %. At most "
            "900, as the law has it.",
            "example": 350,
        },
    )


def _minimum_balance(**options: Any) -> AmountField:
    return AmountField(
        minimum=0,
        metadata={
            "description": "A day on which less than this was in the account earns "
            "nothing.",
            "example": 0,
        },
        **options,
    )


class SavingsProductBody(Schema):
    """A new savings product; accounts of it get product digits of their own."""

    code = product_code()
    name = name_field("Tabungan Pendidikan")
    interest_method = fields.String(
        load_default="daily",
        validate=validate.OneOf(METHODS),
        metadata={
            "description": "`lowest` and `average` balance of the month, a twelfth of "
            "the yearly rate each, or the balance of each day, of 365.",
            "example": "daily",
        },
    )
    minimum_balance = _minimum_balance(load_default=0)


class CreateSavingsProduct(SavingsProductBody, Command):
    """A new savings product of the caller's cooperative."""


class SavingsProductCommand(Schema):
    """Something about one savings product."""

    code = product_code()


class SavingsProductChanges(Schema):
    """What may be changed of a product; what is left out stays."""

    name = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.Regexp(
            r"^(?=.*\S)[^\x00-\x1f\x7f]{1,200}\Z",
            error="Must not be blank, nor hold control characters.",
        ),
        metadata={"example": "Tabungan Pendidikan"},
    )
    minimum_balance = _minimum_balance(allow_none=True, load_default=None)
    status = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.OneOf(PRODUCT_STATUSES),
        metadata={"description": "A retired product has no new accounts."},
    )


class ChangeSavingsProduct(SavingsProductChanges, SavingsProductCommand):
    """A savings product that is changed."""


class SavingsRateBody(Schema):
    """The interest of a product from a month on."""

    valid_from = _valid_from()
    rate_bps = _rate_bps()


class SetSavingsRate(SavingsRateBody, SavingsProductCommand, Command):
    """A new rate of a product of the caller's cooperative."""


class ListSavingsProducts(Page):
    """The savings products of the caller's cooperative."""


class SavingsRate(Schema):
    """A rate and the month from which it holds."""

    valid_from = fields.Date(required=True)
    rate_bps = fields.Integer(required=True, strict=True)


class SavingsProduct(Schema):
    """A savings product; `rate_bps` is in force this month, `rates` are all of them."""

    code = product_code()
    name = fields.String(required=True)
    digits = fields.String(
        required=True,
        metadata={
            "description": "Digits 5 and 6 of its account numbers.",
            "example": "10",
        },
    )
    interest_method = fields.String(required=True, validate=validate.OneOf(METHODS))
    minimum_balance = fields.Integer(required=True, strict=True)
    status = fields.String(required=True, validate=validate.OneOf(PRODUCT_STATUSES))
    rate_bps = fields.Integer(required=True, strict=True)
    rates = fields.List(fields.Nested(SavingsRate), required=True)


class SavingsProductPage(Schema):
    """Savings products in the order of their codes."""

    items = fields.List(fields.Nested(SavingsProduct), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ContributionTermBody(Schema):
    """What a contribution amounts to from a month on; 0 asks for none any more."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(CONTRIBUTION_KINDS),
        metadata={"example": "wajib"},
    )
    amount = AmountField(required=True, minimum=0, metadata={"example": 20000})
    valid_from = _valid_from()
    due_day = fields.Integer(
        strict=True,
        load_default=10,
        validate=validate.Range(min=1, max=DUE_DAY_MAX),
        metadata={"description": "The day of the month until which wajib is due."},
    )


class SetContributionTerm(ContributionTermBody, Command):
    """New terms of the caller's cooperative."""


class ListContributionTerms(Page):
    """The terms of the caller's cooperative, past, present and future."""


class ContributionTerm(Schema):
    """What a contribution amounts to, and since when."""

    kind = fields.String(required=True, validate=validate.OneOf(CONTRIBUTION_KINDS))
    amount = fields.Integer(required=True, strict=True)
    valid_from = fields.Date(required=True)
    due_day = fields.Integer(required=True, strict=True)


class ContributionTermPage(Schema):
    """Terms by kind, the earliest first."""

    items = fields.List(fields.Nested(ContributionTerm), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
