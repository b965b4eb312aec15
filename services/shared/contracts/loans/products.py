"""Loan products: on which terms a cooperative lends, and what a loan would cost.

| entrypoint | rule | command | result |
|---|---|---|---|
| `create_loan_product` | products:write | `CreateLoanProduct` | product |
| `change_loan_product` | products:write | `ChangeLoanProduct` | product |
| `get_loan_product` | products:read or self:read | `LoanProductCommand` | product |
| `list_loan_products` | products:read or self:read | `ListLoanProducts` | page |
| `quote_loan` | products:read or self:read | `QuoteLoan` | `LoanQuote` |

A product is a `LoanProduct`.
Amounts are whole rupiah, rates basis points per year of at most 2400 (R114,
Permenkop 8/2023 art. 27). What is changed holds for loans to come.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts import form_schemas
from services.shared.contracts.fields import AmountField, FlagField, text
from services.shared.contracts.loans import FREQUENCIES, METHODS, PAYERS, Command
from services.shared.contracts.loans import identifier as _id
from services.shared.contracts.paging import Page
from services.shared.errors import ConflictError, RefusedError

CAP_BASES: Final = ("nominal", "effective")
PARTS: Final = ("penalty", "interest", "principal")
OVERPAYMENTS: Final = ("forward", "principal")
COUNT_MAX: Final = 600
RATE_BPS_MAX: Final = 2400
ROUNDING_UNITS: Final = (1, 100, 500, 1000)


class LoanProductCodeTaken(ConflictError):
    """Another loan product of the cooperative has this code."""

    code = "loan_product_code_taken"


class LoanProductNotOffered(RefusedError):
    """This loan product is not offered any more."""

    code = "loan_product_not_offered"


class LoanOutsideProduct(RefusedError):
    """Amount or number of instalments is outside of what the product allows."""

    code = "loan_outside_product"


class ScheduleImpossible(RefusedError):
    """The loan cannot be divided like this: rounding leaves nothing for the end."""

    code = "schedule_impossible"


def _code() -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Regexp(
            r"^[a-z][a-z0-9_]{0,29}\Z",
            error="Must be small letters, digits and _, a letter first.",
        ),
        metadata={"example": "umum"},
    )


def _count(default: int | None, description: str, *, minimum: int = 1) -> Any:
    options: dict[str, Any] = {"load_default": default}
    if default is None:
        options = {"required": True}
    return fields.Integer(
        strict=True,
        validate=validate.Range(min=minimum, max=COUNT_MAX),
        metadata={"description": description, "example": 12},
        **options,
    )


def _bps(most: int, default: int, description: str) -> fields.Integer:
    return fields.Integer(
        load_default=default,
        strict=True,
        validate=validate.Range(min=0, max=most),
        metadata={"description": description, "example": default},
    )


class LoanTermsBody(Schema):
    """The terms of a loan product."""

    name = text(
        longest=100, required=True, metadata={"example": "Pinjaman Usaha Mikro"}
    )
    method = fields.String(
        required=True, validate=validate.OneOf(METHODS), metadata={"example": "menurun"}
    )
    frequency = fields.String(
        load_default="monthly",
        validate=validate.OneOf(FREQUENCIES),
        metadata={"example": "monthly"},
    )
    rate_bps = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=0, max=100_000),
        metadata={
            "description": "Nominal interest per year in basis points: 2400 is 24 %, "
            "the most there may be.",
            "example": 1800,
        },
    )
    cap_basis = fields.String(
        load_default="nominal",
        validate=validate.OneOf(CAP_BASES),
        metadata={"description": "Which rate is compared with the cap of 24 %."},
    )
    minimum_amount = AmountField(load_default=500_000, metadata={"example": 500_000})
    maximum_amount = AmountField(required=True, metadata={"example": 50_000_000})
    minimum_count = _count(1, "The fewest instalments.")
    maximum_count = _count(None, "The most instalments.")
    grace_count = _count(0, "How many first instalments repay no principal.", minimum=0)
    harvest_every = _count(
        1, "Of `musiman`: principal is repaid in every so manieth instalment."
    )
    rounding_unit = fields.Integer(
        load_default=1,
        strict=True,
        validate=validate.OneOf(ROUNDING_UNITS),
        metadata={"description": "Instalments but the last are rounded up to it."},
    )
    shifts_holidays = FlagField(
        load_default=True,
        metadata={"description": "Due days on Sundays and holidays come later."},
    )
    allocation = fields.List(
        fields.String(validate=validate.OneOf(PARTS)),
        load_default=list(PARTS),
        validate=validate.Length(equal=len(PARTS)),
        metadata={"description": "In which order a payment is taken."},
    )
    overpayment = fields.String(
        load_default="forward",
        validate=validate.OneOf(OVERPAYMENTS),
        metadata={
            "description": "Where what is paid beyond what is due goes: to the next "
            "instalments, or to the principal."
        },
    )
    penalty_bps_per_day = _bps(
        100, 10, "Of what is overdue, for every day after the days of grace."
    )
    penalty_grace_days = fields.Integer(
        load_default=3, strict=True, validate=validate.Range(min=0, max=60)
    )
    penalty_cap_bps_per_month = _bps(
        100, 100, "The most that thirty days cost; 100 is 1 % (R158)."
    )
    settlement_fee_months = fields.Integer(
        load_default=0,
        strict=True,
        validate=validate.Range(min=0, max=12),
        metadata={
            "description": "Of `flat`: how many months' interest an early settlement "
            "costs, at most what it saves."
        },
    )
    rebate_bps = _bps(
        10_000,
        0,
        "Of the interest that was paid: what the borrower gets back when the loan is "
        "settled and every instalment was paid in time (R158).",
    )
    rebate_grace_days = fields.Integer(
        load_default=0,
        strict=True,
        validate=validate.Range(min=0, max=30),
        metadata={"description": "Days after the due day that are still in time."},
    )
    administration_bps = _bps(1000, 0, "Of the loan, deducted when it is paid out.")
    administration_amount = AmountField(minimum=0, load_default=0)
    fee_payer = fields.String(
        load_default="cooperative",
        validate=validate.OneOf(PAYERS),
        metadata={"description": "Who pays the hub's fee (C21)."},
    )
    premium_payer = fields.String(
        load_default="cooperative",
        validate=validate.OneOf(PAYERS),
        metadata={"description": "Who pays the insurer's premium (C21)."},
    )
    insurance_product = text(
        longest=30,
        load_default=None,
        allow_none=True,
        metadata={"description": "What every loan is insured with (R48)."},
    )
    minimum_cover_bps = fields.Integer(
        load_default=0,
        strict=True,
        validate=validate.Range(min=0, max=100_000),
        metadata={"description": "Accepted collateral, of the loan; 0 asks for none."},
    )
    requires_visit = FlagField(load_default=False)
    requires_training = FlagField(load_default=False)
    form = fields.Dict(
        keys=fields.String(),
        load_default=None,
        allow_none=True,
        metadata={
            "description": "JSON Schema of the application form's own fields (R121)."
        },
    )
    is_offered = FlagField(load_default=True)

    @validates_schema
    def _consistent(self, data: dict[str, Any], **_: Any) -> None:
        if data["minimum_amount"] > data["maximum_amount"]:
            message = "Must be at least minimum_amount."
            raise ValidationError(message, "maximum_amount")
        if data["minimum_count"] > data["maximum_count"]:
            message = "Must be at least minimum_count."
            raise ValidationError(message, "maximum_count")
        if data["grace_count"] >= data["minimum_count"]:
            message = "Must be less than minimum_count."
            raise ValidationError(message, "grace_count")
        if data["harvest_every"] > data["minimum_count"]:
            message = "Must be at most minimum_count."
            raise ValidationError(message, "harvest_every")
        if sorted(data["allocation"]) != sorted(PARTS):
            message = "Must name penalty, interest and principal, each once."
            raise ValidationError(message, "allocation")
        fault = None if data["form"] is None else form_schemas.fault(data["form"])
        if fault is not None:
            raise ValidationError(fault, "form")


class LoanProductBody(LoanTermsBody):
    """A new loan product."""

    code = _code()


class CreateLoanProduct(LoanProductBody, Command):
    """A loan product that the cooperative offers from now on."""


class LoanProductCommand(Schema):
    """Something about one loan product of the caller's cooperative."""

    code = _code()


class ChangeLoanProduct(LoanTermsBody, LoanProductCommand):
    """Other terms for loans to come; loans that run keep theirs."""


class ListLoanProducts(Page):
    """The loan products of the caller's cooperative."""


class LoanProduct(LoanProductBody):
    """A loan product as offered."""

    id = _id("lpr_01jd8x")


class LoanProductPage(Schema):
    """Loan products in the order they were made."""

    items = fields.List(fields.Nested(LoanProduct), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class LoanQuoteBody(Schema):
    """A loan that somebody thinks of."""

    amount = AmountField(required=True, metadata={"example": 3_000_000})
    count = _count(None, "How many instalments.")
    first_due_on = fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"description": "Null for one period from today."},
    )


class QuoteLoan(LoanQuoteBody, LoanProductCommand):
    """What such a loan of a product would cost."""


class QuotedInstalment(Schema):
    """What would fall due on one day."""

    number = fields.Integer(required=True)
    due_on = fields.Date(required=True)
    principal = fields.Integer(required=True, strict=True)
    interest = fields.Integer(required=True, strict=True)
    amount = fields.Integer(required=True, strict=True)
    balance = fields.Integer(
        required=True, strict=True, metadata={"description": "Principal left after it."}
    )


class LoanQuote(Schema):
    """A simulation: it binds nobody.

    ``received`` is what is left of the loan after everything that is deducted; the
    effective rate is computed on it (C14).
    """

    product = fields.String(required=True, metadata={"example": "umum"})
    amount = fields.Integer(required=True, strict=True)
    count = fields.Integer(required=True, strict=True)
    rate_bps = fields.Integer(required=True, strict=True)
    effective_rate_bps = fields.Integer(required=True, strict=True)
    total_interest = fields.Integer(required=True, strict=True)
    total = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Principal and interest together."},
    )
    administration = fields.Integer(required=True, strict=True)
    passed_fee = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "What the borrower bears of the hub's fee."},
    )
    passed_premium = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "What the borrower bears of the premium."},
    )
    received = fields.Integer(required=True, strict=True)
    instalments = fields.List(fields.Nested(QuotedInstalment), required=True)
