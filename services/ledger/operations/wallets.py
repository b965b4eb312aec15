"""Wallets: topped up by the operator, drawn on by fees, each fee charged once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from services.ledger.domain import fees
from services.ledger.domain.journals import Journal, Posted, Posting
from services.ledger.operations import batches, books
from services.ledger.operations.batches import Batch
from services.ledger.store import accounts as account_store
from services.ledger.store import fees as fee_store
from services.ledger.store.fees import Charge
from services.shared import clock, identifiers
from services.shared.contracts import ledger as contract
from services.shared.contracts.paging import InvalidCursor
from services.shared.errors import IdempotencyKeyReused, Malformed
from services.shared.identity import HUB
from services.shared.persistence import outbox
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.idempotency import IdempotencyScope, run_once

FEE_INCOME: Final = "4-2000"
CREDITED_AT_THE_HUB: Final = {"default_insurance": contract.PREMIUMS_HELD}
"""Premiums are the insurer's; every other fee is the hub's income."""

BEARER_CODES: Final = {
    "cooperative": contract.PLATFORM_COSTS,
    "premiums_held": contract.PREMIUMS_HELD,
}
TARGET_CODES: Final = {"held": contract.HELD_PAYMENTS, "bank": contract.BANK}
_NEWEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that the payment provider took; the id is derived from its transaction."""

    id: str
    cooperative_id: str
    amount: int
    target: str
    description: str
    reference: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A fee as it is asked for."""

    cooperative_id: str
    kind: str
    base_amount: int | None
    months: int | None
    reference: str
    request_id: str | None = None


@retrying
@batches.deciding_again
def top_up_wallet(
    database: Database,
    *,
    cooperative_id: str,
    amount: int,
    reference: str,
    idempotency: dict[str, str],
    request_id: str | None = None,
) -> dict[str, Any]:
    """Book money that the cooperative has paid into its wallet, in both books.

    Raises BookNotOpen, IdempotencyKeyReused.
    """
    wallet = contract.wallet_account(cooperative_id)
    journal = Journal(
        id=identifiers.derived(
            "jrn", cooperative_id, idempotency["operation"], idempotency["key"]
        ),
        kind="wallet_top_up",
        description=f"Isi dompet {reference}",
        reference=reference,
        business_date=clock.business_date(),
        postings=(
            (contract.hub_account(contract.PLATFORM_WALLET), wallet, amount),
            (
                contract.chart_account(cooperative_id, contract.PLATFORM_WALLET),
                contract.chart_account(cooperative_id, contract.BANK),
                amount,
            ),
        ),
        request_id=request_id,
    )
    with database.hub() as session:
        batch = batches.enter(session, journal.keys)
        # Not stored as a refusal: the same key may succeed once the book is open.
        if wallet not in batch.books.by_key:
            raise contract.BookNotOpen
        [outcome] = batches.post(session, batch, [journal])
    if isinstance(outcome, contract.JournalIdReused):
        raise IdempotencyKeyReused
    posted = batches.result_or_raise(outcome)
    return {
        "journal_id": posted.journal_id,
        "balance": posted.balances[wallet],
        "replayed": posted.replayed,
    }


@retrying
@batches.deciding_again
def receive_payment(database: Database, payment: Payment) -> Posted:
    """Book in both books what the payment provider took for a cooperative, once.

    The hub has it at the provider and owes it to the cooperative, whose wallet is that
    claim; the cooperative owes it in turn until it credits whoever paid. Raises
    BookNotOpen, JournalIdReused for another payment under the same id.
    """
    cooperative_id = payment.cooperative_id
    wallet = contract.wallet_account(cooperative_id)
    journal = Journal(
        id=payment.id,
        kind="payment_received",
        description=payment.description,
        reference=payment.reference,
        business_date=clock.business_date(),
        postings=(
            (contract.hub_account(contract.PLATFORM_WALLET), wallet, payment.amount),
            (
                contract.chart_account(cooperative_id, contract.PLATFORM_WALLET),
                contract.chart_account(cooperative_id, TARGET_CODES[payment.target]),
                payment.amount,
            ),
        ),
        request_id=payment.request_id,
    )
    with database.hub() as session:
        # A book may be older than the code under which payments are held.
        books.open_chart_account(session, cooperative_id, contract.HELD_PAYMENTS)
        batch = batches.enter(session, journal.keys)
        [outcome] = batches.post(session, batch, [journal])
    return batches.result_or_raise(outcome)


def get_wallet(database: Database, cooperative_id: str) -> dict[str, Any]:
    """What the cooperative has left for fees. Raises BookNotOpen."""
    key = contract.wallet_account(cooperative_id)
    # The wallet is in the hub's book, so this is asked as the hub, for one key only.
    with database.hub() as session:
        accounts = account_store.read(session, [key])
    if not accounts:
        raise contract.BookNotOpen
    return {"balance": accounts[0].balance}


@retrying
@batches.deciding_again
def charge_fee(
    database: Database, asked: Asked, idempotency: dict[str, str] | None = None
) -> dict[str, Any]:
    """Take a fee by today's schedule out of the wallet, once per kind and reference.

    A repetition gets the first charge again, at the price of then. Raises
    InsufficientWalletBalance (nothing is kept, so it may be tried after a top-up),
    FeeAlreadyCharged for another base, FeeNotScheduled, BookNotOpen, Malformed.
    """
    # The key is the operator's, whichever cooperative the fee is for.
    scope = IdempotencyScope.of(HUB, idempotency)
    with database.hub() as session:
        return run_once(session, scope=scope, operation=lambda: _charge(session, asked))


def _charge(session: Session, asked: Asked) -> dict[str, Any]:
    wallet = contract.wallet_account(asked.cooperative_id)
    batch = batches.enter(session, accounts_of_a_fee(asked.cooperative_id, asked.kind))
    if wallet not in batch.books.by_key:
        raise contract.BookNotOpen
    # Asked under the wallet's lock, which every charge of it needs.
    earlier = fee_store.find(
        session,
        cooperative_id=asked.cooperative_id,
        kind=asked.kind,
        reference=asked.reference,
    )
    if earlier is not None:
        if (earlier.base_amount, earlier.months) != (asked.base_amount, asked.months):
            raise contract.FeeAlreadyCharged
        return _answer(earlier) | {"replayed": True}
    charge = priced(session, asked, batch.moment)
    if charge.amount:
        _take(session, batch, charge, asked.request_id)
    if not fee_store.insert(session, charge):
        raise batches.IdTaken
    answer = _answer(charge)
    outbox.add(session, contract.FEE_CHARGED, answer, request_id=asked.request_id)
    return answer


def _answer(charge: Charge) -> dict[str, Any]:
    answer: dict[str, Any] = contract.FeeCharge().dump(asdict(charge))
    return answer


def _take(
    session: Session, batch: Batch, charge: Charge, request_id: str | None
) -> None:
    """Post the fee. Raising gives the whole transaction up: no refusal is stored."""
    journal = Journal(
        id=charge.id,
        kind="fee",
        description=f"Biaya {charge.kind} {charge.reference}",
        reference=charge.reference,
        business_date=clock.business_date(),
        postings=postings_of(charge),
        request_id=request_id,
    )
    [outcome] = batches.post(session, batch, [journal])
    if isinstance(outcome, contract.InsufficientFunds):
        raise contract.InsufficientWalletBalance(details={"amount": charge.amount})
    batches.result_or_raise(outcome)


def priced(session: Session, asked: Asked, moment: datetime) -> Charge:
    """The charge at today's price. Raises FeeNotScheduled, Malformed."""
    today = clock.business_date()
    rates = fee_store.schedule(session, today)
    rate = fees.rate_for(
        rates, kind=asked.kind, day=today, base_amount=asked.base_amount
    )
    if rate is None:
        raise contract.FeeNotScheduled
    try:
        amount = rate.amount(base_amount=asked.base_amount, months=asked.months)
    except fees.BaseMissing as missing:
        message = f"This fee needs {missing}."
        raise Malformed(message) from missing
    charge_id = identifiers.new("fee")
    return Charge(
        id=charge_id,
        cooperative_id=asked.cooperative_id,
        kind=asked.kind,
        rule=rate.rule,
        reference=asked.reference,
        base_amount=asked.base_amount,
        months=asked.months,
        amount=amount,
        # A fee that rounds to nothing moves nothing.
        journal_id=charge_id if amount else None,
        charged_at=moment,
    )


def list_fees(
    database: Database, cooperative_id: str, *, limit: int, cursor: str | None
) -> dict[str, Any]:
    """The fees that the cooperative was charged, newest first."""
    before = _NEWEST if cursor is None else _read_cursor(cursor)
    with books.own(database, cooperative_id) as session:
        charges = fee_store.listed(
            session, cooperative_id, before=before, limit=limit + 1
        )
    page = charges[:limit]
    return {
        "items": [charge for _, charge in page],
        "next_cursor": str(page[-1][0]) if len(charges) > limit else None,
    }


def get_fee_schedule(database: Database, day: date | None) -> dict[str, Any]:
    """The prices in force on ``day``, by default today."""
    day = day or clock.business_date()
    with database.hub() as session:
        rates = fee_store.schedule(session, day)
    return {"on": day, "items": [asdict(rate) for rate in rates]}


def accounts_of_a_fee(
    cooperative_id: str, kind: str, borne_by: str = "cooperative"
) -> set[str]:
    """The keys of the accounts that a fee of this kind moves."""
    return {
        key
        for posting in _postings(cooperative_id, 1, kind, borne_by)
        for key in posting[:2]
    }


def postings_of(charge: Charge) -> tuple[Posting, ...]:
    """What a charge is in both books."""
    return _postings(charge.cooperative_id, charge.amount, charge.kind, charge.borne_by)


def _postings(
    cooperative_id: str, amount: int, kind: str, borne_by: str
) -> tuple[Posting, ...]:
    credited = CREDITED_AT_THE_HUB.get(kind, FEE_INCOME)
    return (
        (
            contract.wallet_account(cooperative_id),
            contract.hub_account(credited),
            amount,
        ),
        (
            contract.chart_account(cooperative_id, BEARER_CODES[borne_by]),
            contract.chart_account(cooperative_id, contract.PLATFORM_WALLET),
            amount,
        ),
    )


def _read_cursor(cursor: str) -> int:
    if not cursor.isascii() or not cursor.isdigit() or int(cursor) > _NEWEST:
        raise InvalidCursor
    return int(cursor)
