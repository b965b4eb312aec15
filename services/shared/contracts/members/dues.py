"""Simpanan pokok and wajib: what is paid, what is due and what is in arrears.

| entrypoint | rule | command | result |
|---|---|---|---|
| `pay_contribution` | accounts:write | `PayContribution` | `Contribution` |
| `cancel_contribution` | approvals:write | `CancelContribution` | `Contribution` |
| `list_contributions` | accounts:read | `ListContributions` | `ContributionPage` |
| `get_dues` | accounts:read | `GetDues` | `MemberDues` |
| `list_arrears` | accounts:read | `ListArrears` | `ArrearsPage` |

Principal (pokok) is paid once, mandatory savings (wajib) by whole months, the oldest
unpaid one first (R108, R109). Both are equity of the cooperative and are paid back when
a membership ends, never before.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts.fields import AmountField, UtcField, text
from services.shared.contracts.idempotency import IdempotencySchema
from services.shared.contracts.members import Page, identifier
from services.shared.contracts.members.products import CONTRIBUTION_KINDS
from services.shared.errors import ConflictError, NotFoundError, RefusedError

CONTRIBUTION_CHANNELS: Final = ("cash", "bank")
CONTRIBUTION_STATES: Final = (
    "posting",
    "posted",
    "refused",
    "cancelling",
    "cancelled",
)
DUE_STATES: Final = ("open", "paid", "waived")
PERIODS_MAX: Final = 36

# Events, published to the exchange of the members service.
CONTRIBUTION_PAID: Final = "contribution_paid"  # ContributionEvent
CONTRIBUTION_CANCELLED: Final = "contribution_cancelled"  # ContributionEvent
DUES_REMINDED: Final = "dues_reminded"  # DuesEvent
DUES_OVERDUE: Final = "dues_overdue"  # DuesEvent


class ContributionNotAsked(RefusedError):
    """The cooperative asks for no such contribution at present."""

    code = "contribution_not_asked"


class PrincipalAlreadyPaid(ConflictError):
    """Simpanan pokok is paid once, and this member has paid it."""

    code = "principal_already_paid"


class ContributionAmountWrong(RefusedError):
    """The amount is not that of the contribution, or ends inside a month."""

    code = "contribution_amount_wrong"


class MembershipEnded(RefusedError):
    """Whose membership has ended pays no contributions."""

    code = "membership_ended"


class ContributionNotFound(NotFoundError):
    """There is no such contribution, or it belongs to another cooperative."""

    code = "contribution_not_found"


class ContributionNotPosted(RefusedError):
    """Only a contribution that was posted can be cancelled, and only once."""

    code = "contribution_not_posted"


class ContributionBody(Schema):
    """A contribution that is paid.

    Of simpanan wajib either `periods`, how many months, or the `amount` that they come
    to; by default one month. Simpanan pokok needs neither.
    """

    kind = fields.String(
        required=True,
        validate=validate.OneOf(CONTRIBUTION_KINDS),
        metadata={"example": "wajib"},
    )
    amount = AmountField(allow_none=True, load_default=None)
    periods = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(min=1, max=PERIODS_MAX),
        metadata={"example": 1},
    )
    channel = fields.String(
        required=True,
        validate=validate.OneOf(CONTRIBUTION_CHANNELS),
        metadata={"example": "cash"},
    )
    reference = text(
        longest=100,
        allow_none=True,
        load_default=None,
        metadata={"example": "SLIP-0001"},
    )

    @validates_schema
    def _amount_or_periods(self, data: dict[str, object], **_: object) -> None:
        if data["amount"] is not None and data["periods"] is not None:
            raise ValidationError("Give the amount or the periods, not both.", "amount")
        if data["kind"] == "pokok" and data["periods"] is not None:
            raise ValidationError("Simpanan pokok is paid once.", "periods")


class PayContribution(ContributionBody):
    """A contribution of one member, paid once per idempotency key."""

    member_id = identifier("mem_01jd8x")
    idempotency = fields.Nested(IdempotencySchema, required=True)


class CancelContributionBody(Schema):
    """Why a contribution is cancelled."""

    reason = text(longest=300, required=True, metadata={"example": "Salah anggota"})


class CancelContribution(CancelContributionBody):
    """A contribution that was recorded by mistake; its money goes back."""

    contribution_id = identifier("con_01jd8x")
    idempotency = fields.Nested(IdempotencySchema, required=True)


class Contribution(Schema):
    """A contribution; `months` are those of simpanan wajib that it pays."""

    id = identifier("con_01jd8x")
    member_id = identifier("mem_01jd8x")
    kind = fields.String(required=True, validate=validate.OneOf(CONTRIBUTION_KINDS))
    amount = fields.Integer(required=True, strict=True)
    channel = fields.String(required=True)
    reference = fields.String(required=True, allow_none=True)
    months = fields.List(fields.Date(), required=True)
    state = fields.String(required=True, validate=validate.OneOf(CONTRIBUTION_STATES))
    journal_id = identifier("jrn_4f1c")
    business_date = fields.Date(required=True)
    recorded_at = UtcField(required=True)


class ContributionPage(Schema):
    """Contributions of a member in the order they were paid."""

    items = fields.List(fields.Nested(Contribution), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListContributions(Page):
    """The contributions of one member."""

    member_id = identifier("mem_01jd8x")


class GetDues(Page):
    """What one member owes and has paid."""

    member_id = identifier("mem_01jd8x")


class Due(Schema):
    """Simpanan wajib of one month."""

    month = fields.Date(required=True)
    amount = fields.Integer(required=True, strict=True)
    due_on = fields.Date(required=True)
    state = fields.String(required=True, validate=validate.OneOf(DUE_STATES))


class MemberDues(Schema):
    """A member's contributions at a glance, and the months, the newest first."""

    member_id = identifier("mem_01jd8x")
    principal_amount = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        metadata={"description": "Simpanan pokok asked at present; null for none."},
    )
    principal_paid = fields.Boolean(required=True)
    principal_balance = fields.Integer(required=True, strict=True)
    mandatory_balance = fields.Integer(required=True, strict=True)
    arrears_months = fields.Integer(required=True, strict=True)
    arrears_amount = fields.Integer(required=True, strict=True)
    items = fields.List(fields.Nested(Due), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListArrears(Page):
    """The members whose simpanan wajib is overdue."""

    as_of = fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"description": "Overdue on this day, by default today."},
    )


class Arrears(Schema):
    """What one member has not paid in time, in whole rupiah."""

    member_id = identifier("mem_01jd8x")
    number = fields.String(required=True, metadata={"example": "0101-000001"})
    name = fields.String(required=True)
    months = fields.Integer(required=True, strict=True)
    amount = fields.Integer(required=True, strict=True)
    oldest_month = fields.Date(required=True)
    oldest_due_on = fields.Date(required=True)


class ArrearsPage(Schema):
    """Members in arrears, in the order they registered."""

    items = fields.List(fields.Nested(Arrears), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ContributionEvent(Schema):
    """Payload of the events about a contribution."""

    cooperative_id = identifier("coop_01jd8x")
    member_id = identifier("mem_01jd8x")
    contribution_id = identifier("con_01jd8x")
    kind = fields.String(required=True)
    amount = fields.Integer(required=True, strict=True)
    journal_id = identifier("jrn_4f1c")


class DuesEvent(Schema):
    """Payload of the reminders: what is due soon, or overdue, of one member."""

    cooperative_id = identifier("coop_01jd8x")
    member_id = identifier("mem_01jd8x")
    amount = fields.Integer(required=True, strict=True)
    months = fields.Integer(required=True, strict=True)
    due_on = fields.Date(required=True)
