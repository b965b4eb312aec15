"""Cash that pays a loan: taken at the counter, with a drawer and a slip.

| entrypoint | rule | command | result |
|---|---|---|---|
| `take_loan_repayment` | cash:write | `TakeLoanRepayment` | `loans.Repayment` |

The loans service decides what of the loan it pays, and posts it.
"""

from __future__ import annotations

from marshmallow import Schema, fields

from services.shared.contracts.fields import AmountField, FlagField, text
from services.shared.contracts.idempotency import IdempotencySchema
from services.shared.contracts.members import identifier


class TakeLoanRepayment(Schema):
    """Cash for a loan, once per idempotency key."""

    loan_id = identifier("loa_01jd8x")
    amount = AmountField(required=True)
    settles = FlagField(load_default=False)
    reference = text(longest=100, load_default=None, allow_none=True)
    idempotency = fields.Nested(IdempotencySchema, required=True)
