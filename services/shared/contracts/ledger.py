"""What may be asked of the ledger service, and what it answers.

Bodies are what HTTP clients send; a command is the body plus what the gateway adds
(ids out of the path, the idempotency part). Results are also the HTTP answers.
Amounts are whole rupiah. A *key* names an account: see the helpers below.

| entrypoint | rule | command | result |
|---|---|---|---|
| `post_journals` (batched) | service transfers | `PostJournal` | `PostedJournal` |
| `place_holds` (batched) | transfers, loans | `PlaceHold` | `PlacedHold` |
| `resolve_holds` (batched) | transfers, loans | `ResolveHold` | `ResolvedHold` |
| `post_journal` | service members, loans | `PostJournal` | `PostedJournal` |
| `post_disbursement` | service loans | `PostDisbursement` | `PostedDisbursement` |
| `post_large_journal` | service members | `PostLargeJournal` | `PostedLargeJournal` |
| `get_chart` | service members | `{}` | `Chart` |
| `open_book` | service members, transfers | `OpenBook` | `Book` |
| `open_accounts` | service members, loans | `OpenAccounts` | `OpenedAccounts` |
| `set_limit` | service transfers | `SetLimit` | `Limit` |
| `set_status` | service members, loans | `SetStatus` | `AccountStatus` |
| `get_balances` | services, accounts:read | `GetBalances` | `{key: Balance}` |
| `get_statement` | accounts:read | `GetStatement` | `Statement` |
| `get_balance_days` | members, loans | `GetBalanceDays` | `{key: BalanceDays}` |
| `get_trial_balance` | ledger:read, services | `GetTrialBalance` | `TrialBalance` |
| `list_postings` | service members | `ListPostings` | `PostingPage` |
| `get_journal` | ledger:read | `GetJournal` | `Journal` |
| `reverse_journal` | ledger:write | `ReverseJournal` | `Reversal` |
| `close_period` | ledger:write, operator | `ClosePeriod` | `Period` |
| `get_period` | ledger:read, operator, members | `{}` | `Period` |
| `receive_payment` | service members | `ReceivePayment` | `PostedJournal` |
| `top_up_wallet` | operator | `TopUpWallet` | `TopUp` |
| `get_wallet` | wallet:read, service loans, kyc, … | `{}` | `Wallet` |
| `charge_fee` | operator, service loans, kyc, … | `ChargeFee` | `FeeCharge` |
| `refund_fee` | service kyc, insurance, loans | `RefundFee` | `FeeRefund` |
| `list_fees` | wallet:read | `ListFees` | `FeePage` |
| `get_fee_schedule` | staff, service loans, kyc, … | `GetFeeSchedule` | schedule |
| `get_integrity` | operator | `{}` | `Integrity` |
| `get_chain_head` | service transfers | `{}` | `ChainHead` |
| `get_health` | anyone | `{}` | `{"service","database","gauges"}` |

A schedule is a `FeeSchedule`. An outcome given again carries ``"replayed": true``, an
error of that kind has it in its ``details``.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from marshmallow import (
    Schema,
    ValidationError,
    fields,
    post_dump,
    validate,
    validates_schema,
)

from services.shared.contracts.fields import AMOUNT_MAX, AmountField, UtcField, text
from services.shared.contracts.idempotency import IdempotencySchema
from services.shared.contracts.paging import Page
from services.shared.errors import (
    ConflictError,
    NotFoundError,
    RefusedError,
    ServiceError,
)

SERVICE: Final = "ledger"

KEY_LENGTH_MAX: Final = 100
POSTINGS_MAX: Final = 500_000
"""All opening balances of a cooperative are one journal: it is there or it is not."""

PACKED_BYTES_MAX: Final = 96 * 1024 * 1024
"""What packed postings may unpack to: half a million with keys of usual length."""

PACKED_LENGTH_MAX: Final = 14 * 1024 * 1024
"""Longest text of packed postings; brokers refuse messages of more than 16 MiB."""

POSTING_PARTS: Final = 3
KEYS_MAX: Final = 1000

ACCOUNT_STATUSES: Final = ("active", "frozen", "closed")
HOLD_ACTIONS: Final = ("post", "void")
HOLD_STATES: Final = ("pending", "posted", "voided", "expired")
PAYMENT_TARGETS: Final = ("held", "bank")
FEE_BEARERS: Final = ("cooperative", "premiums_held")
FEE_KINDS: Final = ("ekyc_check", "disbursement", "whatsapp_bot", "default_insurance")

# Events, published to the exchange of this service. Payloads are JSON primitives.
PERIOD_CLOSED: Final = "period_closed"  # PeriodEvent
FEE_CHARGED: Final = "fee_charged"  # FeeCharge
FEE_REFUNDED: Final = "fee_refunded"  # FeeRefund

# Codes of the chart of accounts (domain.md, topic 6) that other services post to.
CASH: Final = "1-1000"
BANK: Final = "1-1010"
PLATFORM_WALLET: Final = "1-1020"
LIQUIDITY_AT_HUB: Final = "1-1030"
LOANS: Final = "1-1100"
INTEREST_RECEIVABLE: Final = "1-1110"
LOAN_ALLOWANCE: Final = "1-1190"
OWED_BY_HUB: Final = "1-1300"
CLAIMS_RECEIVABLE: Final = "1-1400"
RECOVERY_RECEIVABLE: Final = "1-1500"
SAVINGS: Final = "2-1000"
OWED_TO_HUB: Final = "2-1200"
PREMIUMS_HELD: Final = "2-1300"
HELD_PAYMENTS: Final = "2-1350"
TAX_PAYABLE: Final = "2-1400"
PRINCIPAL_SAVINGS: Final = "3-1000"
MANDATORY_SAVINGS: Final = "3-1100"
INTEREST_INCOME: Final = "4-1000"
ADMINISTRATION_INCOME: Final = "4-2000"
PENALTY_INCOME: Final = "4-3000"
OTHER_INCOME: Final = "4-9000"
INTEREST_EXPENSE: Final = "5-1000"
PLATFORM_COSTS: Final = "5-2200"
PROVISION_EXPENSE: Final = "5-3000"
OTHER_EXPENSE: Final = "5-9000"
MIGRATION: Final = "9-9000"


def chart_account(cooperative_id: str, code: str) -> str:
    """Key of the account that a book has for ``code`` of the chart."""
    return f"{cooperative_id}:{code}"


def member_account(cooperative_id: str, code: str, member_id: str) -> str:
    """Key of what one member holds of ``code``: simpanan pokok or wajib.

    No account number, so that nothing that takes account numbers reaches it: equity is
    neither transferred nor withdrawn.
    """
    return f"{chart_account(cooperative_id, code)}:{member_id}"


def hub_account(code: str) -> str:
    """Key of an account of the hub's own book."""
    return f"hub:{code}"


def position_account(cooperative_id: str) -> str:
    """Key of what the cooperative owes the hub (negative) or is owed (positive)."""
    return f"hub:position:{cooperative_id}"


def liquidity_account(cooperative_id: str) -> str:
    """Key of the funds that the cooperative has placed with the hub."""
    return f"hub:liquidity:{cooperative_id}"


def wallet_account(cooperative_id: str) -> str:
    """Key of the wallet out of which the cooperative pays fees."""
    return f"hub:wallet:{cooperative_id}"


# Refusals. The first ones are given in this order.


class AccountNotFound(RefusedError):
    """There is no such account in this book."""

    code = "account_not_found"


class AccountNotActive(RefusedError):
    """The account is frozen or closed."""

    code = "account_not_active"


class WrongCooperative(RefusedError):
    """The two accounts of a posting belong to different books."""

    code = "wrong_cooperative"


class PeriodClosed(RefusedError):
    """The business day is closed; nothing more is posted into it."""

    code = "period_closed"


class InsufficientFunds(RefusedError):
    """The account does not hold enough for this amount."""

    code = "insufficient_funds"


class InsufficientLiquidity(RefusedError):
    """The cooperative's funds at the hub do not cover this amount."""

    code = "insufficient_liquidity"


class NetDebitCapExceeded(RefusedError):
    """The cooperative would owe the hub more than its net debit cap."""

    code = "net_debit_cap_exceeded"


class LimitExceeded(RefusedError):
    """The account's limit does not allow this amount."""

    code = "limit_exceeded"


class JournalIdReused(RefusedError):
    """The journal id was used before with another content."""

    code = "journal_id_reused"


class JournalNotFound(NotFoundError):
    """There is no such journal, or it belongs to another cooperative."""

    code = "journal_not_found"


class JournalSpansBooks(RefusedError):
    """The journal reaches into other books; a transfer is undone by a return."""

    code = "journal_spans_books"


class JournalNotPosted(RefusedError):
    """The journal was refused, so there is nothing to reverse."""

    code = "journal_not_posted"


class JournalUndoneElsewhere(RefusedError):
    """Others keep account of this journal; it is undone where it was made."""

    code = "journal_undone_elsewhere"


class AlreadyReversed(ConflictError):
    """The journal has been reversed already; that can happen once."""

    code = "already_reversed"


class HoldNotFound(NotFoundError):
    """There is no such hold."""

    code = "hold_not_found"


class HoldAlreadyPosted(ConflictError):
    """The hold has been posted already."""

    code = "hold_already_posted"


class HoldAlreadyVoided(ConflictError):
    """The hold has been voided already."""

    code = "hold_already_voided"


class HoldExpired(ConflictError):
    """The hold has expired and its amount has returned."""

    code = "hold_expired"


class HoldAmountInvalid(RefusedError):
    """A part can be posted only of a hold with one amount, and never more than it."""

    code = "hold_amount_invalid"


class AccountKeyTaken(ConflictError):
    """An account with this key exists already and is not the same."""

    code = "account_key_taken"


class AccountNotEmpty(RefusedError):
    """Only an account without balance and without holds can be closed."""

    code = "account_not_empty"


class AccountClosed(ConflictError):
    """A closed account stays closed."""

    code = "account_closed"


class BookNotOpen(RefusedError):
    """The cooperative has no book yet."""

    code = "book_not_open"


class PeriodNotOver(RefusedError):
    """Only days before today can be closed."""

    code = "period_not_over"


class InsufficientWalletBalance(RefusedError):
    """The cooperative's wallet does not hold enough for this fee; top it up first."""

    code = "insufficient_wallet_balance"


class FeeAlreadyCharged(ConflictError):
    """A fee with this kind and reference was charged on another base."""

    code = "fee_already_charged"


class FeeChanged(RefusedError):
    """The fee costs something else by the schedule than was agreed."""

    code = "fee_changed"


class PremiumOutOfBounds(RefusedError):
    """A premium is more than nothing and no more than the loan that it insures."""

    code = "premium_out_of_bounds"


class FeeNotCharged(RefusedError):
    """No fee was charged with this kind and reference."""

    code = "fee_not_charged"


class RefundExceedsFee(RefusedError):
    """More cannot be given back than was charged."""

    code = "refund_exceeds_fee"


class RefundReferenceReused(ConflictError):
    """Another amount of this fee was given back under this reference."""

    code = "refund_reference_reused"


class FeeNotScheduled(RefusedError):
    """The fee schedule has no price for this on this day."""

    code = "fee_not_scheduled"


REFUSALS: Final[Mapping[str, type[ServiceError]]] = {
    kind.code: kind
    for kind in (
        AccountNotFound,
        AccountNotActive,
        WrongCooperative,
        PeriodClosed,
        InsufficientFunds,
        InsufficientLiquidity,
        NetDebitCapExceeded,
        LimitExceeded,
    )
}
"""The refusals of a journal or hold: they are stored, and replayed for its id."""


# Fields


class PostingsField(fields.Field[list[tuple[str, str, int]]]):
    """Postings as ``[debit_key, credit_key, amount]``, at least one.

    One field for the whole list: a batch carries hundreds of these, and nested schemas
    would cost more than the posting itself.
    """

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Any:
        return [list(posting) for posting in value]

    def _deserialize(
        self, value: Any, *_args: Any, **_kwargs: Any
    ) -> list[tuple[str, str, int]]:
        return _postings(value)


class PackedPostingsField(fields.Field[list[tuple[str, str, int]]]):
    """Postings as `pack_postings` writes them: for journals too large for a message."""

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Any:
        return pack_postings(value)

    def _deserialize(
        self, value: Any, *_args: Any, **_kwargs: Any
    ) -> list[tuple[str, str, int]]:
        if not isinstance(value, str) or len(value) > PACKED_LENGTH_MAX:
            raise ValidationError("Must be a text of packed postings.")
        try:
            return _postings(json.loads(_unpacked(value)))
        except (ValueError, zlib.error) as error:
            raise ValidationError("Must be packed postings.") from error


def pack_postings(postings: Iterable[tuple[str, str, int]]) -> str:
    """Postings as compressed JSON in base64: account keys compress to a tenth."""
    content = json.dumps(list(postings), separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(content)).decode()


def _unpacked(value: str) -> bytes:
    """The bytes of packed postings; never more than `PACKED_BYTES_MAX` of them."""
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(
        base64.b64decode(value, validate=True), PACKED_BYTES_MAX
    )
    if not unpacker.eof:
        raise ValueError("Packed postings are too large, or cut off.")
    return content


def _postings(value: Any) -> list[tuple[str, str, int]]:
    if not isinstance(value, list) or not 1 <= len(value) <= POSTINGS_MAX:
        raise ValidationError(f"Must be a list of 1 to {POSTINGS_MAX} postings.")
    return [_posting(posting) for posting in value]


def _posting(value: Any) -> tuple[str, str, int]:
    if not isinstance(value, list) or len(value) != POSTING_PARTS:
        raise ValidationError("A posting is [debit_key, credit_key, amount].")
    debit, credit, amount = value
    for key in (debit, credit):
        if (
            not isinstance(key, str)
            or not 1 <= len(key) <= KEY_LENGTH_MAX
            or not key.isprintable()
        ):
            raise ValidationError("An account key is a short printable string.")
    if debit == credit:
        raise ValidationError("A posting needs two different accounts.")
    # A boolean is an int to Python, but not an amount.
    if type(amount) is not int or not 1 <= amount <= AMOUNT_MAX:
        raise ValidationError("An amount is an integer of whole rupiah.")
    return debit, credit, amount


class MomentOrDateField(fields.Field[datetime | date]):
    """A moment (RFC 3339 with offset) or a date, which means the day in Jakarta."""

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Any:
        return None if value is None else value.isoformat()

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> datetime | date:
        wrong = ValidationError("Must be a date or a moment with offset.")
        if not isinstance(value, str):
            raise wrong
        try:
            if len(value) == len("2026-11-22"):
                return date.fromisoformat(value)
            # "+" of an offset arrives as a space when a client forgot to encode it.
            moment = datetime.fromisoformat(value.replace(" ", "+"))
        except ValueError:
            raise wrong from None
        if moment.tzinfo is None:
            raise wrong
        return moment


def _key(**kwargs: Any) -> fields.String:
    return text(longest=KEY_LENGTH_MAX, **kwargs)


def _id(example: str, **kwargs: Any) -> fields.String:
    return text(longest=100, metadata={"example": example}, **kwargs)


def _rupiah(description: str) -> fields.Integer:
    return fields.Integer(
        required=True, strict=True, metadata={"description": description}
    )


class MoneyCommand(Schema):
    """What commands of people that move money have in common."""

    idempotency = fields.Nested(IdempotencySchema, required=True)


class Replayable(Schema):
    """An outcome that says so when it was stored before, and says nothing else."""

    replayed = fields.Boolean()

    @post_dump
    def _leave_out_what_is_not(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if not data.get("replayed"):
            data.pop("replayed", None)
        return data


# Journals


class JournalFacts(Schema):
    """What a journal says of itself beside its postings."""

    id = _id("trf_01jd8x", required=True)
    kind = text(longest=40, required=True, metadata={"example": "transfer"})
    description = text(shortest=0, longest=500, load_default="")
    business_date = fields.Date(required=True)
    reference = text(shortest=0, longest=200, load_default=None, allow_none=True)


class PostJournal(JournalFacts):
    """One atomic business fact; its id is chosen by the caller."""

    postings = PostingsField(required=True)


class PostedJournal(Replayable):
    """A journal that took effect, with the balances it left."""

    journal_id = _id("trf_01jd8x", required=True)
    posted_at = UtcField(required=True)
    balances = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class PostLargeJournal(JournalFacts):
    """A journal whose postings come packed, such as a cooperative's opening balances.

    It is the same journal as an unpacked one with these postings would be.
    """

    postings = PackedPostingsField(required=True)


class PostedLargeJournal(Replayable):
    """A large journal that took effect; its balances are asked for separately."""

    journal_id = _id("jrn_01jd8x", required=True)
    posted_at = UtcField(required=True)


class GetJournal(Schema):
    """A journal by its id."""

    journal_id = _id("jrn_01jd8x", required=True)


class PostingLine(Schema):
    """One posting of a journal, as far as the caller's book is concerned."""

    debit_account = fields.String(required=True)
    credit_account = fields.String(required=True)
    amount = AmountField(required=True)


class RefusalPart(Schema):
    """Why a journal was refused."""

    code = fields.String(required=True)
    details = fields.Dict(keys=fields.String(), required=True)


class Journal(Schema):
    """A journal as stored; the postings are those of the caller's own book."""

    journal_id = fields.String(required=True)
    kind = fields.String(required=True)
    description = fields.String(required=True)
    reference = fields.String(required=True, allow_none=True)
    business_date = fields.Date(required=True)
    posted_at = UtcField(required=True)
    state = fields.String(required=True, validate=validate.OneOf(("posted", "refused")))
    refusal = fields.Nested(RefusalPart, required=True, allow_none=True)
    reverses = fields.String(required=True, allow_none=True)
    reversed_by = fields.String(required=True, allow_none=True)
    postings = fields.List(fields.Nested(PostingLine), required=True)


class ReverseJournalBody(Schema):
    """Why a journal is undone."""

    reason = text(longest=300, required=True, metadata={"example": "Salah setor"})


class ReverseJournal(ReverseJournalBody, MoneyCommand):
    """Undo a journal of the caller's own book by its mirror image, once."""

    journal_id = _id("jrn_01jd8x", required=True)


class Reversal(Replayable):
    """The journal that undid another."""

    journal_id = fields.String(required=True)
    reverses = fields.String(required=True)
    posted_at = UtcField(required=True)
    balances = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


# Holds


class PlaceHold(PostJournal):
    """A journal that is reserved now and takes effect when it is posted."""

    expires_at = UtcField(load_default=None, allow_none=True)


class PlacedHold(Replayable):
    """A hold: its amounts count against limits until it is resolved."""

    hold_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(HOLD_STATES))
    placed_at = UtcField(required=True)
    expires_at = UtcField(required=True, allow_none=True)


class ResolveHold(Schema):
    """Post a hold, whole or in part, or void it. The rest of a part returns."""

    hold_id = _id("trf_01jd8x", required=True)
    action = fields.String(required=True, validate=validate.OneOf(HOLD_ACTIONS))
    amount = AmountField(load_default=None, allow_none=True)
    business_date = fields.Date(load_default=None, allow_none=True)

    @validates_schema
    def _only_a_post_has_amount(self, data: dict[str, Any], **_: Any) -> None:
        if data["action"] == "void" and data["amount"] is not None:
            raise ValidationError("Only posting takes an amount.", "amount")


class ResolvedHold(Replayable):
    """How a hold ended; a posted one became the journal with the hold's id."""

    hold_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(HOLD_STATES))
    resolved_at = UtcField(required=True)
    journal_id = fields.String(required=True, allow_none=True)
    balances = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


# Books and accounts


class OpenBook(Schema):
    """A cooperative that gets its chart of accounts and its accounts at the hub."""

    cooperative_id = _id("coop_01jd8x", required=True)


class Book(Schema):
    """A cooperative's book."""

    cooperative_id = fields.String(required=True)
    accounts = fields.Integer(required=True)


class NewAccount(Schema):
    """An account to be opened under a code of the chart.

    ``minimum_balance`` is the lowest balance allowed: 0 for savings, negative for a
    credit line, null for no limit.
    """

    key = _key(required=True, metadata={"example": "0101100000000017"})
    code = text(longest=10, required=True, metadata={"example": SAVINGS})
    name = text(longest=200, required=True)
    minimum_balance = fields.Integer(
        strict=True,
        load_default=0,
        allow_none=True,
        validate=validate.Range(min=-AMOUNT_MAX, max=AMOUNT_MAX),
    )


class OpenAccounts(Schema):
    """Accounts of the caller's own book; those that exist already are left alone."""

    accounts = fields.List(
        fields.Nested(NewAccount),
        required=True,
        validate=validate.Length(min=1, max=KEYS_MAX),
    )


class OpenedAccounts(Schema):
    """The keys of the accounts, in the order asked for."""

    keys = fields.List(fields.String(), required=True)


class ChartLine(Schema):
    """A code of the chart of accounts."""

    code = fields.String(required=True, metadata={"example": SAVINGS})
    name = fields.String(required=True)
    is_debit_normal = fields.Boolean(required=True)


class Chart(Schema):
    """The chart of accounts that every cooperative's book has."""

    accounts = fields.List(fields.Nested(ChartLine), required=True)


class SetLimit(Schema):
    """A new lowest balance for an account; refused when it is below already."""

    key = _key(required=True)
    minimum_balance = fields.Integer(
        strict=True,
        required=True,
        allow_none=True,
        validate=validate.Range(min=-AMOUNT_MAX, max=AMOUNT_MAX),
    )


class Limit(Schema):
    """An account's limit and what it leaves."""

    key = fields.String(required=True)
    minimum_balance = fields.Integer(required=True, allow_none=True)
    available = _rupiah("What may still go out.")


class SetStatus(Schema):
    """Freeze, thaw or close an account of the caller's own book."""

    key = _key(required=True)
    status = fields.String(required=True, validate=validate.OneOf(ACCOUNT_STATUSES))


class AccountStatus(Schema):
    """An account's status."""

    key = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(ACCOUNT_STATUSES))


class GetBalances(Schema):
    """Accounts whose balances are asked for; unknown keys are left out."""

    keys = fields.List(
        _key(), required=True, validate=validate.Length(min=1, max=KEYS_MAX)
    )


class Balance(Schema):
    """An account's balance on its normal side."""

    balance = _rupiah("What has been posted.")
    pending = _rupiah("What holds may still take out of it.")
    available = _rupiah(
        "What may still go out: balance less pending less the minimum balance."
    )
    status = fields.String(required=True, validate=validate.OneOf(ACCOUNT_STATUSES))


class GetBalanceDays(Schema):
    """Balances of accounts at the end of each day of a period, condensed.

    Days are business dates, both ends included. A day on which an account held less
    than ``floor`` counts as empty.
    """

    keys = fields.List(
        _key(), required=True, validate=validate.Length(min=1, max=KEYS_MAX)
    )
    from_ = fields.Date(required=True, data_key="from")
    to = fields.Date(required=True)
    floor = AmountField(minimum=0, load_default=0)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        if data["from_"] > data["to"]:
            raise ValidationError("Must not end before it begins.", "to")


class BalanceDays(Schema):
    """The balances of one account over a period."""

    lowest = _rupiah("The lowest balance at the end of a day.")
    balance_days = _rupiah("The sum of the balances at the end of all days.")
    closing = _rupiah("The balance at the end of the last day, whatever the floor.")
    status = fields.String(required=True, validate=validate.OneOf(ACCOUNT_STATUSES))


# Statements


class StatementQuery(Page):
    """A period by posting time: from inclusive; to exclusive, or the whole of a day."""

    from_ = MomentOrDateField(load_default=None, allow_none=True, data_key="from")
    to = MomentOrDateField(load_default=None, allow_none=True)


class GetStatement(StatementQuery):
    """An account's statement; the key of a savings account is its number."""

    key = _key(required=True)


class StatementLine(Schema):
    """One line: what was debited or credited, and the balance after it."""

    at = UtcField(required=True)
    business_date = fields.Date(required=True)
    journal_id = fields.String(required=True)
    description = fields.String(required=True)
    debit = _rupiah("0 on a credit line.")
    credit = _rupiah("0 on a debit line.")
    balance = _rupiah("The balance after this line.")


class ListPostings(Schema):
    """A page of all postings of the caller's own book, for its export."""

    limit = fields.Integer(
        load_default=KEYS_MAX, validate=validate.Range(min=1, max=5 * KEYS_MAX)
    )
    cursor = text(longest=500, load_default=None, allow_none=True)


class PostedLine(Schema):
    """One posting with the journal that it belongs to."""

    serial = fields.Integer(required=True, strict=True)
    journal_id = fields.String(required=True)
    kind = fields.String(required=True)
    description = fields.String(required=True)
    reference = fields.String(required=True, allow_none=True)
    business_date = fields.Date(required=True)
    posted_at = UtcField(required=True)
    debit_key = fields.String(required=True)
    credit_key = fields.String(required=True)
    amount = AmountField(required=True)


class PostingPage(Schema):
    """Postings by the account that was debited, then by their moment."""

    items = fields.List(fields.Nested(PostedLine), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Statement(Schema):
    """The lines of a period, oldest first; both balances are those of the period."""

    opening_balance = _rupiah("The balance before the period.")
    items = fields.List(fields.Nested(StatementLine), required=True)
    closing_balance = _rupiah("The balance at the end of the period.")
    next_cursor = fields.String(required=True, allow_none=True)


class TrialBalanceQuery(Schema):
    """The moment of a trial balance, by default now."""

    as_of = MomentOrDateField(load_default=None, allow_none=True)


class GetTrialBalance(TrialBalanceQuery):
    """The trial balance of the caller's own book; an operator's is the hub's."""


class TrialBalanceLine(Schema):
    """All accounts of one code, net, on the side where they stand."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    debit = _rupiah("0 when the code stands in credit.")
    credit = _rupiah("0 when the code stands in debit.")


class TrialBalance(Schema):
    """A book at a moment; the totals are equal."""

    as_of = UtcField(required=True)
    accounts = fields.List(fields.Nested(TrialBalanceLine), required=True)
    debit_total = _rupiah("Sum of the debit column.")
    credit_total = _rupiah("Sum of the credit column.")


# Periods


class ClosePeriodBody(Schema):
    """The last business day that is closed; days before it are closed too."""

    through = fields.Date(required=True, metadata={"example": "2026-11-21"})


class ClosePeriod(ClosePeriodBody):
    """Close the business days of the caller's own book through a date before today."""

    idempotency = fields.Nested(IdempotencySchema, load_default=None, allow_none=True)


class Period(Schema):
    """The last closed business day of a book, null when none is closed."""

    cooperative_id = fields.String(required=True)
    closed_through = fields.Date(required=True, allow_none=True)


class PeriodEvent(Period):
    """Payload of ``period_closed``."""


# Wallet and fees


class TopUpWalletBody(Schema):
    """Money that a cooperative has paid into its wallet."""

    amount = AmountField(required=True, metadata={"example": 1000000})
    reference = text(longest=200, required=True, metadata={"example": "VA-20261122-1"})


class TopUpWallet(TopUpWalletBody, MoneyCommand):
    """Top up the wallet of one cooperative."""

    cooperative_id = _id("coop_01jd8x", required=True)


class ReceivePayment(Schema):
    """Money that reached a cooperative through the hub's payment provider.

    It raises the wallet. Against that stands what the cooperative holds for whoever
    paid (`held`, to be credited next), or its own bank account it came from (`bank`).
    """

    id = _id("jrn_4f1c", required=True)
    amount = AmountField(required=True, metadata={"example": 100000})
    target = fields.String(required=True, validate=validate.OneOf(PAYMENT_TARGETS))
    description = text(shortest=0, longest=500, load_default="")
    reference = text(longest=200, required=True, metadata={"example": "pay_01jd8x"})


class TopUp(Replayable):
    """A top-up and the wallet's balance after it."""

    journal_id = fields.String(required=True)
    balance = _rupiah("The wallet's balance.")


class Wallet(Schema):
    """The wallet of a cooperative."""

    balance = _rupiah("What is left for fees.")


class ChargeFeeBody(Schema):
    """A fee by the schedule: what for, on what base, for how many months."""

    kind = fields.String(required=True, validate=validate.OneOf(FEE_KINDS))
    base_amount = AmountField(load_default=None, allow_none=True)
    months = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=1, max=600),
    )
    reference = text(longest=200, required=True, metadata={"example": "loa_01jd8x"})


class ChargeFee(ChargeFeeBody):
    """Charge a cooperative a fee, once per kind and reference.

    People send an idempotency key too; a service's reference is enough by itself.
    """

    idempotency = fields.Nested(IdempotencySchema, load_default=None, allow_none=True)
    cooperative_id = _id("coop_01jd8x", required=True)


class AgreedFee(Schema):
    """A fee that is charged in the journal it belongs to, at the price agreed before.

    The hub's own fees cost what the schedule says. A premium costs what the insurer has
    quoted and reserved the policy for, whose product may have another rate than the
    schedule's 4.5 % (R42); it goes through to the insurer.

    Who bears it: the cooperative as a cost, or a premium that it holds for the insurer
    because the borrower has paid it (C21).
    """

    kind = fields.String(required=True, validate=validate.OneOf(FEE_KINDS))
    base_amount = AmountField(required=True)
    months = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=1, max=600),
    )
    amount = AmountField(required=True, minimum=0)
    reference = text(longest=200, required=True)
    borne_by = fields.String(
        load_default="cooperative", validate=validate.OneOf(FEE_BEARERS)
    )


class PostDisbursement(PostJournal):
    """A loan that is paid out with its fees: all of it is one journal, or none of it.

    The postings stay in the caller's own book; those of the fees are added.
    """

    fees = fields.List(fields.Nested(AgreedFee), required=True)


class PostedDisbursement(PostedJournal):
    """A loan that was paid out."""


class RefundFee(Schema):
    """Give back all or part of a fee, once per ``refund_reference``.

    Without an amount it is what is left of the fee. Asked again with the same amount it
    is the refund that there is; with another one it is refused.
    """

    cooperative_id = _id("coop_01jd8x", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(FEE_KINDS))
    reference = text(longest=200, required=True, metadata={"example": "chk_01jd8x"})
    refund_reference = text(longest=200, required=True)
    amount = AmountField(load_default=None, allow_none=True)
    reason = text(longest=300, required=True)


class FeeRefund(Replayable):
    """What was given back of a fee."""

    id = fields.String(required=True)
    cooperative_id = fields.String(required=True)
    kind = fields.String(required=True)
    reference = fields.String(required=True)
    refund_reference = fields.String(required=True)
    amount = _rupiah("What was given back.")
    journal_id = fields.String(required=True)
    refunded_at = UtcField(required=True)


class FeeCharge(Replayable):
    """A fee that was charged."""

    id = fields.String(required=True)
    cooperative_id = fields.String(required=True)
    kind = fields.String(required=True)
    rule = fields.String(
        required=True, metadata={"description": "The requirement behind the price."}
    )
    base_amount = fields.Integer(required=True, allow_none=True)
    months = fields.Integer(required=True, allow_none=True)
    amount = _rupiah("What was charged.")
    refunded = _rupiah("What was given back of it.")
    reference = fields.String(required=True)
    journal_id = fields.String(required=True, allow_none=True)
    charged_at = UtcField(required=True)


class ListFees(Page):
    """The fees that the caller's cooperative was charged, newest first."""


class FeePage(Schema):
    """Fee charges, newest first."""

    items = fields.List(fields.Nested(FeeCharge), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class GetFeeSchedule(Schema):
    """The prices in force on a date, by default today."""

    on = fields.Date(load_default=None, allow_none=True)


class FeeRate(Schema):
    """One row of the schedule: a fixed amount, or basis points of a base."""

    kind = fields.String(required=True)
    rule = fields.String(required=True)
    valid_from = fields.Date(required=True)
    valid_until = fields.Date(required=True, allow_none=True)
    base_over = fields.Integer(required=True, allow_none=True)
    base_through = fields.Integer(required=True, allow_none=True)
    fixed_amount = fields.Integer(required=True, allow_none=True)
    rate_bps = fields.Integer(required=True, allow_none=True)
    per = fields.String(
        required=True, validate=validate.OneOf(("charge", "month", "year"))
    )


class FeeSchedule(Schema):
    """The prices in force on a date."""

    on = fields.Date(required=True)
    items = fields.List(fields.Nested(FeeRate), required=True)


# Integrity


class ChainHead(Schema):
    """The newest link of the chain; zeroes and an empty hash before the first."""

    position = fields.Integer(required=True)
    last_serial = fields.Integer(required=True)
    hash = fields.String(required=True, metadata={"description": "Hexadecimal."})


class Integrity(Schema):
    """Whether the books balance, how much they hold, how far the chain is verified."""

    balanced = fields.Boolean(required=True)
    journals = fields.Integer(required=True)
    postings = fields.Integer(required=True)
    chain_verified_through = fields.Integer(
        required=True, metadata={"description": "Serial number of a journal."}
    )
    chain_intact = fields.Boolean(required=True)
    chain_head = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Hash of the newest link, hexadecimal."},
    )
