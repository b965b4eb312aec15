"""Guarantors, whose savings are held for the loan of another (R139).

| entrypoint | rule | command | result |
|---|---|---|---|
| `add_guarantee` | applications:write | `AddGuarantee` | `Guarantee` |
| `add_group_guarantee` | applications:write | `AddGroupGuarantee` | `Guarantees` |
| `withdraw_guarantee` | applications:write | `ChangeGuarantee` | `Guarantee` |
| `list_guarantees` | applications:read, loans:read | `ListGuarantees` | `Guarantees` |
| `propose_guarantee_call` | collections:write | `ProposeCall` | `GuaranteeCall` |
| `approve_guarantee_call` | approvals:write | `ApproveCall` | `GuaranteeCall` |
| `reject_guarantee_call` | approvals:write | `RejectCall` | `GuaranteeCall` |
| `get_guarantee_call` | loans:read, collections:read | `CallCommand` | the same |
| `list_my_guarantees` | self:read | `ListMyGuarantees` | `MyGuaranteePage` |
| `decline_my_guarantee` | self:write | `ChangeGuarantee` | `Guarantee` |

What is promised is held in the guarantor's savings when the loan is paid out, in four
parts that are given up one by one as the loan is paid back. A guarantor is called when
the loan is late: one proposes, another approves, the money pays the loan.

Who answers for a loan has signed for it on paper; in the app the guarantor sees what
was taken down, and can say no until the committee has decided.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import AmountField, text
from services.shared.contracts.loans import (
    ApplicationCommand,
    Command,
    MoneyCommand,
    identifier,
)
from services.shared.contracts.paging import Page
from services.shared.errors import ConflictError, RefusedError

STATUSES: Final = ("agreed", "held", "released", "withdrawn")
CALL_STATUSES: Final = (
    "proposed",
    "rejected",
    "posting",
    "paying",
    "paid",
    "returning",
    "returned",
)


class GuarantorIsBorrower(RefusedError):
    """Nobody answers for a loan of his own."""

    code = "guarantor_is_borrower"


class AlreadyAGuarantor(ConflictError):
    """This member answers for the loan already."""

    code = "already_a_guarantor"


class WrongGuaranteeAccount(RefusedError):
    """What is held is in a savings account of the guarantor."""

    code = "wrong_guarantee_account"


class GuaranteeShort(RefusedError):
    """There is less in the guarantor's account than is promised."""

    code = "guarantee_short"


class GuaranteeNotReady(ConflictError):
    """The guarantee is not in a state in which this can be done."""

    code = "guarantee_not_ready"


class NotInTheGroup(RefusedError):
    """Only a member of the group is answered for by it."""

    code = "not_in_the_group"


class LoanNotLateEnough(RefusedError):
    """Guarantors are called when the loan is late by as much as has been agreed."""

    code = "loan_not_late_enough"


class CallTooLarge(RefusedError):
    """More cannot be called than is held, nor than the loan owes."""

    code = "call_too_large"


class CallNotOpen(ConflictError):
    """This call was decided on before."""

    code = "call_not_open"


def _promise() -> AmountField:
    return AmountField(
        required=True,
        metadata={
            "description": "What is held in the savings account, in rupiah.",
            "example": 1_000_000,
        },
    )


def _agreed_on() -> fields.Date:
    return fields.Date(
        required=True,
        metadata={
            "description": "When the guarantor signed for it.",
            "example": "2026-11-20",
        },
    )


class GuaranteeBody(Schema):
    """A member who answers for the loan, with how much, from which account."""

    member_id = identifier("mem_01jd8x")
    savings_account = text(
        longest=16, required=True, metadata={"example": "0101100000000017"}
    )
    amount = _promise()
    agreed_on = _agreed_on()


class AddGuarantee(GuaranteeBody, ApplicationCommand, Command):
    """A guarantor of one application."""


class GroupGuaranteeBody(Schema):
    """A group whose other members all answer for the loan, each with so much."""

    group_id = identifier("grp_01jd8x")
    amount = _promise()
    agreed_on = _agreed_on()


class AddGroupGuarantee(GroupGuaranteeBody, ApplicationCommand, Command):
    """The group of who applies."""


class GuaranteeCommand(Schema):
    """One guarantee."""

    guarantee_id = identifier("gua_01jd8x")


class ChangeGuarantee(GuaranteeCommand, Command):
    """A promise that is taken back."""


class ListGuarantees(ApplicationCommand):
    """Everybody who answers for one application."""


class Guarantee(Schema):
    """A guarantor, and what is held of the promise now."""

    id = identifier("gua_01jd8x")
    application_id = identifier("app_01jd8x")
    loan_id = fields.String(required=True, allow_none=True)
    member_id = identifier("mem_01jd8x")
    member_name = fields.String(required=True)
    savings_account = fields.String(required=True)
    group_id = fields.String(required=True, allow_none=True)
    amount = fields.Integer(required=True, strict=True)
    held_amount = fields.Integer(required=True, strict=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    agreed_on = fields.Date(required=True)


class Guarantees(Schema):
    """Everybody who answers for a loan."""

    items = fields.List(fields.Nested(Guarantee), required=True)


class ListMyGuarantees(Page):
    """What the caller answers for."""


class MyGuarantee(Schema):
    """What a guarantor answers for, what of the savings is held, and how the loan is.

    ``loan_text`` says in words whether the borrower is late, and by how many days.
    """

    id = identifier("gua_01jd8x")
    borrower_name = fields.String(required=True)
    loan_id = fields.String(required=True, allow_none=True)
    loan_number = fields.String(required=True, allow_none=True)
    loan_text = fields.String(
        required=True,
        metadata={"example": "Menunggak 45 hari, kolektibilitas kurang lancar"},
    )
    savings_account = fields.String(required=True)
    amount = fields.Integer(required=True, strict=True)
    held_amount = fields.Integer(required=True, strict=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    agreed_on = fields.Date(required=True)


class MyGuaranteePage(Schema):
    """Guarantees in the order they were taken down."""

    items = fields.List(fields.Nested(MyGuarantee), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ProposeCallBody(Schema):
    """What a guarantor is to pay, and why."""

    amount = AmountField(required=True, metadata={"example": 500_000})
    reason = text(
        longest=500,
        required=True,
        metadata={"example": "Tiga angsuran tertunggak, peringatan tidak ditanggapi"},
    )


class ProposeCall(ProposeCallBody, GuaranteeCommand, Command):
    """A call that somebody else has to approve."""


class CallCommand(Schema):
    """One call of a guarantor."""

    call_id = identifier("gcl_01jd8x")


class ApproveCall(CallCommand, MoneyCommand):
    """A call that is carried out, once."""


class RejectCall(CallCommand, Command):
    """A call that nobody carries out."""


class GuaranteeCall(Schema):
    """A call, and how far the money has come."""

    id = identifier("gcl_01jd8x")
    guarantee_id = identifier("gua_01jd8x")
    loan_id = identifier("loa_01jd8x")
    amount = fields.Integer(required=True, strict=True)
    reason = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(CALL_STATUSES))
    fault = fields.String(required=True, allow_none=True)
    proposed_by = fields.String(required=True)
    decided_by = fields.String(required=True, allow_none=True)
