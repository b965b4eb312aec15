"""Loans in the book: what was lent, what falls due, what was paid of it.

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_loan` | loans:read | `LoanCommand` | `LoanDetails` |
| `list_loans` | loans:read | `ListLoans` | `LoanPage` |
| `get_loan_schedule` | loans:read | `LoanCommand` | `LoanSchedule` |
| `get_loan_card` | loans:read | `GetLoanCard` | `LoanCard` or a file |
| `get_my_loan` | self:read | `LoanCommand` | `LoanDetails` |
| `list_my_loans` | self:read | `ListMyLoans` | `LoanPage` |
| `get_my_loan_schedule` | self:read | `LoanCommand` | `LoanSchedule` |
| `get_my_loan_card` | self:read | `GetLoanCard` | `LoanCard` or a file |

Amounts are whole rupiah.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts import files
from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.loans import (
    FREQUENCIES,
    LOAN_STATUSES,
    METHODS,
    LoanCommand,
    identifier,
)
from services.shared.contracts.loans.repayments import Repayment
from services.shared.contracts.paging import Page

KINDS: Final = ("loan", "remainder")


class Loan(Schema):
    """A loan as it stands."""

    id = identifier("loa_01jd8x")
    number = fields.String(required=True, metadata={"example": "PINJ/2026/11/1"})
    kind = fields.String(
        required=True,
        validate=validate.OneOf(KINDS),
        metadata={"description": "`remainder` is what was left after a sale (R156)."},
    )
    application_id = fields.String(required=True, allow_none=True)
    product_id = identifier("lpr_01jd8x")
    member_id = identifier("mem_01jd8x")
    member_name = fields.String(required=True, metadata={"example": "Budi Santoso"})
    savings_account = fields.String(required=True, allow_none=True)
    branch_code = fields.String(required=True)
    officer = fields.String(required=True)
    sector = fields.String(required=True)
    purpose = fields.String(required=True)
    method = fields.String(required=True, validate=validate.OneOf(METHODS))
    frequency = fields.String(required=True, validate=validate.OneOf(FREQUENCIES))
    principal = fields.Integer(required=True, strict=True)
    rate_bps = fields.Integer(required=True, strict=True)
    effective_rate_bps = fields.Integer(required=True, strict=True)
    count = fields.Integer(required=True, strict=True)
    disbursed_on = fields.Date(required=True)
    matures_on = fields.Date(required=True)
    status = fields.String(required=True, validate=validate.OneOf(LOAN_STATUSES))
    closed_on = fields.Date(required=True, allow_none=True)
    outstanding = fields.Integer(
        required=True, strict=True, metadata={"description": "Principal left."}
    )
    dpd = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Days past due of the oldest unpaid instalment."},
    )
    collectibility = fields.Integer(
        required=True, strict=True, metadata={"description": "1 to 5 (C1)."}
    )
    stage = fields.String(required=True)
    restructured_from = fields.String(required=True, allow_none=True)
    times_restructured = fields.Integer(required=True, strict=True)
    instalments_paid = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "How many instalments are paid in full (R135)."},
    )
    next_due_on = fields.Date(
        required=True,
        allow_none=True,
        metadata={"description": "Of the oldest instalment that is not paid."},
    )
    next_amount = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        metadata={"description": "What is not paid of it, penalties aside."},
    )


class LoanRules(Schema):
    """What the akad says of payments."""

    allocation = fields.List(fields.String(), required=True)
    overpayment = fields.String(required=True)
    penalty_bps_per_day = fields.Integer(required=True, strict=True)
    penalty_grace_days = fields.Integer(required=True, strict=True)
    penalty_cap_bps_per_month = fields.Integer(required=True, strict=True)
    settlement_fee_months = fields.Integer(required=True, strict=True)
    rebate_bps = fields.Integer(required=True, strict=True)
    rebate_grace_days = fields.Integer(required=True, strict=True)
    fee_payer = fields.String(required=True)
    premium_payer = fields.String(required=True)


class LoanRebate(Schema):
    """Interest that comes back to a borrower who has always paid in time (R158)."""

    amount = fields.Integer(required=True, strict=True)
    posted_at = UtcField(
        required=True,
        allow_none=True,
        metadata={"description": "Null until it is on the member's savings."},
    )


class LoanDetails(Loan):
    """A loan with what is owed of it today."""

    rules = fields.Nested(LoanRules, required=True)
    due_principal = fields.Integer(required=True, strict=True)
    due_interest = fields.Integer(required=True, strict=True)
    due_penalty = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Penalties up to today."},
    )
    due_total = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "What has fallen due and is not paid."},
    )
    deferred_interest = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Interest that was put off to the end, not paid."},
    )
    cause = fields.String(required=True, allow_none=True)
    rebate = fields.Nested(LoanRebate, required=True, allow_none=True)


class ListLoans(Page):
    """The loans of the caller's cooperative, or some of them."""

    member_id = text(longest=100, load_default=None, allow_none=True)
    status = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(LOAN_STATUSES)
    )
    collectibility = fields.Integer(
        load_default=None, allow_none=True, validate=validate.Range(min=1, max=5)
    )
    officer = text(longest=100, load_default=None, allow_none=True)


class ListMyLoans(Page):
    """The loans of the member who asks."""


class LoanPage(Schema):
    """Loans in the order they were made."""

    items = fields.List(fields.Nested(Loan), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Instalment(Schema):
    """What falls due on one day, and what was paid of it."""

    number = fields.Integer(required=True, strict=True)
    due_on = fields.Date(required=True)
    principal = fields.Integer(required=True, strict=True)
    interest = fields.Integer(required=True, strict=True)
    amount = fields.Integer(required=True, strict=True)
    principal_paid = fields.Integer(required=True, strict=True)
    interest_paid = fields.Integer(required=True, strict=True)
    penalty = fields.Integer(
        required=True, strict=True, metadata={"description": "Up to today."}
    )
    penalty_paid = fields.Integer(required=True, strict=True)
    penalty_waived = fields.Integer(required=True, strict=True)
    settled_on = fields.Date(required=True, allow_none=True)


class LoanSchedule(Schema):
    """Every instalment of a loan."""

    loan_id = identifier("loa_01jd8x")
    number = fields.String(required=True)
    items = fields.List(fields.Nested(Instalment), required=True)


class LoanCardQuery(Schema):
    """In which form a card is wanted."""

    format = files.format_field(files.PDF, files.XLSX)


class GetLoanCard(LoanCardQuery, LoanCommand):
    """The card (kartu angsuran) of a loan."""


class LoanCard(LoanSchedule):
    """The card of a loan: its schedule and everything that was paid."""

    loan = fields.Nested(LoanDetails, required=True)
    repayments = fields.List(fields.Nested(Repayment), required=True)
