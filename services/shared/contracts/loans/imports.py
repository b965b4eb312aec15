"""Loans that a cooperative brings from another system (R27).

| entrypoint | rule | command | result |
|---|---|---|---|
| `list_import_products` | service members | | `ImportProducts` |
| `import_loans` | service members | `ImportLoans` | `ImportedLoans` |

The members service reads and checks the sheets; this is how its rows become loans.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import AmountField, text
from services.shared.contracts.loans import identifier as _id
from services.shared.errors import RefusedError

ROWS_MAX: Final = 200
"""Loans that are taken over in one call, each with its whole schedule."""


class ImportProductUnknown(RefusedError):
    """A loan of the import is of a product that the cooperative does not have."""

    code = "import_product_unknown"


class ImportProducts(Schema):
    """By which words a row may name a product: codes, and names in small letters."""

    names = fields.List(fields.String(), required=True)


class LoanRow(Schema):
    """A loan as it stood at cut-over."""

    row = fields.Integer(required=True, strict=True)
    member_id = _id("mem_01jd8x")
    member_name = text(longest=200, required=True)
    savings_account = text(longest=16, required=True, allow_none=True)
    product = text(longest=100, required=True)
    outstanding = AmountField(required=True)
    principal = AmountField(
        required=True,
        allow_none=True,
        metadata={"description": "What was lent; null for the outstanding."},
    )
    rate_bps = fields.Integer(
        required=True,
        allow_none=True,
        strict=True,
        validate=validate.Range(min=0, max=2400),
        metadata={"description": "Null for the product's."},
    )
    instalment = AmountField(minimum=0, required=True, allow_none=True)
    count = fields.Integer(
        required=True,
        allow_none=True,
        strict=True,
        metadata={"description": "Instalments that are left."},
    )
    disbursed_on = fields.Date(required=True, allow_none=True)
    days_past_due = fields.Integer(required=True, strict=True)
    interest_receivable = AmountField(
        minimum=0,
        required=True,
        metadata={"description": "Its share of what the balance sheet has of 1-1110."},
    )
    provision = AmountField(
        minimum=0,
        required=True,
        metadata={"description": "Its share of what the balance sheet has of 1-1190."},
    )


class ImportLoans(Schema):
    """Some rows of an import; the same rows once more change nothing."""

    import_id = _id("imp_01jd8x")
    cut_over = fields.Date(required=True)
    rows = fields.List(
        fields.Nested(LoanRow),
        required=True,
        validate=validate.Length(min=1, max=ROWS_MAX),
    )


class ImportedLoans(Schema):
    """How many loans there are of these rows now."""

    loans = fields.Integer(required=True, strict=True)
