"""Time deposits (simpanan berjangka): what is offered, placed, paid and broken.

| entrypoint | rule | command | result |
|---|---|---|---|
| `create_deposit_product` | products:write | `CreateDepositProduct` | product |
| `set_deposit_rates` | products:write | `SetDepositRates` | product |
| `withdraw_deposit_product` | products:write | `ChangeDepositProduct` | product |
| `get_deposit_product` | products:read | `DepositProductCommand` | product |
| `list_deposit_products` | products:read | `ListDepositProducts` | page of products |
| `open_deposit` | deposits:write | `OpenDeposit` | `Deposit` |
| `change_deposit` | deposits:write | `ChangeDeposit` | `DepositDetails` |
| `break_deposit` | deposits:write | `BreakDeposit` | `DepositDetails` |
| `get_deposit` | deposits:read | `DepositCommand` | `DepositDetails` |
| `get_certificate` | deposits:read | `GetCertificate` | `Certificate` or a file |
| `list_deposits` | deposits:read | `ListDeposits` | `DepositPage` |
| `list_my_deposits` | self:read | `ListMyDeposits` | `DepositPage` |

A product is a `DepositProduct`.
Amounts are whole rupiah, rates basis points per year of at most 900 (R113).
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts import files
from services.shared.contracts.fields import AmountField, UtcField, text
from services.shared.contracts.idempotency import IdempotencySchema
from services.shared.contracts.members import Command, Page, identifier, name_field
from services.shared.errors import ConflictError, RefusedError

STATUSES: Final = ("opening", "active", "closing", "matured", "broken", "refused")
SCHEDULES: Final = ("monthly", "maturity")
ROLLOVERS: Final = ("none", "principal", "principal_and_interest")
SOURCES: Final = ("savings", "cash", "bank")
PAYOUT_KINDS: Final = ("interest", "maturity", "break")
RATE_BPS_MAX: Final = 900
TERM_MONTHS_MAX: Final = 120
PENALTY_BPS_DEFAULT: Final = 1000
RATES_MAX: Final = 200

# Events; payload DepositEvent.
DEPOSIT_OPENED: Final = "deposit_opened"
DEPOSIT_ENDED: Final = "deposit_ended"


class DepositProductCodeTaken(ConflictError):
    """Another time deposit of the cooperative has this code."""

    code = "deposit_product_code_taken"


class DepositProductNotOffered(RefusedError):
    """This time deposit is not offered any more."""

    code = "deposit_product_not_offered"


class RatesExist(ConflictError):
    """There is a rate table for this date already; rates are never rewritten."""

    code = "rates_exist"


class RatesInThePast(RefusedError):
    """A rate table begins today or later."""

    code = "rates_in_the_past"


class InvalidRates(RefusedError):
    """A term and an amount occur twice in the rate table."""

    code = "invalid_rates"


class NoRate(RefusedError):
    """There is no rate for this term and this amount."""

    code = "no_rate"


class AmountTooSmall(RefusedError):
    """The amount is below the least of this time deposit."""

    code = "amount_too_small"


class WrongSavingsAccount(RefusedError):
    """Interest and principal go to an active savings account of the same member."""

    code = "wrong_savings_account"


class AccountInUse(ConflictError):
    """A running time deposit pays into this account; choose another one first."""

    code = "account_in_use"


class InvalidRollover(RefusedError):
    """Interest paid every month cannot be added to the principal."""

    code = "invalid_rollover"


class DepositNotActive(ConflictError):
    """The deposit is not running, or is just being paid out."""

    code = "deposit_not_active"


class DepositMatured(RefusedError):
    """The deposit has reached its maturity and is paid out without penalty."""

    code = "deposit_matured"


def _rate_bps() -> fields.Integer:
    return fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=0, max=RATE_BPS_MAX),
        metadata={
            "description": "Interest per year in basis points: 700 is 7 %.",
            "example": 700,
        },
    )


def _term_months() -> fields.Integer:
    return fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=1, max=TERM_MONTHS_MAX),
        metadata={"description": "Length of a term in months.", "example": 3},
    )


# Products


class DepositRate(Schema):
    """The rate for a term, from an amount on."""

    term_months = _term_months()
    amount_from = AmountField(load_default=1, metadata={"example": 1_000_000})
    rate_bps = _rate_bps()


def _rates() -> fields.List[Any]:
    return fields.List(
        fields.Nested(DepositRate),
        required=True,
        validate=validate.Length(min=1, max=RATES_MAX),
    )


class DepositProductBody(Schema):
    """A new time deposit with its first rate table, in force from today."""

    code = fields.String(
        required=True,
        validate=validate.Regexp(
            r"^[a-z][a-z0-9_]{0,29}\Z",
            error="Must be small letters, digits and _, a letter first.",
        ),
        metadata={"example": "sisuka"},
    )
    name = name_field("Simpanan Sukarela Berjangka")
    minimum_amount = AmountField(
        load_default=1_000_000, metadata={"example": 1_000_000}
    )
    penalty_bps = fields.Integer(
        load_default=PENALTY_BPS_DEFAULT,
        strict=True,
        validate=validate.Range(min=0, max=10_000),
        metadata={
            "description": "What breaking it costs, of the interest earned; 1000 is "
            "10 %.",
            "example": PENALTY_BPS_DEFAULT,
        },
    )
    rates = _rates()


class CreateDepositProduct(DepositProductBody, Command):
    """A time deposit that the cooperative offers from now on."""


class DepositRatesBody(Schema):
    """A whole rate table and the day from which it holds for new terms."""

    valid_from = fields.Date(required=True, metadata={"example": "2026-12-01"})
    rates = _rates()


class DepositProductCommand(Schema):
    """Something about one time deposit that is offered."""

    product_id = identifier("dpp_01jd8x")


class SetDepositRates(DepositRatesBody, DepositProductCommand, Command):
    """The next rate table of a product."""


class ChangeDepositProduct(DepositProductCommand, Command):
    """A product that is not offered any more; what runs goes on."""


class ListDepositProducts(Page):
    """The time deposits of the caller's cooperative."""


class RateTable(Schema):
    """Rates and the day from which they hold."""

    valid_from = fields.Date(required=True)
    rates = fields.List(fields.Nested(DepositRate), required=True)


class DepositProduct(Schema):
    """A time deposit as offered, with the tables in force and to come."""

    id = identifier("dpp_01jd8x")
    code = fields.String(required=True, metadata={"example": "sisuka"})
    name = fields.String(required=True)
    minimum_amount = fields.Integer(required=True, strict=True)
    penalty_bps = fields.Integer(required=True, strict=True)
    is_offered = fields.Boolean(required=True)
    rate_tables = fields.List(fields.Nested(RateTable), required=True)


class DepositProductPage(Schema):
    """Time deposits in the order they were made."""

    items = fields.List(fields.Nested(DepositProduct), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


# Deposits


class DepositBody(Schema):
    """Money that a member places for a term."""

    member_id = identifier("mem_01jd8x")
    product_id = identifier("dpp_01jd8x")
    amount = AmountField(required=True, metadata={"example": 10_000_000})
    term_months = _term_months()
    savings_account = text(
        longest=16,
        required=True,
        metadata={
            "description": "The member's account for interest and, in the end, the "
            "principal.",
            "example": "0101100000000017",
        },
    )
    source = fields.String(
        required=True,
        validate=validate.OneOf(SOURCES),
        metadata={
            "description": "`savings` takes it out of `savings_account`.",
            "example": "savings",
        },
    )
    schedule = fields.String(
        load_default="maturity",
        validate=validate.OneOf(SCHEDULES),
        metadata={"description": "When interest is paid.", "example": "maturity"},
    )
    rollover = fields.String(
        load_default="none",
        validate=validate.OneOf(ROLLOVERS),
        metadata={"description": "What happens at maturity (ARO).", "example": "none"},
    )

    @validates_schema
    def _capitalised_at_maturity(self, data: dict[str, Any], **_: Any) -> None:
        if (
            data.get("rollover") == "principal_and_interest"
            and data.get("schedule") == "monthly"
        ):
            message = "Interest paid every month cannot be added to the principal."
            raise ValidationError(message, "rollover")


class OpenDeposit(DepositBody):
    """A deposit, placed once per idempotency key."""

    idempotency = fields.Nested(IdempotencySchema, required=True)


class DepositCommand(Schema):
    """Something about one deposit of the caller's cooperative."""

    deposit_id = identifier("dep_01jd8x")


class ChangeDepositBody(Schema):
    """What a member may change while a deposit runs; null is as it is."""

    savings_account = text(longest=16, load_default=None, allow_none=True)
    rollover = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(ROLLOVERS)
    )


class ChangeDeposit(ChangeDepositBody, DepositCommand):
    """Another account for the payouts, or another wish for the maturity."""


class BreakDeposit(DepositCommand):
    """A deposit that ends today, once per idempotency key."""

    idempotency = fields.Nested(IdempotencySchema, required=True)


class Deposit(Schema):
    """A deposit in its present term."""

    id = identifier("dep_01jd8x")
    certificate_number = fields.String(
        required=True, allow_none=True, metadata={"example": "SB/2026/11/1"}
    )
    member_id = identifier("mem_01jd8x")
    product_id = identifier("dpp_01jd8x")
    principal = fields.Integer(
        required=True, strict=True, metadata={"example": 10_000_000}
    )
    rate_bps = _rate_bps()
    term_months = _term_months()
    term_number = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "1, and one more for every roll-over.", "example": 1},
    )
    starts_on = fields.Date(required=True, metadata={"example": "2026-11-22"})
    matures_on = fields.Date(required=True, metadata={"example": "2027-02-22"})
    savings_account = fields.String(
        required=True, metadata={"example": "0101100000000017"}
    )
    source = fields.String(required=True, validate=validate.OneOf(SOURCES))
    schedule = fields.String(required=True, validate=validate.OneOf(SCHEDULES))
    rollover = fields.String(required=True, validate=validate.OneOf(ROLLOVERS))
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    journal_id = identifier("jrn_4f1c")
    slip_number = fields.String(
        allow_none=True,
        metadata={
            "description": "Of the placement, while it is answered.",
            "example": "SLIP/2026/11/7",
        },
    )


class DepositPayout(Schema):
    """What a deposit has paid, or is about to pay."""

    kind = fields.String(required=True, validate=validate.OneOf(PAYOUT_KINDS))
    term_number = fields.Integer(required=True)
    month = fields.Integer(required=True)
    gross = fields.Integer(required=True, strict=True)
    tax = fields.Integer(required=True, strict=True)
    penalty = fields.Integer(required=True, strict=True)
    principal = fields.Integer(required=True, strict=True)
    business_date = fields.Date(required=True)
    status = fields.String(
        required=True, validate=validate.OneOf(("pending", "posted"))
    )
    fault = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why the last attempt was refused.", "example": None},
    )
    posted_at = UtcField(required=True, allow_none=True)


class DepositDetails(Deposit):
    """A deposit with what it has paid, and what breaking it today would mean."""

    ended_on = fields.Date(required=True, allow_none=True)
    accrued_interest = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Earned in this term and not paid yet, gross."},
    )
    early_penalty = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "What breaking it today would cost."},
    )
    payouts = fields.List(fields.Nested(DepositPayout), required=True)


class ListDeposits(Page):
    """The deposits of the caller's cooperative, or those of one member."""

    member_id = text(longest=100, load_default=None, allow_none=True)
    status = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(STATUSES)
    )


class ListMyDeposits(Page):
    """The deposits of the member who asks."""


class DepositPage(Schema):
    """Deposits in the order they were placed."""

    items = fields.List(fields.Nested(Deposit), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class CertificateQuery(Schema):
    """In which form a certificate is wanted."""

    format = files.format_field(files.PDF)


class GetCertificate(CertificateQuery, DepositCommand):
    """The certificate (bilyet) of the present term."""


class Certificate(Schema):
    """What is printed on the certificate."""

    number = fields.String(required=True, metadata={"example": "SB/2026/11/1"})
    cooperative_name = fields.String(required=True)
    product_name = fields.String(required=True)
    member_number = fields.String(required=True, metadata={"example": "0101-000001"})
    member_name = fields.String(required=True, metadata={"example": "Budi Santoso"})
    principal = fields.Integer(required=True, strict=True)
    terbilang = fields.String(
        required=True, metadata={"example": "sepuluh juta rupiah"}
    )
    rate_bps = _rate_bps()
    term_months = _term_months()
    term_number = fields.Integer(required=True)
    starts_on = fields.Date(required=True)
    matures_on = fields.Date(required=True)
    schedule = fields.String(required=True, validate=validate.OneOf(SCHEDULES))
    rollover = fields.String(required=True, validate=validate.OneOf(ROLLOVERS))
    savings_account = fields.String(required=True)


class DepositEvent(Schema):
    """Payload of the deposit events."""

    cooperative_id = identifier("coop_01jd8x")
    deposit_id = identifier("dep_01jd8x")
    member_id = identifier("mem_01jd8x")
    status = fields.String(required=True)
    amount = fields.Integer(required=True)
