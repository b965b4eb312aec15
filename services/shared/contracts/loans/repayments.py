"""What is paid of loans: at the counter, out of savings, by bank and virtual account.

| entrypoint | rule | command | result |
|---|---|---|---|
| `record_repayment` | service members | `RecordRepayment` | `Repayment` |
| `get_payable` | service members | `PayableCommand` | `Payable` |
| `repay_loan` | loans:write or accounts:write | `RepayLoan` | `Repayment` |
| `repay_my_loan` | self:write | `RepayMyLoan` | `Repayment` |
| `quote_settlement` | loans:read | `SettlementCommand` | `LoanSettlement` |
| `quote_my_settlement` | self:read | `SettlementCommand` | `LoanSettlement` |
| `list_repayments` | loans:read | `ListRepayments` | `RepaymentPage` |
| `list_my_repayments` | self:read | `ListRepayments` | `RepaymentPage` |

Amounts are whole rupiah. Cash comes through the members service, which knows drawers.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import AmountField, FlagField, UtcField, text
from services.shared.contracts.loans import LOAN_STATUSES, LoanCommand, MoneyCommand
from services.shared.contracts.loans import identifier as _id
from services.shared.contracts.paging import Page
from services.shared.errors import ConflictError, RefusedError

CHANNELS: Final = (
    "cash",
    "savings",
    "va",
    "bank",
    "insurance",
    "collateral",
    "guarantor",
)
STATUSES: Final = ("posting", "posted", "refused")


class RepaymentUnderWay(ConflictError):
    """Another repayment of this loan is just being posted; try again shortly."""

    code = "repayment_under_way"


class Overpaid(RefusedError):
    """This is more than is owed; ``details["owed"]`` says what can be paid."""

    code = "overpaid"


class SettlementChanged(RefusedError):
    """The loan is paid off by another amount; ``details["total"]`` says by which."""

    code = "settlement_changed"


class WrongRepaymentAccount(RefusedError):
    """A loan is paid from the savings account of its akad, or another of the member."""

    code = "wrong_repayment_account"


class RepaymentBody(Schema):
    """Money that pays a loan.

    With ``settles`` it pays the loan off before its time and must be exactly what the
    settlement costs today.
    """

    amount = AmountField(required=True, metadata={"example": 310_000})
    channel = fields.String(
        required=True,
        validate=validate.OneOf(("cash", "savings", "bank")),
        metadata={
            "description": "`cash` goes into the caller's drawer; `savings` takes it "
            "out of the account that the akad names.",
            "example": "cash",
        },
    )
    settles = FlagField(load_default=False, metadata={"example": False})
    reference = text(
        longest=100,
        load_default=None,
        allow_none=True,
        metadata={"description": "Such as the bank's.", "example": None},
    )


class RepayLoan(RepaymentBody, LoanCommand, MoneyCommand):
    """A repayment at the office, once per idempotency key."""


class MyRepaymentBody(Schema):
    """What a member pays of the own loan, out of the own savings."""

    amount = AmountField(required=True, metadata={"example": 310_000})
    savings_account = text(
        longest=16,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Null for the account that the akad names.",
            "example": "0101100000000017",
        },
    )
    settles = FlagField(load_default=False, metadata={"example": False})


class RepayMyLoan(MyRepaymentBody, LoanCommand, MoneyCommand):
    """A repayment by the borrower, once per idempotency key."""


class RecordRepayment(LoanCommand):
    """Money that another service has taken; once per ``id``.

    ``source_key`` is the ledger's account that holds it.
    """

    id = _id("rep_4f1c")
    amount = AmountField(required=True)
    channel = fields.String(required=True, validate=validate.OneOf(("cash", "va")))
    source_key = _id("coop_01jd8x:1-1000:drw_01jd8x")
    settles = FlagField(load_default=False)
    reference = text(longest=100, load_default=None, allow_none=True)


class PayableCommand(LoanCommand):
    """A loan that somebody wants to pay."""


class Payable(Schema):
    """Whose a loan is, which account has its principal, and what can be paid."""

    loan_id = _id("loa_01jd8x")
    number = fields.String(required=True)
    member_id = _id("mem_01jd8x")
    member_name = fields.String(required=True)
    account_key = _id("coop_01jd8x:1-1100:loa_01jd8x")
    due = fields.Integer(
        required=True, strict=True, metadata={"description": "What has fallen due."}
    )
    settlement = fields.Integer(
        required=True, strict=True, metadata={"description": "What pays it off today."}
    )
    owed = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "The most that an ordinary repayment can be."},
    )


class Repayment(Schema):
    """What was paid, and what of the loan it paid."""

    id = _id("rep_4f1c")
    loan_id = _id("loa_01jd8x")
    channel = fields.String(required=True, validate=validate.OneOf(CHANNELS))
    amount = fields.Integer(required=True, strict=True)
    penalty = fields.Integer(required=True, strict=True)
    interest = fields.Integer(required=True, strict=True)
    principal = fields.Integer(required=True, strict=True)
    fee = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "What an early settlement costs beside."},
    )
    is_settlement = fields.Boolean(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    business_date = fields.Date(required=True)
    outstanding = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        metadata={"description": "Principal that is left; null until it is posted."},
    )
    reference = fields.String(required=True, allow_none=True)
    journal_id = _id("jrn_4f1c")
    posted_at = UtcField(required=True, allow_none=True)
    slip_number = fields.String(
        allow_none=True,
        metadata={
            "description": "Of cash, while it is answered.",
            "example": "SLIP/2026/11/7",
        },
    )


class ListRepayments(Page, LoanCommand):
    """What was paid of a loan."""


class RepaymentPage(Schema):
    """Repayments in the order they were made."""

    items = fields.List(fields.Nested(Repayment), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class SettlementCommand(LoanCommand):
    """What it costs today to pay a loan off."""


class LoanSettlement(Schema):
    """What pays a loan off on a day: interest only up to that day."""

    loan_id = _id("loa_01jd8x")
    on = fields.Date(required=True)
    principal = fields.Integer(required=True, strict=True)
    interest = fields.Integer(required=True, strict=True)
    penalty = fields.Integer(required=True, strict=True)
    fee = fields.Integer(required=True, strict=True)
    total = fields.Integer(required=True, strict=True)


class RepaymentEvent(Schema):
    """Payload of `loan_repaid`."""

    cooperative_id = _id("coop_01jd8x")
    repayment_id = _id("rep_4f1c")
    loan_id = _id("loa_01jd8x")
    number = fields.String(required=True)
    member_id = _id("mem_01jd8x")
    channel = fields.String(required=True)
    amount = fields.Integer(required=True, strict=True)
    penalty = fields.Integer(required=True, strict=True)
    interest = fields.Integer(required=True, strict=True)
    principal = fields.Integer(required=True, strict=True)
    outstanding = fields.Integer(required=True, strict=True)
    loan_status = fields.String(required=True, validate=validate.OneOf(LOAN_STATUSES))
    on = fields.Date(required=True)
