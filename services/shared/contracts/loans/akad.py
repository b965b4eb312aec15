"""The loan agreement (akad): drawn up from what was approved, printed, signed.

| entrypoint | rule | command | result |
|---|---|---|---|
| `make_akad` | applications, loans, disbursements:write | `MakeAkad` | `Akad` |
| `get_akad` | applications:read, loans:read | `GetAkad` | `Akad` or a file |
| `sign_akad` | loans:write, disbursements:write | `SignAkad` | `Akad` |
| `get_my_akad` | self:read | `GetAkad` | `Akad` or a file |

Amounts are whole rupiah, rates basis points a year. What the borrower bears beside the
interest is part of the agreement and of the effective rate (C21).
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts import files
from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.loans import (
    FREQUENCIES,
    METHODS,
    PAYERS,
    ApplicationCommand,
    Command,
    identifier,
)
from services.shared.errors import RefusedError

STATUSES: Final = ("drawn_up", "replaced", "signed")
SIGNERS_MAX: Final = 10


class NotTheMembersAccount(RefusedError):
    """A loan is paid out to a savings account of the member who borrows."""

    code = "not_the_members_account"


class DeductionsTooLarge(RefusedError):
    """Nothing of the loan would be left for the borrower."""

    code = "deductions_too_large"


class ScheduleNotPossible(RefusedError):
    """The loan cannot be divided into these instalments; choose fewer or others."""

    code = "schedule_not_possible"


class FirstDueDateInvalid(RefusedError):
    """The first instalment falls due after today and within a year."""

    code = "first_due_date_invalid"


class SigningDateInvalid(RefusedError):
    """An agreement is signed after it was drawn up, and not in the future."""

    code = "signing_date_invalid"


class AkadBody(Schema):
    """What is agreed on beside what was approved."""

    savings_account = text(
        longest=16,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Where the loan is paid out to; by default the member's "
            "first savings account.",
            "example": "0101100000000017",
        },
    )
    first_due_on = fields.Date(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "When the first instalment falls due, such as at a harvest; "
            "by default one period after the loan is paid out.",
            "example": None,
        },
    )


class MakeAkad(AkadBody, ApplicationCommand, Command):
    """The agreement on an approved loan; made again, it replaces the unsigned one."""


class Signer(Schema):
    """Who signed, and as what."""

    role = text(longest=60, required=True, metadata={"example": "Peminjam"})
    name = text(longest=200, required=True, metadata={"example": "Budi Santoso"})


class SignBody(Schema):
    """That the agreement was signed on paper, when, and by whom."""

    signed_on = fields.Date(required=True, metadata={"example": "2026-11-22"})
    signed_by = fields.List(
        fields.Nested(Signer),
        required=True,
        validate=validate.Length(min=2, max=SIGNERS_MAX),
        metadata={
            "example": [
                {"role": "Peminjam", "name": "Budi Santoso"},
                {"role": "Bendahara", "name": "Made Ardana"},
            ]
        },
    )
    document_id = text(
        longest=100,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "The signed copy among the application's documents.",
            "example": None,
        },
    )


class SignAkad(SignBody, ApplicationCommand, Command):
    """An agreement that was signed."""


class AkadQuery(Schema):
    """In which form the agreement is wanted."""

    format = files.format_field(files.PDF)


class GetAkad(AkadQuery, ApplicationCommand):
    """The agreement of an application that was not replaced."""


class AkadInstalment(Schema):
    """What falls due on one day."""

    number = fields.Integer(required=True, strict=True)
    due_on = fields.Date(required=True)
    principal = fields.Integer(required=True, strict=True)
    interest = fields.Integer(required=True, strict=True)
    balance = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Principal that is left after it."},
    )


class AkadCollateral(Schema):
    """What secures the loan."""

    kind = fields.String(required=True)
    description = fields.String(required=True)
    value = fields.Integer(required=True, strict=True, allow_none=True)


class AkadInsurance(Schema):
    """The cover that comes with the loan."""

    product = fields.String(required=True)
    premium = fields.Integer(required=True, strict=True)
    months = fields.Integer(required=True, strict=True)
    coverage_bps = fields.Integer(required=True, strict=True)


class AkadContent(Schema):
    """Everything that the agreement says."""

    number = fields.String(required=True, metadata={"example": "AKAD/2026/11/1"})
    cooperative_name = fields.String(required=True)
    cooperative_code = fields.String(required=True)
    member_name = fields.String(required=True)
    member_number = fields.String(required=True)
    application_number = fields.String(required=True)
    decision_number = fields.String(required=True)
    conditions = fields.String(required=True)
    product_name = fields.String(required=True)
    purpose = fields.String(required=True)
    method = fields.String(required=True, validate=validate.OneOf(METHODS))
    frequency = fields.String(required=True, validate=validate.OneOf(FREQUENCIES))
    principal = fields.Integer(required=True, strict=True)
    terbilang = fields.String(required=True)
    count = fields.Integer(required=True, strict=True)
    grace_count = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "How many of them repay no principal."},
    )
    harvest_every = fields.Integer(required=True, strict=True)
    rounding_unit = fields.Integer(required=True, strict=True)
    shifts_holidays = fields.Boolean(required=True)
    rate_bps = fields.Integer(required=True, strict=True)
    effective_rate_bps = fields.Integer(required=True, strict=True)
    administration = fields.Integer(required=True, strict=True)
    fee = fields.Integer(
        required=True, strict=True, metadata={"description": "The hub's, by C8."}
    )
    fee_payer = fields.String(required=True, validate=validate.OneOf(PAYERS))
    premium = fields.Integer(required=True, strict=True)
    premium_payer = fields.String(required=True, validate=validate.OneOf(PAYERS))
    deducted = fields.Integer(required=True, strict=True)
    received = fields.Integer(
        required=True, strict=True, metadata={"description": "In the borrower's hand."}
    )
    total_interest = fields.Integer(required=True, strict=True)
    total_cost = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Interest and deductions together."},
    )
    total_payments = fields.Integer(required=True, strict=True)
    allocation = fields.List(fields.String(), required=True)
    overpayment = fields.String(required=True)
    penalty_bps_per_day = fields.Integer(required=True, strict=True)
    penalty_grace_days = fields.Integer(required=True, strict=True)
    penalty_cap_bps_per_month = fields.Integer(required=True, strict=True)
    settlement_fee_months = fields.Integer(required=True, strict=True)
    rebate_bps = fields.Integer(load_default=0, strict=True)
    rebate_grace_days = fields.Integer(load_default=0, strict=True)
    savings_account = fields.String(required=True)
    first_due_on = fields.Date(required=True)
    is_first_due_fixed = fields.Boolean(required=True)
    schedule = fields.List(fields.Nested(AkadInstalment), required=True)
    collateral = fields.List(fields.Nested(AkadCollateral), required=True)
    guarantors = fields.List(fields.String(), required=True)
    insurance = fields.Nested(AkadInsurance, required=True, allow_none=True)
    made_on = fields.Date(required=True)
    made_at = UtcField(required=True)


class Akad(Schema):
    """An agreement and whether it was signed."""

    id = identifier("akd_01jd8x")
    application_id = identifier("app_01jd8x")
    number = fields.String(required=True, metadata={"example": "AKAD/2026/11/1"})
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    content = fields.Nested(AkadContent, required=True)
    fingerprint = fields.String(
        required=True, metadata={"description": "SHA-512 of the printed agreement."}
    )
    signed_on = fields.Date(required=True, allow_none=True)
    signed_by = fields.List(fields.Nested(Signer), required=True, allow_none=True)
    document_id = fields.String(required=True, allow_none=True)
    recorded_by = fields.String(required=True, allow_none=True)
    recorded_at = UtcField(required=True, allow_none=True)
