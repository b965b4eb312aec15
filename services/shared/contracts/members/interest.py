"""Interest on savings, and the tax on it.

| entrypoint | rule | command | result |
|---|---|---|---|
| `list_interest` | accounts:read | `ListInterest` | `InterestPage` |
| `list_withholdings` | ledger:read | `ListWithholdings` | `WithholdingPage` |
| `get_withholding` | ledger:read | `GetWithholding` | `WithholdingSlip` |

Interest is posted by the job `interest` for the last day of a month.
"""

from __future__ import annotations

import re
from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.files import PDF, format_field
from services.shared.contracts.members import InquiryCooperative, Page, identifier
from services.shared.contracts.members.products import METHODS

INTEREST_STATES: Final = ("planned", "posted", "skipped")
_MONTH: Final = re.compile(r"^[12][0-9]{3}-(0[1-9]|1[0-2])\Z")

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


class WithholdingQuery(Schema):
    """In which form a slip is wanted."""

    format = format_field(PDF)


class GetWithholding(WithholdingQuery):
    """The slip of one member for one month."""

    member_id = identifier("mem_01jd8x")
    month = month_field(required=True)


class Withholding(Schema):
    """What one member earned in a month, and the tax on it (PP 15/2009).

    `withheld` is less than `tax` when a payment that passed the limit was smaller than
    the tax of the whole month; what is missing is collected by hand.
    """

    number = fields.String(required=True, metadata={"example": "BP/2026/11/1"})
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


class InterestEvent(Schema):
    """Payload of ``interest_posted``: one journal of a month's interest."""

    cooperative_id = identifier("coop_01jd8x")
    month = fields.Date(required=True)
    journal_id = identifier("jrn_4f1c")
    accounts = fields.Integer(required=True, strict=True)
    gross = _rupiah("Of all these accounts together.")
    withheld = _rupiah("Of all these accounts together.")
