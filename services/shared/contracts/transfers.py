"""What may be asked of the transfers service, and what it answers.

Bodies are what HTTP clients send; a command is the body plus what the gateway adds
(ids out of the path, the idempotency part). Results are also the HTTP answers.

| entrypoint | rule | command | result |
|---|---|---|---|
| `submit_transfers` (batched) | transfers:write | `SubmitTransfer` | `Transfer` |
| `submit_bulk_transfers` (batched) | transfers:write | `SubmitBulk` | `BulkResult` |
| `return_transfer` | transfers:write | `ReturnTransfer` | `Transfer` |
| `accept_transfer` | transfers:write | `AcceptTransfer` | `TransferDetails` |
| `reject_transfer` | transfers:write | `RejectTransfer` | `TransferDetails` |
| `get_transfer` | transfers:read | `TransferCommand` | `TransferDetails` |
| `find_transfer` | transfers:read | `FindTransfer` | `TransferDetails` |
| `list_transfers` | transfers:read | `ListTransfers` | `TransferPage` |
| `put_participant` | operator | `PutParticipant` | `Participant` |
| `get_participant` | operator, own cooperative | `ParticipantCommand` | `Participant` |
| `list_participants` | operator | `ListParticipants` | `ParticipantPage` |
| `suspend_participant` | operator | `ChangeParticipant` | `Participant` |
| `reactivate_participant` | operator | `ChangeParticipant` | `Participant` |
| `move_funds` | operator | `MoveFunds` | `FundsMovement` |
| `check_leaving` | service members | `ParticipantCommand` | `Leaving` |
| `close_participant` | service members | `ParticipantCommand` | `ClosedParticipant` |
| `create_agreement` | operator | `CreateAgreement` | `Agreement` |
| `get_agreement` | operator, either cooperative | `AgreementCommand` | `Agreement` |
| `list_agreements` | operator, own only | `ListAgreements` | `AgreementPage` |
| `end_agreement` | operator | `EndAgreement` | `Agreement` |
| `check_agreement` | service members | `CheckAgreement` | `AgreementCheck` |
| `close_window` | operator | `CloseWindow` | `ClosedWindow` |
| `get_window` | operator, own net only | `WindowCommand` | `Window` |
| `list_windows` | operator, own nets only | `ListWindows` | `WindowPage` |
| `create_settlement` | operator | `CreateSettlement` | `Settlement` |
| `settle` | operator | `Settle` | `Settlement` |
| `cancel_settlement` | operator | `CancelSettlement` | `Settlement` |
| `get_settlement` | operator | `SettlementCommand` | `Settlement` |
| `list_settlements` | operator | `ListSettlements` | `SettlementPage` |
| `get_settlement_proof` | operator, participant | `GetProof` | `Proof` |
| `get_health` | anyone | `{}` | `{"service","database","gauges"}` |

A result given again for the same idempotency key carries ``"replayed": true``, an
error given again ``details["replayed"]``. A transfer whose state is ``reserved``
belongs to the HTTP status 202, ``committed`` to 201. A refused transfer is an error
whose ``details["transfer_id"]`` names the aborted transfer.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts.fields import AMOUNT_MAX, AmountField, UtcField, text
from services.shared.contracts.idempotency import IdempotencySchema
from services.shared.contracts.paging import Page
from services.shared.errors import (
    ConflictError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)

SERVICE: Final = "transfers"

TRANSFER_KINDS: Final = ("transfer", "return")
TRANSFER_STATES: Final = ("received", "reserved", "committed", "aborted")
PARTICIPANT_STATUSES: Final = ("active", "suspended", "closed")
PARTICIPANT_MODES: Final = ("hosted", "connected")
AGREEMENT_STATUSES: Final = ("scheduled", "active", "ended")
WINDOW_STATES: Final = ("open", "closed", "settled")
SETTLEMENT_STATES: Final = ("pending", "settled", "cancelled")
FUND_DIRECTIONS: Final = ("in", "out")
BULK_SIZE_MAX: Final = 1000

# Events, published to the exchange of this service. Payloads are JSON primitives.
TRANSFERS_COMMITTED: Final = "transfers_committed"  # TransfersEvent
TRANSFERS_ABORTED: Final = "transfers_aborted"  # TransfersEvent
TRANSFERS_RESERVED: Final = "transfers_reserved"  # TransfersEvent
SETTLEMENT_WINDOW_CLOSED: Final = "settlement_window_closed"  # WindowEvent
SETTLEMENT_SETTLED: Final = "settlement_settled"  # SettlementEvent
SETTLEMENT_CANCELLED: Final = "settlement_cancelled"  # SettlementEvent
POSITION_ALARM: Final = "position_alarm"  # PositionAlarmEvent
PARTICIPANT_SUSPENDED: Final = "participant_suspended"  # ParticipantEvent


# Refusals of a transfer: 422 with the code of api.md.


class AccountNotFound(RefusedError):
    """The account does not exist, or is not the payer's cooperative's own."""

    code = "account_not_found"


class AccountNotActive(RefusedError):
    """One of the two accounts is closed or frozen."""

    code = "account_not_active"


class SameAccount(RefusedError):
    """Payer and payee are the same account."""

    code = "same_account"


class NoAgreement(RefusedError):
    """There is no cooperation agreement in force between the two cooperatives."""

    code = "no_agreement"


class TransferLimitExceeded(RefusedError):
    """The amount is above the agreement's limit of one transfer."""

    code = "transfer_limit_exceeded"


class DailyLimitExceeded(RefusedError):
    """The transfer would pass the agreement's limit of this business date."""

    code = "daily_limit_exceeded"


class ParticipantSuspendedError(RefusedError):
    """One of the two cooperatives is suspended from clearing."""

    code = "participant_suspended"


class InsufficientFunds(RefusedError):
    """The payer's account does not hold enough."""

    code = "insufficient_funds"


class InsufficientLiquidity(RefusedError):
    """The liquidity of the payer's cooperative at the hub does not cover this."""

    code = "insufficient_liquidity"


class NetDebitCapExceeded(RefusedError):
    """The position of the payer's cooperative would pass its net debit cap."""

    code = "net_debit_cap_exceeded"


class LimitExceeded(RefusedError):
    """A limit of one of the accounts would be passed."""

    code = "limit_exceeded"


class PeriodClosed(RefusedError):
    """The business day of the transfer was closed before it could be completed."""

    code = "period_closed"


class PayeeRejected(RefusedError):
    """The payee's cooperative rejected the transfer."""

    code = "payee_rejected"


class TransferExpired(RefusedError):
    """The payee's cooperative did not answer in time."""

    code = "expired"


class ReturnExceedsOriginal(RefusedError):
    """All returns of a transfer together may not be more than its amount."""

    code = "return_exceeds_original"


class TransferNotReturnable(RefusedError):
    """Only a committed transfer can be returned, and a return cannot be."""

    code = "transfer_not_returnable"


TRANSFER_REFUSALS: Final[dict[str, type[RefusedError]]] = {
    refusal.code: refusal
    for refusal in (
        AccountNotFound,
        AccountNotActive,
        SameAccount,
        NoAgreement,
        TransferLimitExceeded,
        DailyLimitExceeded,
        ParticipantSuspendedError,
        InsufficientFunds,
        InsufficientLiquidity,
        NetDebitCapExceeded,
        LimitExceeded,
        PeriodClosed,
        PayeeRejected,
        TransferExpired,
        ReturnExceedsOriginal,
        TransferNotReturnable,
    )
}


class TransferRefused(RefusedError):
    """The transfer was refused."""

    code = "transfer_refused"


def refusal(code: str, details: dict[str, Any] | None = None) -> RefusedError:
    """The refusal with this code, as an instance of its own class."""
    kind = TRANSFER_REFUSALS.get(code)
    if kind is not None:
        return kind(details=details)
    return TransferRefused(
        f"The transfer was refused: {code}.", {**(details or {}), "reason": code}
    )


# Other refusals.


class AnsweredTooLate(ConflictError):
    """The transfer expired before this answer came; nothing was moved."""

    code = "expired"


class TransferAlreadyAnswered(ConflictError):
    """The transfer was already answered the other way; the first answer is final."""

    code = "transfer_already_answered"


class TransferNotReserved(ConflictError):
    """The transfer does not wait for an answer."""

    code = "transfer_not_reserved"


class TransferPending(OutcomeUnknownError):
    """The transfer is recorded and will be completed; repeat with the same key."""

    code = "transfer_pending"


class TransferNotStarted(UnavailableError):
    """The ledger cannot be reached; nothing was moved and nothing will be."""

    code = "ledger_unavailable"


class ParticipantNotReady(TransferNotStarted):
    """Clearing has not heard yet that this cooperative is active; try again shortly."""

    code = "participant_not_ready"


class ParticipantNotFound(NotFoundError):
    """The cooperative does not take part in clearing."""

    code = "participant_not_found"


class ParticipantClosed(ConflictError):
    """The cooperative has left clearing for good."""

    code = "participant_closed"


class ParticipantStillActive(UnavailableError):
    """The participant took part until now; ask again shortly."""

    code = "participant_still_active"


class ParticipantBound(ConflictError):
    """The participant owes or is owed something, or a payment is under way."""

    code = "participant_bound"


class CallbackRequired(RefusedError):
    """A connected cooperative needs a callback URL and a callback secret."""

    code = "callback_required"


class CallbackUrlRefused(RefusedError):
    """The callback URL must be https and name a public host."""

    code = "callback_url_refused"


class PositionAboveCap(ConflictError):
    """The present position is above the proposed net debit cap."""

    code = "position_above_cap"


class AgreementOverlaps(ConflictError):
    """The two cooperatives already have an agreement in part of this time."""

    code = "agreement_overlaps"


class AgreementEnded(ConflictError):
    """The agreement has already ended."""

    code = "agreement_ended"


class WindowNotClosed(ConflictError):
    """Only closed settlement windows can be settled."""

    code = "window_not_closed"


class WindowAlreadySettled(ConflictError):
    """The window already belongs to a settlement."""

    code = "window_already_settled"


class NetsDoNotBalance(ConflictError):
    """The nets of the windows differ from their transfers; do not settle, call us."""

    code = "nets_do_not_balance"


class SettlementNotSettled(ConflictError):
    """A proof exists only for a settlement that is settled."""

    code = "settlement_not_settled"


class SettlementAlreadySettled(ConflictError):
    """The settlement is settled; what was paid is not cancelled."""

    code = "settlement_already_settled"


class SettlementUnderWay(ConflictError):
    """The settlement is being paid; it can be cancelled only if that is refused."""

    code = "settlement_under_way"


class SettlementCancelled(ConflictError):
    """The settlement was cancelled; its windows can be settled by another one."""

    code = "settlement_cancelled"


# Field types and shared parts.


def _identifier(example: str, **options: Any) -> fields.String:
    options.setdefault("required", True)
    return text(longest=64, metadata={"example": example}, **options)


def _account_number(**options: Any) -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9]{1,16}\Z", error="Must be 1 to 16 digits."),
        **options,
    )


class Command(Schema):
    """What commands of people have in common."""

    idempotency = fields.Nested(IdempotencySchema, load_default=None, allow_none=True)


def _next_cursor() -> fields.String:
    return fields.String(required=True, allow_none=True)


def _state(states: tuple[str, ...]) -> fields.String:
    return fields.String(required=True, validate=validate.OneOf(states))


def _rupiah(**metadata: Any) -> fields.Integer:
    """An amount that may be zero or, as a position or a net, negative."""
    return fields.Integer(required=True, strict=True, metadata=metadata)


# Transfers.


class TransferBody(Schema):
    """A payment from an account of the caller's cooperative to any account."""

    payer_account = _account_number(metadata={"example": "0101100000000016"})
    payee_account = _account_number(metadata={"example": "0102100000000018"})
    amount = AmountField(required=True, metadata={"example": 250000})
    description = text(
        longest=140, allow_none=True, metadata={"example": "Bayar beras"}
    )


class SubmitTransfer(TransferBody):
    """A payment, made once per idempotency key."""

    idempotency = fields.Nested(IdempotencySchema, required=True)


class BulkItemBody(TransferBody):
    """One payment of a bulk request, with the caller's own reference."""

    reference = text(longest=64, required=True, metadata={"example": "GAJI-2025-001"})


class BulkBody(Schema):
    """Up to 1,000 payments; each succeeds or is refused for itself."""

    transfers = fields.List(
        fields.Nested(BulkItemBody),
        required=True,
        validate=validate.Length(min=1, max=BULK_SIZE_MAX),
    )

    @validates_schema(skip_on_field_errors=True)
    def references_are_unique(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a reference that stands twice, naming where."""
        seen: set[str] = set()
        for index, item in enumerate(data["transfers"]):
            if item["reference"] in seen:
                raise ValidationError(
                    {"transfers": {index: {"reference": ["Must be unique."]}}}
                )
            seen.add(item["reference"])


class SubmitBulk(BulkBody):
    """A bulk request, carried out once per idempotency key."""

    idempotency = fields.Nested(IdempotencySchema, required=True)


class Transfer(Schema):
    """A payment as its submission was answered."""

    id = _identifier("trf_01jd8x")
    state = _state(TRANSFER_STATES)
    payer_account = _account_number()
    payee_account = _account_number()
    amount = AmountField(required=True)
    description = fields.String(required=True, allow_none=True)
    created_at = UtcField(required=True)
    committed_at = UtcField(required=True, allow_none=True)
    window_id = _identifier("win_01jd8x", allow_none=True)
    expires_at = UtcField(
        allow_none=True,
        metadata={"description": "Until when a reserved transfer waits."},
    )


class TransferDetails(Transfer):
    """A payment as it stands now."""

    kind = fields.String(required=True, validate=validate.OneOf(TRANSFER_KINDS))
    code = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why it was aborted."},
    )
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The rejecting or returning side's own words."},
    )
    original_id = _identifier("trf_01jd8w", allow_none=True)
    returned_amount = _rupiah(description="How much of it was returned.")
    business_date = fields.Date(required=True)
    payer_cooperative_id = _identifier("coop_01jd8x")
    payee_cooperative_id = _identifier("coop_01jd8y", allow_none=True)


class BulkItem(Schema):
    """What became of one payment of a bulk request."""

    reference = fields.String(required=True)
    id = _identifier("trf_01jd8x")
    state = _state(TRANSFER_STATES)
    code = fields.String(required=True, allow_none=True)


class BulkResult(Schema):
    """The outcomes, in the order of the request."""

    items = fields.List(fields.Nested(BulkItem), required=True)


class TransferCommand(Schema):
    """Something about one transfer."""

    transfer_id = _identifier("trf_01jd8x")


class FindTransfer(Schema):
    """The transfer that a request of the caller's cooperative made, by its key."""

    operation = fields.String(required=True, validate=validate.Length(min=1, max=500))
    key = fields.String(required=True, validate=validate.Length(min=1, max=255))


class AcceptTransfer(TransferCommand, Command):
    """The payee's cooperative takes a reserved payment."""


class RejectBody(Schema):
    """Why the payee's cooperative does not take a payment."""

    reason = text(longest=200, required=True, metadata={"example": "Rekening ditutup"})


class RejectTransfer(RejectBody, TransferCommand, Command):
    """The payee's cooperative does not take a reserved payment."""


class ReturnBody(Schema):
    """Money sent back by the payee's side; without an amount all that is left."""

    amount = AmountField(
        load_default=None, allow_none=True, metadata={"example": 100000}
    )
    reason = text(longest=140, required=True, metadata={"example": "Salah kirim"})


class ReturnTransfer(ReturnBody, TransferCommand):
    """A return, made once per idempotency key."""

    idempotency = fields.Nested(IdempotencySchema, required=True)


class TransferFilter(Page):
    """Which transfers; also the query string of the HTTP list.

    ``from`` is inclusive. ``to`` is exclusive for a moment, and includes the whole day
    in Jakarta for a date. Both compare with `created_at`.
    """

    account = text(longest=16, load_default=None, allow_none=True)

    class Meta:
        """`from` is a Python keyword, so these two are named here."""

        include = {  # noqa: RUF012  # marshmallow reads a plain dict
            "from": text(longest=40, load_default=None, allow_none=True),
            "to": text(longest=40, load_default=None, allow_none=True),
        }


class ListTransfers(TransferFilter):
    """The transfers that the caller's cooperative pays or is paid, newest first."""


class TransferPage(Schema):
    """Transfers, newest first."""

    items = fields.List(fields.Nested(TransferDetails), required=True)
    next_cursor = _next_cursor()


# Participants.


class ParticipantBody(Schema):
    """How far a cooperative may owe the hub, and how its payments are taken."""

    net_debit_cap = AmountField(
        minimum=0, required=True, metadata={"example": 1_000_000_000}
    )
    mode = fields.String(allow_none=True, validate=validate.OneOf(PARTICIPANT_MODES))
    callback_url = fields.Url(
        allow_none=True,
        schemes={"http", "https"},
        require_tld=False,
        validate=validate.Length(max=500),
        metadata={"example": "https://inti.koperasi.example/hub"},
    )
    callback_secret = text(
        longest=200,
        load_only=True,
        allow_none=True,
        metadata={
            "description": "Signs what is sent there; at least 32 random characters "
            "keep others from guessing it."
        },
    )
    alarm_percent = fields.Integer(
        strict=True,
        allow_none=True,
        validate=validate.Range(min=1, max=100),
        metadata={"description": "Share of the limit that raises the alarm."},
    )


class PutParticipant(ParticipantBody):
    """A cooperative takes part in clearing under these terms from now on."""

    cooperative_id = _identifier("coop_01jd8x")


class ParticipantCommand(Schema):
    """Something about one participant."""

    cooperative_id = _identifier("coop_01jd8x")


class ChangeParticipant(ParticipantCommand, Command):
    """A participant that is suspended or reactivated."""


class Leaving(Schema):
    """What still binds a participant; it may leave when all but liquidity is zero."""

    cooperative_id = _identifier("coop_01jd8x")
    status = _state(PARTICIPANT_STATUSES)
    position = _rupiah(description="Above zero: owed to the hub.")
    pending = _rupiah(description="Reserved and not yet decided.")
    liquidity = _rupiah(description="Funds that are paid out when it leaves.")
    unfinished_transfers = fields.Integer(required=True, strict=True)
    unsettled_windows = fields.Integer(required=True, strict=True)


class ClosedParticipant(Schema):
    """A participant that has left; its funds are paid out."""

    cooperative_id = _identifier("coop_01jd8x")
    status = _state(PARTICIPANT_STATUSES)
    journal_id = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Null when there was nothing to pay out."},
    )


class ListParticipants(Page):
    """All participants."""


class Participant(Schema):
    """A cooperative's standing in clearing; a position above zero is owed."""

    cooperative_id = _identifier("coop_01jd8x")
    code = fields.String(required=True, metadata={"example": "0101"})
    status = _state(PARTICIPANT_STATUSES)
    mode = _state(PARTICIPANT_MODES)
    callback_url = fields.String(required=True, allow_none=True)
    alarm_percent = fields.Integer(required=True, strict=True)
    net_debit_cap = _rupiah()
    liquidity = _rupiah(description="Funds of the cooperative at the hub.")
    position = _rupiah(description="Above zero: owed to the hub.")
    pending = _rupiah(description="Reserved and not yet decided.")
    available = _rupiah(
        description="min(liquidity, net_debit_cap) - position - pending"
    )


class ParticipantPage(Schema):
    """Participants in the order of their codes."""

    items = fields.List(fields.Nested(Participant), required=True)
    next_cursor = _next_cursor()


class FundsBody(Schema):
    """Liquidity that a cooperative brings to the hub or takes back."""

    direction = fields.String(required=True, validate=validate.OneOf(FUND_DIRECTIONS))
    amount = AmountField(required=True, metadata={"example": 500_000_000})
    reference = text(longest=100, required=True, metadata={"example": "TRX-0099"})


class MoveFunds(FundsBody):
    """A movement of liquidity, made once per idempotency key."""

    cooperative_id = _identifier("coop_01jd8x")
    idempotency = fields.Nested(IdempotencySchema, required=True)


class FundsMovement(FundsBody):
    """The journal that a movement of liquidity became."""

    journal_id = _identifier("jrn_4f1c")
    cooperative_id = _identifier("coop_01jd8x")
    liquidity = _rupiah(description="Right after the movement.")


# Agreements.


class AgreementBody(Schema):
    """A cooperation agreement between two cooperatives, both days included."""

    cooperatives = fields.List(
        text(longest=64),
        required=True,
        validate=validate.Length(equal=2),
        metadata={"example": ["coop_01jd8x", "coop_01jd8y"]},
    )
    valid_from = fields.Date(required=True, metadata={"example": "2025-01-01"})
    valid_until = fields.Date(required=True, metadata={"example": "2027-12-31"})
    transfer_limit = AmountField(load_default=None, allow_none=True)
    daily_limit = AmountField(
        load_default=None,
        allow_none=True,
        metadata={"description": "Both directions together, per business date."},
    )

    @validates_schema(skip_on_field_errors=True)
    def two_cooperatives_in_order(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a cooperative agreeing with itself, and an end before the start."""
        if len(set(data["cooperatives"])) == 1:
            raise ValidationError({"cooperatives": ["Must be two cooperatives."]})
        if data["valid_until"] < data["valid_from"]:
            raise ValidationError({"valid_until": ["Must not be before valid_from."]})


class CreateAgreement(AgreementBody, Command):
    """A new agreement."""


class AgreementCommand(Schema):
    """Something about one agreement."""

    agreement_id = _identifier("agr_01jd8x")


class EndAgreement(AgreementCommand, Command):
    """An agreement that is ended."""


class ListAgreements(Page):
    """Agreements, all or those of one cooperative."""

    cooperative_id = text(longest=64, load_default=None, allow_none=True)


class Agreement(Schema):
    """An agreement; `ended_at` tells that it was ended before its last day."""

    id = _identifier("agr_01jd8x")
    cooperatives = fields.List(fields.String(), required=True)
    valid_from = fields.Date(required=True)
    valid_until = fields.Date(required=True)
    transfer_limit = fields.Integer(required=True, allow_none=True)
    daily_limit = fields.Integer(required=True, allow_none=True)
    status = _state(AGREEMENT_STATUSES)
    created_at = UtcField(required=True)
    ended_at = UtcField(required=True, allow_none=True)


class AgreementPage(Schema):
    """Agreements, newest first."""

    items = fields.List(fields.Nested(Agreement), required=True)
    next_cursor = _next_cursor()


class CheckAgreement(Schema):
    """May these two cooperatives deal with each other today?"""

    cooperatives = fields.List(
        text(longest=64), required=True, validate=validate.Length(equal=2)
    )


class AgreementCheck(Schema):
    """The agreement in force, if there is one."""

    in_force = fields.Boolean(required=True)
    agreement_id = _identifier("agr_01jd8x", allow_none=True)


# Settlement windows and settlements.


class Net(Schema):
    """What a cooperative owes (above zero) or is owed (below zero)."""

    cooperative_id = _identifier("coop_01jd8x")
    net = _rupiah(example=250000)


class CloseWindow(Command):
    """The open window closes and the next one opens."""


class WindowCommand(Schema):
    """Something about one settlement window."""

    window_id = _identifier("win_01jd8x")


class ListWindows(Page):
    """Settlement windows."""

    state = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(WINDOW_STATES)
    )


class Window(Schema):
    """A settlement window; its nets sum to zero."""

    id = _identifier("win_01jd8x")
    state = _state(WINDOW_STATES)
    opened_at = UtcField(required=True)
    closed_at = UtcField(required=True, allow_none=True)
    transfer_count = fields.Integer(required=True)
    nets = fields.List(fields.Nested(Net), required=True)
    settlement_id = _identifier("stl_01jd8x", allow_none=True)


class ClosedWindow(Schema):
    """The window that was closed and the one that is open now."""

    closed = fields.Nested(Window, required=True)
    open = fields.Nested(Window, required=True)


class WindowPage(Schema):
    """Settlement windows, newest first."""

    items = fields.List(fields.Nested(Window), required=True)
    next_cursor = _next_cursor()


class SettlementBody(Schema):
    """Closed windows to be settled together."""

    window_ids = fields.List(
        text(longest=64),
        required=True,
        validate=validate.Length(min=1, max=100),
        metadata={"example": ["win_01jd8x"]},
    )

    @validates_schema(skip_on_field_errors=True)
    def windows_are_unique(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a window that stands twice."""
        if len(set(data["window_ids"])) != len(data["window_ids"]):
            raise ValidationError({"window_ids": ["Must be unique."]})


class CreateSettlement(SettlementBody, Command):
    """A new settlement."""


class SettlementCommand(Schema):
    """Something about one settlement."""

    settlement_id = _identifier("stl_01jd8x")


class Settle(SettlementCommand, Command):
    """A settlement whose nets are paid."""


class CancelSettlement(SettlementCommand, Command):
    """A settlement that is given up, so that its windows can be settled otherwise."""


class ListSettlements(Page):
    """Settlements."""


class Settlement(Schema):
    """The net payments of some windows; a cancelled one tells what they would be."""

    id = _identifier("stl_01jd8x")
    state = _state(SETTLEMENT_STATES)
    window_ids = fields.List(fields.String(), required=True)
    nets = fields.List(fields.Nested(Net), required=True)
    created_at = UtcField(required=True)
    settled_at = UtcField(required=True, allow_none=True)
    cancelled_at = UtcField(required=True, allow_none=True)
    journal_id = _identifier("stl_01jd8x", allow_none=True)


class SettlementPage(Schema):
    """Settlements, newest first."""

    items = fields.List(fields.Nested(Settlement), required=True)
    next_cursor = _next_cursor()


class GetProof(SettlementCommand):
    """A settlement's proof, or a further page of its entries."""

    cursor = text(longest=500, load_default=None, allow_none=True)


class Proof(Schema):
    """A settlement that a bookkeeper can check without the hub.

    `body` holds boundaries, digests, nets and the ledger's chain head; `signature` is
    Ed25519 over the canonical JSON of `body` (`services/transfers/domain/proof.py`).
    `entries` are `[sequence, transfer_id, payer's cooperative, payee's cooperative,
    amount]`; with more than 20,000 they come in pages, each with the same body.
    """

    body = fields.Dict(required=True)
    entries = fields.List(fields.List(fields.Raw()), required=True)
    public_key = fields.String(required=True)
    signature = fields.String(required=True)
    next_cursor = _next_cursor()


# Events.


class TransferEventItem(Schema):
    """One transfer of an event."""

    transfer_id = _identifier("trf_01jd8x")
    kind = fields.String(required=True)
    payer_cooperative_id = _identifier("coop_01jd8x")
    payee_cooperative_id = _identifier("coop_01jd8y", allow_none=True)
    payer_account = fields.String(required=True)
    payee_account = fields.String(required=True)
    amount = fields.Integer(required=True, validate=validate.Range(1, AMOUNT_MAX))
    code = fields.String(required=True, allow_none=True)


class TransfersEvent(Schema):
    """Payload of the transfer events: all transfers of one transaction."""

    transfers = fields.List(fields.Nested(TransferEventItem), required=True)


class WindowEvent(Schema):
    """Payload of settlement_window_closed."""

    window_id = _identifier("win_01jd8x")
    closed_at = UtcField(required=True)
    transfer_count = fields.Integer(required=True)
    nets = fields.List(fields.Nested(Net), required=True)


class SettlementEvent(Schema):
    """Payload of settlement_settled and settlement_cancelled."""

    settlement_id = _identifier("stl_01jd8x")
    window_ids = fields.List(fields.String(), required=True)
    nets = fields.List(fields.Nested(Net), required=True)


class PositionAlarmEvent(Schema):
    """Payload of position_alarm: once per crossing of the share."""

    cooperative_id = _identifier("coop_01jd8x")
    position = fields.Integer(required=True)
    limit = fields.Integer(required=True)
    alarm_percent = fields.Integer(required=True)


class ParticipantEvent(Schema):
    """Payload of participant_suspended."""

    cooperative_id = _identifier("coop_01jd8x")
