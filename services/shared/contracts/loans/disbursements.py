"""Paying loans out: one attempt at a time, all of it or nothing (R124, R36, R42, C21).

| entrypoint | rule | command | result |
|---|---|---|---|
| `disburse` | disbursements:write | `Disburse` | `Disbursement` |
| `list_disbursements` | disbursements:read | `ListDisbursements` | `DisbursementPage` |
| `get_loan_disbursement` | loans:read, disbursements:read | `GetProof` | proof |

The proof of transfer (bukti pencairan) is a `Disbursement`, or a file as PDF.
Paying out needs a fresh second factor. Amounts are whole rupiah.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts import files
from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.loans import (
    ApplicationCommand,
    LoanCommand,
    MoneyCommand,
    identifier,
)
from services.shared.contracts.paging import Page
from services.shared.errors import RefusedError

STATUSES: Final = (
    "reserving",
    "posting",
    "finishing",
    "done",
    "undoing",
    "refused",
)


class InsufficientCash(RefusedError):
    """Cash and bank, less the reserve and today's other loans, do not cover this one.

    ``details["available"]`` is what may still be lent today.
    """

    code = "insufficient_cash"


class DisbursementRefused(RefusedError):
    """The loan was not paid out; ``details["code"]`` says who refused it."""

    code = "disbursement_refused"


class DisburseBody(Schema):
    """A signed loan that is to be paid out now."""

    reason = text(
        longest=500,
        shortest=0,
        load_default="",
        metadata={
            "description": "Why it goes before others in the line, where there is one.",
            "example": "",
        },
    )
    savings_account = text(
        longest=16,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Another savings account of the member, when that of the "
            "agreement was closed meanwhile.",
            "example": None,
        },
    )


class Disburse(DisburseBody, ApplicationCommand, MoneyCommand):
    """Pay a loan out, once per idempotency key."""


class ListDisbursements(Page):
    """The disbursements of the caller's cooperative, newest first."""

    status = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(STATUSES)
    )
    business_date = fields.Date(load_default=None, allow_none=True)


class DisbursementProofQuery(Schema):
    """In which form the proof is wanted."""

    format = files.format_field(files.PDF)


class GetProof(DisbursementProofQuery, LoanCommand):
    """How a loan was paid out."""


class Refusal(Schema):
    """Why nothing was paid out."""

    code = fields.String(required=True)
    message = fields.String(required=True)
    details = fields.Dict(keys=fields.String(), required=True)


def _rupiah(description: str) -> fields.Integer:
    return fields.Integer(
        required=True, strict=True, metadata={"description": description}
    )


class Disbursement(Schema):
    """An attempt to pay a loan out; only a `finishing` or `done` one was paid."""

    id = identifier("dsb_01jd8x")
    number = fields.String(
        required=True, allow_none=True, metadata={"example": "BCP/2026/11/1"}
    )
    application_id = identifier("app_01jd8x")
    loan_id = identifier("loa_01jd8x")
    loan_number = fields.String(
        required=True, allow_none=True, metadata={"example": "PINJ/2026/11/1"}
    )
    akad_number = fields.String(required=True, metadata={"example": "AKAD/2026/11/1"})
    member_id = identifier("mem_01jd8x")
    member_name = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    business_date = fields.Date(required=True)
    savings_account = fields.String(required=True)
    principal = _rupiah("What is lent.")
    administration = _rupiah("The cooperative's own fee, out of the loan.")
    fee = _rupiah("The hub's fee, out of the wallet.")
    passed_fee = _rupiah("What the borrower bears of it, out of the loan.")
    premium = _rupiah("The insurer's premium, out of the wallet.")
    passed_premium = _rupiah("What the borrower bears of it, out of the loan.")
    received = _rupiah("What the member may use.")
    terbilang = fields.String(
        required=True, metadata={"description": "What is received, in words."}
    )
    journal_id = identifier("jrn_4f1c")
    policy_id = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True)
    created_by = fields.String(required=True)
    created_at = UtcField(required=True)
    posted_at = UtcField(required=True, allow_none=True)
    refusal = fields.Nested(Refusal, required=True, allow_none=True)


class DisbursementPage(Schema):
    """Disbursements, newest first."""

    items = fields.List(fields.Nested(Disbursement), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
