"""Autodebet: what is due of a loan is taken from the borrower's savings by itself.

| entrypoint | rule | command | result |
|---|---|---|---|
| `consent_to_autodebit` | loans:write | `ConsentToAutodebit` | `Autodebit` |
| `revoke_autodebit` | loans:write | `RevokeAutodebit` | `Autodebit` |
| `list_autodebits` | loans:read | `ListAutodebits` | `AutodebitPage` |
| `consent_to_my_autodebit` | self:write | `ConsentToMyAutodebit` | `Autodebit` |
| `revoke_my_autodebit` | self:write | `RevokeAutodebit` | `Autodebit` |
| `list_my_autodebits` | self:read | `ListAutodebits` | `AutodebitPage` |

The job `autodebit` takes what is due on its business date, or what is there above the
minimum balance of the account. Amounts are whole rupiah.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields

from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.loans import Command, LoanCommand
from services.shared.contracts.loans import identifier as _id
from services.shared.contracts.paging import Page
from services.shared.errors import ConflictError

DOCUMENT_MAX: Final = 100


class AutodebitStands(ConflictError):
    """The borrower has consented before; to change the account, revoke that first."""

    code = "autodebit_stands"


class NothingToDebit(ConflictError):
    """Nothing is due of the loan, or the borrower does not consent any more."""

    code = "nothing_to_debit"


class MyAutodebitBody(Schema):
    """The savings account that the borrower lets be debited."""

    savings_account = text(
        longest=16,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Null for the account that the akad names.",
            "example": "0101100000000017",
        },
    )


class AutodebitBody(MyAutodebitBody):
    """The same, with the power of attorney that the borrower has signed."""

    document = text(
        longest=DOCUMENT_MAX,
        required=True,
        metadata={
            "description": "The number of the signed surat kuasa.",
            "example": "SK-AD/2026/11/7",
        },
    )


class ConsentToAutodebit(AutodebitBody, LoanCommand, Command):
    """A consent that was given on paper."""


class ConsentToMyAutodebit(MyAutodebitBody, LoanCommand, Command):
    """A consent that the borrower gives."""


class RevokeAutodebit(LoanCommand, Command):
    """A consent that ends."""


class Autodebit(Schema):
    """A consent, and how the last debit went.

    ``tried_on`` is the last business date on which something was due, ``missing`` what
    of it could not be taken, ``failures`` on how many of these days in a row. Who
    consented without a ``document`` did it by itself.
    """

    id = _id("adb_01jd8x")
    loan_id = _id("loa_01jd8x")
    savings_account = fields.String(required=True)
    document = fields.String(required=True, allow_none=True)
    consented_by = fields.String(required=True)
    consented_at = UtcField(required=True)
    revoked_by = fields.String(required=True, allow_none=True)
    revoked_at = UtcField(required=True, allow_none=True)
    tried_on = fields.Date(required=True, allow_none=True)
    missing = fields.Integer(required=True, strict=True)
    failures = fields.Integer(required=True, strict=True)


class ListAutodebits(Page, LoanCommand):
    """The consents of a loan."""


class AutodebitPage(Schema):
    """Consents in the order they were given."""

    items = fields.List(fields.Nested(Autodebit), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class AutodebitEvent(Schema):
    """Payload of `autodebit_failed`: the first day on which ``missing`` was not there.

    Told once, until everything that is due was paid in between.
    """

    cooperative_id = _id("coop_01jd8x")
    loan_id = _id("loa_01jd8x")
    number = fields.String(required=True)
    member_id = _id("mem_01jd8x")
    missing = fields.Integer(required=True, strict=True)
    on = fields.Date(required=True)
