"""Payments into virtual accounts: asked for, paid, checked, credited.

| entrypoint | rule | command | result |
|---|---|---|---|
| `request_payment` | payments:write | `RequestPayment` | `Payment` |
| `get_payment` | payments:read | `PaymentCommand` | `Payment` |
| `list_payments` | payments:read | `ListPayments` | `PaymentPage` |
| `check_payment` | payments:write | `CheckPayment` | `Payment` |
| `allocate_payment` | payments:write | `AllocatePayment` | `Payment` |
| `request_wallet_payment` | wallet:write | `RequestWalletPayment` | `Payment` |
| `request_own_payment` | self:write | `RequestOwnPayment` | `Payment` |
| `list_own_payments` | self:read | `ListOwnPayments` | `PaymentPage` |
| `record_payment_callback` | anyone | `RecordCallback` | `CallbackTaken` |
| `list_payment_callbacks` | operator | `ListCallbacks` | `CallbackPage` |

A payment is `requesting` until the provider has made its virtual account, `pending`
until the provider confirms the money when it is asked, `paid` until the money is in the
books, `received` until it is with whom it is for, then `credited`. Where its target
refuses it, it is `unallocated` and held until a person allocates it. `disputed` is what
was paid otherwise than asked for. What the provider calls back moves no money: it only
makes the hub ask.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts.fields import AmountField, UtcField, text
from services.shared.contracts.idempotency import IdempotencySchema
from services.shared.contracts.members import Page, identifier
from services.shared.errors import NotFoundError, RefusedError

MEMBER_PURPOSES: Final = ("deposit", "contributions", "loan")
PURPOSES: Final = (*MEMBER_PURPOSES, "wallet")
STATES: Final = (
    "requesting", "pending", "paid", "received", "credited",
    "unallocated", "expired", "failed", "disputed",
)  # fmt: skip
BANKS: Final = (
    "bag", "bca", "bmi", "bni", "bri", "bsi", "cimb", "danamon", "mandiri", "permata",
)  # fmt: skip
VERDICTS: Final = (
    "accepted", "repeated", "unreadable", "unknown_reference", "wrong_transaction",
    "wrong_amount",
)  # fmt: skip
AMOUNT_MIN: Final = 10_000
"""The least that a virtual account takes, in rupiah."""

HOURS_DEFAULT: Final = 24
HOURS_MAX: Final = 168
MONTHS_MAX: Final = 12
CALLBACK_CHARACTERS_MAX: Final = 32_768

# Events, published to the exchange of the members service.
PAYMENT_CREDITED: Final = "payment_credited"  # PaymentEvent
PAYMENT_UNALLOCATED: Final = "payment_unallocated"  # PaymentEvent
PAYMENT_DISPUTED: Final = "payment_disputed"  # PaymentEvent


class PaymentsNotOffered(RefusedError):
    """This hub takes no payments into virtual accounts."""

    code = "payments_not_offered"


class PaymentRefused(RefusedError):
    """The payment provider refused to make a virtual account."""

    code = "payment_refused"


class PayerContactMissing(RefusedError):
    """The payment provider needs the payer's phone number and e-mail address."""

    code = "payer_contact_missing"


class PaymentTooSmall(RefusedError):
    """A virtual account takes Rp 10.000 or more."""

    code = "payment_too_small"


class PaymentNotUnallocated(RefusedError):
    """Only money that was received and refused by its target can be allocated."""

    code = "payment_not_unallocated"


class PaymentNotFound(NotFoundError):
    """There is no such payment, or it belongs to another cooperative."""

    code = "payment_not_found"


def _bank() -> fields.String:
    return fields.String(
        load_default="bca",
        validate=validate.OneOf(BANKS),
        metadata={"description": "Whose virtual account.", "example": "bca"},
    )


def _hours() -> fields.Integer:
    return fields.Integer(
        strict=True,
        load_default=HOURS_DEFAULT,
        validate=validate.Range(min=1, max=HOURS_MAX),
        metadata={"description": "How long it can be paid.", "example": 24},
    )


class Payer(Schema):
    """Whom the payment provider may reach; by default as the member's data has it."""

    phone = text(longest=20, shortest=8, metadata={"example": "+6281234567890"})
    email = fields.Email(
        validate=validate.Length(max=200), metadata={"example": "budi@contoh.id"}
    )


class OwnPaymentBody(Schema):
    """What is to be paid: into savings, of a loan, or what membership asks for.

    A `deposit` names `account_number` and `amount`, a `loan` its `loan_id` and an
    `amount` of at most what is owed. `contributions` are simpanan pokok,
    unless it is paid, and so many `months` of simpanan wajib, the oldest owed first;
    the hub knows what they come to.
    """

    purpose = fields.String(
        required=True,
        validate=validate.OneOf(MEMBER_PURPOSES),
        metadata={"example": "deposit"},
    )
    account_number = text(
        longest=16, allow_none=True, metadata={"example": "0101100000000017"}
    )
    loan_id = text(longest=100, allow_none=True, metadata={"example": None})
    amount = AmountField(allow_none=True, metadata={"example": 100000})
    months = fields.Integer(
        strict=True, allow_none=True, validate=validate.Range(min=1, max=MONTHS_MAX)
    )
    bank = _bank()
    hours = _hours()

    @validates_schema
    def _fits_purpose(self, data: dict[str, Any], **_: Any) -> None:
        purpose = data["purpose"]
        for name, purposes in (
            ("account_number", {"deposit"}),
            ("loan_id", {"loan"}),
            ("amount", {"deposit", "loan"}),
            ("months", {"contributions"}),
        ):
            is_given = data.get(name) is not None
            if is_given and purpose not in purposes:
                raise ValidationError("Does not belong to this purpose.", name)
            if purpose in purposes and name != "months" and not is_given:
                raise ValidationError("Missing data for required field.", name)


class PaymentBody(OwnPaymentBody):
    """What a member is to pay."""

    member_id = identifier("mem_01jd8x")
    payer = fields.Nested(Payer, allow_none=True)


class RequestPayment(PaymentBody):
    """A virtual account for a member, made once per idempotency key."""

    idempotency = fields.Nested(IdempotencySchema, required=True)


class RequestOwnPayment(OwnPaymentBody):
    """A virtual account that a member asks for itself."""

    idempotency = fields.Nested(IdempotencySchema, required=True)


class WalletPaymentBody(Schema):
    """Money that a cooperative wants to pay into its own wallet."""

    amount = AmountField(required=True, metadata={"example": 1000000})
    payer = fields.Nested(Payer, required=True)
    bank = _bank()
    hours = _hours()


class RequestWalletPayment(WalletPaymentBody):
    """A virtual account for the wallet, made once per idempotency key."""

    idempotency = fields.Nested(IdempotencySchema, required=True)


class PaymentCommand(Schema):
    """Something about one payment."""

    payment_id = identifier("pay_01jd8x")


class CheckPayment(PaymentCommand):
    """A payment about which the provider is asked now."""


class AllocateBody(Schema):
    """The savings account of the same member that held money goes to."""

    account_number = text(
        longest=16, required=True, metadata={"example": "0101100000000017"}
    )


class AllocatePayment(AllocateBody, PaymentCommand):
    """Held money that is allocated, once per idempotency key."""

    idempotency = fields.Nested(IdempotencySchema, required=True)


class OwnPaymentsQuery(Page):
    """Which payments to list."""

    state = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(STATES)
    )


class ListOwnPayments(OwnPaymentsQuery):
    """The payments that a member was asked for."""


class ListPayments(OwnPaymentsQuery):
    """The payments of the caller's cooperative, or of one member."""

    member_id = text(longest=100, load_default=None, allow_none=True)


class Payment(Schema):
    """A payment and what became of it, in whole rupiah."""

    id = identifier("pay_01jd8x")
    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES))
    member_id = fields.String(required=True, allow_none=True)
    account_number = fields.String(required=True, allow_none=True)
    loan_id = fields.String(required=True, allow_none=True)
    amount = fields.Integer(
        required=True, strict=True, metadata={"description": "What is credited."}
    )
    bank = fields.String(required=True, attribute="channel")
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    payment_number = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "The virtual account; null until the provider has made it.",
            "example": "8888000000100001",
        },
    )
    payment_name = fields.String(required=True, allow_none=True)
    fee = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        metadata={"description": "What the payer pays to the provider on top."},
    )
    total = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        metadata={"description": "What the payer has to transfer."},
    )
    credited = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "How much has reached its target."},
    )
    requested_at = UtcField(required=True)
    expires_at = UtcField(required=True)
    paid_at = UtcField(required=True, allow_none=True)
    credited_at = UtcField(required=True, allow_none=True)
    journal_id = fields.String(required=True, allow_none=True)
    fault = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why it rests or has ended without being credited."},
    )


class PaymentPage(Schema):
    """Payments in the order they were asked for."""

    items = fields.List(fields.Nested(Payment), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class PaymentEvent(Schema):
    """Payload of the payment events."""

    cooperative_id = identifier("coop_01jd8x")
    payment_id = identifier("pay_01jd8x")
    purpose = fields.String(required=True)
    member_id = fields.String(required=True, allow_none=True)
    account_number = fields.String(required=True, allow_none=True)
    amount = fields.Integer(required=True, strict=True)
    journal_id = fields.String(required=True, allow_none=True)


class RecordCallback(Schema):
    """What came to the address for callbacks, as it came; `body` is base64."""

    body = fields.String(
        required=True, validate=validate.Length(max=CALLBACK_CHARACTERS_MAX)
    )
    media_type = text(longest=100, required=True)
    signature = fields.String(
        required=True, allow_none=True, validate=validate.Length(max=500)
    )
    address = text(longest=100, shortest=0, required=True)


class CallbackTaken(Schema):
    """What every callback is answered, the true one and the lie."""

    status = fields.String(required=True, metadata={"example": "ok"})


class ListCallbacks(Page):
    """What was called back."""


class PaymentCallback(Schema):
    """A callback, and what was thought of it."""

    id = identifier("pcb_01jd8x")
    received_at = UtcField(required=True)
    address = fields.String(required=True)
    reference = fields.String(required=True, allow_none=True)
    transaction_id = fields.String(required=True, allow_none=True)
    amount = fields.Integer(required=True, strict=True, allow_none=True)
    status = fields.String(required=True, allow_none=True)
    is_signed = fields.Boolean(
        required=True,
        metadata={"description": "Advisory: the key of the signature is no secret."},
    )
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))


class CallbackPage(Schema):
    """Callbacks, oldest first."""

    items = fields.List(fields.Nested(PaymentCallback), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
