"""What may be asked of the loans service, and what it answers.

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_debt` | service members | `GetDebt` | `Debt` |

It is asked wherever `HUB_OPTIONAL_SERVICES` names it. No answer is no "nothing": who
asks refuses to decide.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import text
from services.shared.errors import UnavailableError

SERVICE: Final = "loans"


class LoansUnavailable(UnavailableError):
    """Loans cannot say whether the member owes anything; nothing was decided."""

    code = "loans_unavailable"


class GetDebt(Schema):
    """A member of the caller's cooperative."""

    member_id = text(longest=100, required=True)


class Debt(Schema):
    """What a member owes: principal, interest and penalties, in whole rupiah."""

    outstanding = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=0)
    )
