"""Statements on paper, and passbooks.

| entrypoint | rule | command | result |
|---|---|---|---|
| `print_statement` | accounts:read | `PrintStatement` | `File` |
| `get_passbook` | accounts:read | `AccountCommand` | `Passbook` |
| `print_passbook` | accounts:write | `PrintPassbook` | `Passbook` |

The statement itself is the ledger's; here it gets names and a letterhead.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import UtcField
from services.shared.contracts.files import PDF, XLSX, format_field
from services.shared.contracts.ledger import MomentOrDateField, StatementQuery
from services.shared.contracts.members import AccountCommand, Command, identifier
from services.shared.errors import ConflictError, RefusedError

LINES_MAX: Final = 2000


class StatementTooLong(RefusedError):
    """The period has too many lines for one document; ask for shorter periods."""

    code = "statement_too_long"


class PassbookJustPrinted(ConflictError):
    """Somebody else has just printed these lines; look at the passbook."""

    code = "passbook_just_printed"


def _rupiah(description: str) -> fields.Integer:
    return fields.Integer(
        required=True, strict=True, metadata={"description": description}
    )


class StatementForm(StatementQuery):
    """A period, and in which form it is wanted; a document holds the whole of it."""

    format = format_field(PDF, XLSX)


class PrintStatement(AccountCommand):
    """The statement of an account over a period, as a document."""

    from_ = MomentOrDateField(load_default=None, allow_none=True, data_key="from")
    to = MomentOrDateField(load_default=None, allow_none=True)
    format = fields.String(required=True, validate=validate.OneOf((PDF, XLSX)))


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
