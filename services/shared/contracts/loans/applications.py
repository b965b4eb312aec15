"""Applications for loans: made, handed in, looked at, withdrawn (R119-R121, R129).

| entrypoint | rule | command | result |
|---|---|---|---|
| `create_application` | applications:write | `CreateApplication` | details |
| `change_application` | applications:write | `ChangeApplication` | the same |
| `submit_application` | applications:write | `SubmitApplication` | the same |
| `withdraw_application` | applications:write | `WithdrawApplication` | the same |
| `get_application` | applications:read, loans:read | `ApplicationCommand` | the same |
| `list_applications` | applications:read, loans:read | `ListApplications` | a page |
| `create_my_application` | self:write | `CreateMyApplication` | details |
| `change_my_application` | self:write | `ChangeApplication` | the same |
| `submit_my_application` | self:write | `SubmitApplication` | the same |
| `withdraw_my_application` | self:write | `WithdrawApplication` | the same |
| `get_my_application` | self:read | `ApplicationCommand` | the same |
| `list_my_applications` | self:read | `ListMyApplications` | a page |

Details are `ApplicationDetails`, a page is an `ApplicationPage`. What the form says is
shown to whoever may read the application; it is encrypted where it is stored.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts.fields import AmountField, UtcField, text
from services.shared.contracts.loans import (
    APPLICATION_STATUSES,
    SECTORS,
    ApplicationCommand,
    Command,
    identifier,
)
from services.shared.contracts.paging import Page
from services.shared.errors import ConflictError, RefusedError

EMPLOYMENTS: Final = ("employee", "self_employed")
INCOME_CYCLES: Final = ("daily", "weekly", "monthly", "seasonal")
COUNT_MAX: Final = 600
URGENCY_MAX: Final = 3

REASONS: Final = {
    "member_not_active": "Loans are for active members.",
    "membership_too_short": "The membership has not lasted long enough.",
    "principal_unpaid": "Simpanan pokok has not been paid.",
    "mandatory_in_arrears": "Simpanan wajib is in arrears.",
    "group_in_arrears": "A member of the same group is in arrears.",
    "product_not_offered": "This loan is not offered any more.",
    "amount_out_of_range": "The amount is not within what this loan allows.",
    "count_out_of_range": "The number of instalments is not within what is allowed.",
    "schedule_impossible": "The amount cannot be divided into so many instalments.",
    "form_missing": "The form has not been filled in.",
    "form_invalid": "An answer does not fit the form of this loan.",
    "turnover_missing": "The self-employed tell their monthly turnover.",
    "document_missing": "A document that is asked for is missing.",
}
"""Why an application is not taken: what `not_eligible` lists in `errors`."""


class NotEligible(RefusedError):
    """The application cannot be taken yet; `errors` lists every reason."""

    code = "not_eligible"


class ApplicationUnderWay(ConflictError):
    """The member has an application for this loan already."""

    code = "application_under_way"


class LoanApplicationForm(Schema):
    """What the form asks of everybody; amounts in whole rupiah a month."""

    employment = fields.String(
        required=True,
        validate=validate.OneOf(EMPLOYMENTS),
        metadata={"example": "self_employed"},
    )
    monthly_income = AmountField(
        required=True,
        metadata={"description": "What is earned a month.", "example": 6_000_000},
    )
    monthly_turnover = AmountField(
        load_default=None,
        allow_none=True,
        metadata={"description": "Of the business.", "example": 15_000_000},
    )
    other_obligations = AmountField(
        minimum=0,
        load_default=0,
        metadata={
            "description": "What is paid a month on debts elsewhere.",
            "example": 250_000,
        },
    )
    occupation = text(
        longest=100,
        load_default=None,
        allow_none=True,
        metadata={"example": "Pedagang sayur"},
    )
    business_months = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=0, max=1200),
        metadata={"description": "Age of the business or the job.", "example": 36},
    )
    income_cycle = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(INCOME_CYCLES),
        metadata={"example": "daily"},
    )
    dependants = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=0, max=50),
        metadata={"example": 2},
    )
    extra = fields.Dict(
        keys=text(longest=100),
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Answers to the product's own questions.",
            "example": {"lokasi_usaha": "Pasar Minggu"},
        },
    )


def _amount(**more: Any) -> AmountField:
    return AmountField(metadata={"example": 3_000_000}, **more)


def _count(**more: Any) -> fields.Integer:
    return fields.Integer(
        strict=True,
        validate=validate.Range(min=1, max=COUNT_MAX),
        metadata={"description": "How many instalments.", "example": 12},
        **more,
    )


def _purpose(**more: Any) -> fields.String:
    return text(longest=500, metadata={"example": "Modal usaha warung"}, **more)


def _sector(**more: Any) -> fields.String:
    return fields.String(
        validate=validate.OneOf(SECTORS), metadata={"example": "perdagangan"}, **more
    )


def _urgency(**more: Any) -> fields.Integer:
    return fields.Integer(
        strict=True,
        validate=validate.Range(min=0, max=URGENCY_MAX),
        metadata={"description": "0 ordinary to 3 an emergency.", "example": 0},
        **more,
    )


class MyApplicationBody(Schema):
    """A wish for a loan; the form may follow until it is handed in."""

    product_id = identifier("lpr_01jd8x")
    amount = _amount(required=True)
    count = _count(required=True)
    purpose = _purpose(required=True)
    sector = _sector(required=True)
    urgency = _urgency(load_default=0)
    form = fields.Nested(LoanApplicationForm, load_default=None, allow_none=True)


class LoanApplicationBody(MyApplicationBody):
    """A member's wish for a loan, written down by the staff."""

    member_id = identifier("mem_01jd8x")
    branch_code = text(
        shortest=0, longest=10, load_default="", metadata={"example": "01"}
    )


class CreateApplication(LoanApplicationBody, Command):
    """An application that begins as a draft."""


class CreateMyApplication(MyApplicationBody, Command):
    """The same, by the member itself."""


class ChangeApplicationBody(Schema):
    """What changes while it is a draft; null is as it is."""

    amount = _amount(load_default=None, allow_none=True)
    count = _count(load_default=None, allow_none=True)
    purpose = _purpose(load_default=None, allow_none=True)
    sector = _sector(load_default=None, allow_none=True)
    urgency = _urgency(load_default=None, allow_none=True)
    form = fields.Nested(LoanApplicationForm, load_default=None, allow_none=True)

    @validates_schema
    def _says_something(self, data: dict[str, Any], **_: Any) -> None:
        if all(value is None for name, value in data.items() if name in FACTS):
            raise ValidationError("Say what is to be changed.")


FACTS: Final = ("amount", "count", "purpose", "sector", "urgency", "form")


class ChangeApplication(ChangeApplicationBody, ApplicationCommand):
    """A draft that changes."""


class SubmitApplication(ApplicationCommand, Command):
    """The button "Ajukan Pinjaman": its moment is the arrival in the queue (R127)."""


class WithdrawBody(Schema):
    """Why nobody wants the loan any more."""

    reason = text(longest=500, required=True, metadata={"example": "Sudah tidak perlu"})


class WithdrawApplication(WithdrawBody, ApplicationCommand, Command):
    """An application that is given up."""


class ListMyApplications(Page):
    """The applications of the member who asks."""


class ListApplications(Page):
    """The applications of the caller's cooperative, or some of them."""

    member_id = text(longest=100, load_default=None, allow_none=True)
    status = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(APPLICATION_STATUSES),
    )


class Application(Schema):
    """An application as a list shows it."""

    id = identifier("app_01jd8x")
    number = fields.String(required=True, metadata={"example": "PJM/2026/11/1"})
    member_id = identifier("mem_01jd8x")
    member_name = fields.String(required=True)
    product_id = identifier("lpr_01jd8x")
    amount = fields.Integer(required=True, strict=True)
    count = fields.Integer(required=True, strict=True)
    purpose = fields.String(required=True)
    sector = fields.String(required=True, validate=validate.OneOf(SECTORS))
    urgency = fields.Integer(required=True, strict=True)
    feature = fields.String(required=True, validate=validate.OneOf(("ekyc", "skoring")))
    status = fields.String(required=True, validate=validate.OneOf(APPLICATION_STATUSES))
    branch_code = fields.String(required=True)
    created_at = UtcField(required=True)
    created_by = fields.String(required=True)
    applied_at = UtcField(
        required=True,
        allow_none=True,
        metadata={"description": "When it was handed in (AT)."},
    )
    status_at = UtcField(required=True)
    approved_amount = fields.Integer(required=True, strict=True, allow_none=True)
    approved_count = fields.Integer(required=True, strict=True, allow_none=True)
    approved_rate_bps = fields.Integer(required=True, strict=True, allow_none=True)
    loan_id = fields.String(required=True, allow_none=True)


class ApplicationDetails(Application):
    """An application with its form, and where it stands in words."""

    form = fields.Nested(LoanApplicationForm, required=True, allow_none=True)
    position = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Place in the line, from 1.", "example": 5},
    )
    status_text = fields.String(
        required=True, metadata={"example": "Dalam Antrean, Posisi #5"}
    )
    verification_status = fields.String(
        required=True,
        validate=validate.OneOf(("Menunggu", "Lolos", "Ditolak")),
        metadata={"description": "status_verifikasi of R131.", "example": "Menunggu"},
    )
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why the analyst rejected it."},
    )


class ApplicationPage(Schema):
    """Applications in the order they were made."""

    items = fields.List(fields.Nested(Application), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
