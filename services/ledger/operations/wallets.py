"""Wallets: topped up by the operator, drawn on by fees, each fee charged once."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from services.ledger.domain import fees
from services.ledger.domain.journals import Journal, Posting
from services.ledger.operations import batches, books
from services.ledger.store import accounts as account_store
from services.ledger.store import fees as fee_store
from services.ledger.store.fees import Charge
from services.shared import clock, identifiers
from services.shared.contracts import ledger as contract
from services.shared.errors import IdempotencyKeyReused, Malformed
from services.shared.persistence import outbox
from services.shared.persistence.database import Database, retrying

FEE_INCOME: Final = "4-2000"
_NEWEST: Final = 2**63 - 1


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
    database: Database,
    *,
    cooperative_id: str,
    kind: str,
    base_amount: int | None,
    months: int | None,
    reference: str,
    request_id: str | None = None,
) -> dict[str, Any]:
    """Take a fee by today's schedule out of the wallet, once per kind and reference.

    A repetition gets the first charge again, at the price of then. Raises
    InsufficientWalletBalance (nothing is kept, so it may be tried after a top-up),
    FeeAlreadyCharged for another base, FeeNotScheduled, BookNotOpen, Malformed.
    """
    today = clock.business_date()
    wallet = contract.wallet_account(cooperative_id)
    with database.hub() as session:
        batch = batches.enter(session, _accounts_of_a_fee(cooperative_id))
        if wallet not in batch.books.by_key:
            raise contract.BookNotOpen
        # Asked under the wallet's lock, which every charge of it needs.
        earlier = fee_store.find(
            session, cooperative_id=cooperative_id, kind=kind, reference=reference
        )
        if earlier is not None:
            if (earlier.base_amount, earlier.months) != (base_amount, months):
                raise contract.FeeAlreadyCharged
            return asdict(earlier) | {"replayed": True}
        rate, amount = _priced(session, kind, today, base_amount, months)
        charge_id = identifiers.new("fee")
        charge = Charge(
            id=charge_id,
            cooperative_id=cooperative_id,
            kind=kind,
            rule=rate.rule,
            reference=reference,
            base_amount=base_amount,
            months=months,
            amount=amount,
            journal_id=charge_id if amount else None,
            charged_at=batch.moment,
        )
        if amount:
            journal = _journal_of(charge, today, request_id)
            [outcome] = batches.post(session, batch, [journal])
            if isinstance(outcome, contract.InsufficientFunds):
                raise contract.InsufficientWalletBalance(details={"amount": amount})
            batches.result_or_raise(outcome)
        if not fee_store.insert(session, charge):
            raise batches.IdTaken
        answer = asdict(charge)
        outbox.add(
            session,
            contract.FEE_CHARGED,
            contract.FeeCharge().dump(answer),
            request_id=request_id,
        )
    return answer


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


def _accounts_of_a_fee(cooperative_id: str) -> set[str]:
    return {key for posting in _postings(cooperative_id, 1) for key in posting[:2]}


def _postings(cooperative_id: str, amount: int) -> tuple[Posting, ...]:
    return (
        (
            contract.wallet_account(cooperative_id),
            contract.hub_account(FEE_INCOME),
            amount,
        ),
        (
            contract.chart_account(cooperative_id, contract.PLATFORM_COSTS),
            contract.chart_account(cooperative_id, contract.PLATFORM_WALLET),
            amount,
        ),
    )


def _journal_of(charge: Charge, today: date, request_id: str | None) -> Journal:
    return Journal(
        id=charge.id,
        kind="fee",
        description=f"Biaya {charge.kind} {charge.reference}",
        reference=charge.reference,
        business_date=today,
        postings=_postings(charge.cooperative_id, charge.amount),
        request_id=request_id,
    )


def _priced(
    session: Session, kind: str, day: date, base_amount: int | None, months: int | None
) -> tuple[fees.FeeRate, int]:
    rates = fee_store.schedule(session, day)
    rate = fees.rate_for(rates, kind=kind, day=day, base_amount=base_amount)
    if rate is None:
        raise contract.FeeNotScheduled
    try:
        return rate, rate.amount(base_amount=base_amount, months=months)
    except fees.BaseMissing as missing:
        message = f"This fee needs {missing}."
        raise Malformed(message) from missing


def _read_cursor(cursor: str) -> int:
    if not cursor.isascii() or not cursor.isdigit() or int(cursor) > _NEWEST:
        raise contract.InvalidCursor
    return int(cursor)
