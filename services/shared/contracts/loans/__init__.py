"""What may be asked of the loans service, and what it answers; one module per area.

Here is what several areas have in common, and what other services ask.

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_debt` | service members | `GetDebt` | `Debt` |
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import text
from services.shared.contracts.idempotency import IdempotencySchema
from services.shared.errors import ConflictError, RefusedError, UnavailableError

SERVICE: Final = "loans"

METHODS: Final = ("flat", "menurun", "anuitas", "musiman")
FREQUENCIES: Final = ("monthly", "weekly", "daily")
APPLICATION_STATUSES: Final = (
    "draft",
    "queued",
    "verifying",
    "verified",
    "offered",
    "approved",
    "signed",
    "disbursing",
    "disbursed",
    "rejected",
    "withdrawn",
)
LOAN_STATUSES: Final = ("active", "settled", "restructured", "written_off")
SECTORS: Final = (
    "perdagangan",
    "pertanian",
    "perikanan",
    "peternakan",
    "industri",
    "jasa",
    "konsumsi",
    "lainnya",
)
PAYERS: Final = ("cooperative", "borrower")

# Events, published to the exchange of this service. Payloads are JSON primitives.
APPLICATION_MOVED: Final = "application_moved"  # ApplicationMoved
LOAN_DISBURSED: Final = "loan_disbursed"  # LoanEvent
LOAN_REPAID: Final = "loan_repaid"  # repayments.RepaymentEvent
LOAN_SETTLED: Final = "loan_settled"  # LoanEvent
LOAN_REBATED: Final = "loan_rebated"  # LoanEvent
INSTALMENT_DUE: Final = "instalment_due"  # reminders.InstalmentEvent
INSTALMENT_OVERDUE: Final = "instalment_overdue"  # reminders.InstalmentEvent
AUTODEBIT_FAILED: Final = "autodebit_failed"  # autodebits.AutodebitEvent


class LoansUnavailable(UnavailableError):
    """Loans cannot say whether the member owes anything; nothing was decided."""

    code = "loans_unavailable"


class ApplicationNotReady(ConflictError):
    """The application is not in a state in which this can be done."""

    code = "application_not_ready"


class LoanNotActive(ConflictError):
    """The loan is settled, restructured or written off."""

    code = "loan_not_active"


class RateOverCap(RefusedError):
    """The loan costs more than 24 % a year (Permenkop 8/2023 art. 27)."""

    code = "rate_over_cap"


def identifier(example: str) -> fields.String:
    """An opaque id that a command or a result must carry."""
    return text(longest=100, required=True, metadata={"example": example})


class Command(Schema):
    """What commands of people have in common."""

    idempotency = fields.Nested(IdempotencySchema, load_default=None, allow_none=True)


class MoneyCommand(Schema):
    """What commands of people that move money have in common."""

    idempotency = fields.Nested(IdempotencySchema, required=True)


class ApplicationCommand(Schema):
    """An application of the caller's cooperative."""

    application_id = identifier("app_01jd8x")


class LoanCommand(Schema):
    """A loan of the caller's cooperative."""

    loan_id = identifier("loa_01jd8x")


class ApplicationMoved(Schema):
    """Payload of `application_moved`."""

    cooperative_id = identifier("coop_01jd8x")
    application_id = identifier("app_01jd8x")
    number = fields.String(required=True)
    member_id = identifier("mem_01jd8x")
    before = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(APPLICATION_STATUSES))


class LoanEvent(Schema):
    """Payload of `loan_disbursed`, `loan_settled` and `loan_rebated`."""

    cooperative_id = identifier("coop_01jd8x")
    loan_id = identifier("loa_01jd8x")
    number = fields.String(required=True)
    member_id = identifier("mem_01jd8x")
    amount = fields.Integer(required=True, strict=True)
    on = fields.Date(required=True)


class GetDebt(Schema):
    """A member of the caller's cooperative."""

    member_id = text(longest=100, required=True)


class Debt(Schema):
    """What a member owes: principal, interest and penalties, in whole rupiah."""

    outstanding = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=0)
    )
