"""Interest on savings, the tax on it, and passbooks.

| entrypoint | rule | command | result |
|---|---|---|---|
| `list_interest` | accounts:read | `ListInterest` | `InterestPage` |
| `list_withholdings` | ledger:read | `ListWithholdings` | `WithholdingPage` |
| `get_withholding` | ledger:read | `GetWithholding` | `WithholdingSlip` |
| `get_account_holder` | accounts:read | `AccountCommand` | `AccountHolder` |
| `get_passbook` | accounts:read | `AccountCommand` | `Passbook` |
| `print_passbook` | accounts:write | `PrintPassbook` | `Passbook` |

Interest is posted by the job `interest` for the last day of a month.
"""

from __future__ import annotations

import re
from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import UtcField
from services.shared.contracts.members import (
    AccountCommand,
    Command,
    InquiryCooperative,
    Page,
    identifier,
)
from services.shared.contracts.members.products import METHODS

INTEREST_STATES: Final = ("planned", "posted", "skipped")
_MONTH: Final = re.compile(r"^[0-9]{4}-(0[1-9]|1[0-2])\Z")

# Event, published to the exchange of the members service.
INTEREST_POSTED: Final = "interest_posted"  # InterestEvent


def month_field(**options: object) -> fields.String:
    """A calendar month such as ``2026-11``."""
    return fields.String(
        validate=validate.Regexp(_MONTH, error="Must be a month, YYYY-MM."),
        metadata={"example": "2026-11"},
        **options,  # type: ignore[arg-type]
    )


def _rupiah(description: str) -> fields.Integer:
    return fields.Integer(
        required=True, strict=True, metadata={"description": description}
    )


class ListInterest(Page):
    """The interest of a month, of all accounts of the caller's cooperative."""

    month = month_field(required=True)


class Interest(Schema):
    """The interest of one account for one month."""

    account = identifier("0101100000000017")
    member_id = identifier("mem_01jd8x")
    month = fields.Date(required=True)
    method = fields.String(required=True, validate=validate.OneOf(METHODS))
    rate_bps = fields.Integer(required=True, strict=True)
    gross = _rupiah("The interest before tax.")
    withheld = _rupiah("The tax taken of it.")
    journal_id = identifier("jrn_4f1c")
    state = fields.String(required=True, validate=validate.OneOf(INTEREST_STATES))


class InterestPage(Schema):
    """Interest in the order of the accounts' numbers."""

    items = fields.List(fields.Nested(Interest), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListWithholdings(Page):
    """The withholding slips of a month."""

    month = month_field(required=True)


class GetWithholding(Schema):
    """The slip of one member for one month."""

    member_id = identifier("mem_01jd8x")
    month = month_field(required=True)


class Withholding(Schema):
    """What one member earned in a month, and the tax on it (PP 15/2009).

    `withheld` is less than `tax` when a payment that passed the limit was smaller than
    the tax of the whole month; what is missing is collected by hand.
    """

    number = fields.String(required=True, metadata={"example": "BP/2026/11/000001"})
    member_id = identifier("mem_01jd8x")
    month = fields.Date(required=True)
    gross = _rupiah("All interest of the month, over all savings and deposits.")
    tax = _rupiah("10 % of it when it is above Rp 240.000, else nothing.")
    withheld = _rupiah("What was taken.")


class WithholdingSlip(Withholding):
    """A slip with the names that are printed on it."""

    member_name = fields.String(required=True)
    member_number = fields.String(required=True)
    cooperative = fields.Nested(InquiryCooperative, required=True)


class WithholdingPage(Schema):
    """Slips of a month, also those of members who pay no tax."""

    items = fields.List(fields.Nested(Withholding), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class AccountHolder(Schema):
    """Whose account it is, as printed on statements."""

    number = identifier("0101100000000017")
    product = fields.String(required=True)
    product_name = fields.String(required=True)
    holder_name = fields.String(required=True)
    member_number = fields.String(required=True)
    cooperative = fields.Nested(InquiryCooperative, required=True)


class PrintPassbook(AccountCommand, Command):
    """The lines of an account that its passbook does not have yet, now printed."""


class PassbookLine(Schema):
    """One line of a passbook, numbered from its first."""

    line = fields.Integer(required=True, strict=True)
    at = UtcField(required=True)
    business_date = fields.Date(required=True)
    journal_id = fields.String(required=True)
    description = fields.String(required=True)
    debit = _rupiah("0 on a credit line.")
    credit = _rupiah("0 on a debit line.")
    balance = _rupiah("The balance after this line.")


class Passbook(Schema):
    """Lines not printed before; `has_more` when there are too many for one."""

    number = identifier("0101100000000017")
    items = fields.List(fields.Nested(PassbookLine), required=True)
    has_more = fields.Boolean(required=True)


class InterestEvent(Schema):
    """Payload of ``interest_posted``: one journal of a month's interest."""

    cooperative_id = identifier("coop_01jd8x")
    month = fields.Date(required=True)
    journal_id = identifier("jrn_4f1c")
    accounts = fields.Integer(required=True, strict=True)
    gross = _rupiah("Of all these accounts together.")
    withheld = _rupiah("Of all these accounts together.")
