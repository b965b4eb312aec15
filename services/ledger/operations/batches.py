"""How a batch is worked on: locked whole, decided one by one, written whole."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, ParamSpec, TypeVar

from marshmallow import Schema, ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.ledger.domain.accounts import Account
from services.ledger.domain.balances import Books
from services.ledger.domain.journals import Journal, Posted, Refusal
from services.ledger.store import accounts as account_store
from services.ledger.store import books as book_store
from services.ledger.store import journals as journal_store
from services.ledger.store.journals import Decided
from services.shared.contracts import ledger as contract
from services.shared.errors import Malformed, RemoteFault, ServiceBusy, ServiceError
from services.shared.identity import HUB

P = ParamSpec("P")
T = TypeVar("T")
Call = TypeVar("Call")
Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

ATTEMPTS: Final = 3

_log = logging.getLogger(__name__)


class IdTaken(Exception):
    """Another process used an id of this batch between the look-up and the insert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Locked accounts, and the moment at which everything in the batch happens."""

    books: Books
    moment: datetime


def deciding_again(function: Callable[P, T]) -> Callable[P, T]:
    """Run a whole transaction again when an id was taken meanwhile.

    The second run finds the id in the look-up and replays or refuses it.
    """

    @functools.wraps(function)
    def attempt(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(ATTEMPTS):
            try:
                return function(*args, **kwargs)
            except IdTaken:
                _log.info("an id was taken meanwhile; deciding the batch again")
        raise ServiceBusy

    return attempt


def answer_each(
    calls: Sequence[Call],
    *,
    load: Callable[[Call], Item],
    operate: Callable[[list[Item]], Sequence[Outcome | ServiceError]],
    result: Schema,
) -> list[dict[str, Any] | ServiceError]:
    """An answer for every call, in order; a malformed one fails alone."""
    answers: list[dict[str, Any] | ServiceError] = [Malformed()] * len(calls)
    items: list[Item] = []
    places: list[int] = []
    for place, call in enumerate(calls):
        try:
            items.append(load(call))
            places.append(place)
        except ValidationError as error:
            answers[place] = malformed(error)
    for place, outcome in zip(places, _operate(items, operate), strict=True):
        answers[place] = (
            outcome if isinstance(outcome, ServiceError) else result.dump(outcome)
        )
    return answers


def _operate(
    items: list[Item],
    operate: Callable[[list[Item]], Sequence[Outcome | ServiceError]],
) -> Sequence[Outcome | ServiceError]:
    if not items:
        return []
    try:
        return operate(items)
    except DBAPIError:
        # PostgreSQL refused what the domain had allowed: a bug, but of one item, and
        # its neighbours must not suffer for it.
        _log.exception("a batch of %d was refused by the database", len(items))
        if len(items) == 1:
            return [RemoteFault()]
    return [outcome for item in items for outcome in _operate([item], operate)]


def malformed(error: ValidationError) -> Malformed:
    """The fault of a command that does not fit its schema."""
    return Malformed(details={"errors": error.messages})


def storable(command: dict[str, Any]) -> dict[str, Any]:
    """The command, when all of its text can be stored.

    JSON can spell half a surrogate pair, which no encoding can; found only by the
    database, it would fail the whole batch. Raises ValidationError.
    """
    for name, value in command.items():
        if isinstance(value, str) and not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise ValidationError("Not valid Unicode text.", name) from None
    return command


def journal_of(command: dict[str, Any], request_id: str | None) -> Journal:
    """The journal that a loaded `PostJournal` or `PlaceHold` asks for."""
    postings = tuple(command.pop("postings"))
    return Journal(postings=postings, request_id=request_id or None, **command)


def enter(session: Session, keys: Collection[str]) -> Batch:
    """Lock the accounts with these keys and enter their books."""
    account_store.go_by_index(session)
    return entered(session, account_store.lock(session, keys))


def entered(session: Session, accounts: Sequence[Account]) -> Batch:
    """Enter the books of accounts that are locked already."""
    # The hub's book always: without any account a refusal is written all the same,
    # and the chain must know of everybody who writes.
    names = {HUB} | {account.cooperative_id for account in accounts}
    moment, closed_through = book_store.enter(session, names)
    return Batch(books=Books(accounts, closed_through), moment=moment)


def post(
    session: Session, batch: Batch, journals: Sequence[Journal], *, home: str = HUB
) -> list[Posted | ServiceError]:
    """Apply journals one after the other and write the result.

    An id that was used before gets its stored outcome again. A refusal is an outcome
    like any other and is stored too; one that concerns no known account is filed in
    the book of ``home``.
    """
    known = journal_store.stored(session, {journal.id for journal in journals})
    outcomes: list[Posted | ServiceError] = []
    decided: dict[str, Decided] = {}
    first: dict[str, Posted | ServiceError] = {}
    for journal in journals:
        fingerprint = journal.fingerprint
        if journal.id in known:
            outcome = _replayed_from(known[journal.id], journal, fingerprint)
        elif journal.id in first:
            earlier = decided[journal.id].request_hash
            outcome = (
                _again(first[journal.id])
                if earlier == fingerprint
                else contract.JournalIdReused(details={"journal_id": journal.id})
            )
        else:
            one = decide(batch.books.post, batch, journal, fingerprint, home=home)
            outcome = _outcome_of(one, batch.moment)
            decided[journal.id], first[journal.id] = one, outcome
        outcomes.append(outcome)
    write_counters(session, batch)
    if not journal_store.insert(session, list(decided.values()), batch.moment):
        raise IdTaken
    return outcomes


def decide(
    apply: Callable[[Journal], Any],
    batch: Batch,
    journal: Journal,
    fingerprint: bytes,
    *,
    home: str,
) -> Decided:
    """The outcome of one journal under ``apply``, a method of the batch's books."""
    applied = apply(journal)
    if not isinstance(applied, Refusal):
        books = dict.fromkeys(line.debit.cooperative_id for line in applied)
        return Decided(
            journal=journal,
            request_hash=fingerprint,
            books=list(books),
            lines=applied,
        )
    # Nobody but the side that wanted to pay needs to know of a refusal.
    accounts = (
        batch.books.by_key.get(key)
        for posting in journal.postings
        for key in posting[:2]
    )
    book = next((account.cooperative_id for account in accounts if account), home)
    return Decided(
        journal=journal, request_hash=fingerprint, books=[book], refusal=applied
    )


def write_counters(session: Session, batch: Batch) -> None:
    """Write the counters of all accounts that the batch has moved."""
    by_id = batch.books.by_id
    account_store.write_counters(session, [by_id[id_] for id_ in batch.books.touched])


def refused(refusal: Refusal, *, replayed: bool = False) -> ServiceError:
    """The typed error of a refusal."""
    details = refusal.details | ({"replayed": True} if replayed else {})
    return contract.REFUSALS[refusal.code](details=details)


def result_or_raise(outcome: T | ServiceError) -> T:
    """The result of a journal that travelled alone; raises its refusal."""
    if isinstance(outcome, ServiceError):
        raise outcome
    return outcome


def _outcome_of(one: Decided, moment: datetime) -> Posted | ServiceError:
    if one.refusal is not None:
        return refused(one.refusal)
    balances: dict[str, int] = {}
    for line in one.lines:
        balances[line.debit.key] = line.debit_balance_after
        balances[line.credit.key] = line.credit_balance_after
    return Posted(journal_id=one.journal.id, posted_at=moment, balances=balances)


def _replayed_from(
    stored: journal_store.Stored, journal: Journal, fingerprint: bytes
) -> Posted | ServiceError:
    if stored.request_hash != fingerprint:
        return contract.JournalIdReused(details={"journal_id": journal.id})
    if stored.refusal is not None:
        return refused(stored.refusal, replayed=True)
    return Posted(
        journal_id=journal.id,
        posted_at=stored.posted_at,
        balances=stored.balances,
        replayed=True,
    )


def _again(outcome: Posted | ServiceError) -> Posted | ServiceError:
    """The outcome of the same journal earlier in the batch."""
    if isinstance(outcome, ServiceError):
        return type(outcome)(outcome.message, outcome.details | {"replayed": True})
    return replace(outcome, replayed=True)
