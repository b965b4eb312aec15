"""Holds: placed like journals, resolved once by post, void or the end of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from services.ledger.domain import holds as domain
from services.ledger.domain.balances import Line
from services.ledger.domain.holds import Hold, Placed, Resolution, Resolved
from services.ledger.domain.journals import Journal
from services.ledger.operations import batches
from services.ledger.operations.batches import Batch
from services.ledger.store import accounts as account_store
from services.ledger.store import holds as hold_store
from services.ledger.store import journals as journal_store
from services.ledger.store.journals import Decided
from services.shared.contracts import ledger as contract
from services.shared.errors import ServiceError
from services.shared.identity import HUB
from services.shared.persistence.database import Database, retrying

EXPIRED_AT_ONCE: Final = 500
_ERRORS: Final = {
    error.code: error
    for error in (
        contract.HoldAlreadyPosted,
        contract.HoldAlreadyVoided,
        contract.HoldExpired,
    )
}


@retrying
@batches.deciding_again
def place_holds(
    database: Database, journals: Sequence[Journal]
) -> list[Placed | ServiceError]:
    """Reserve a batch of journals in one transaction; an outcome per hold, in order."""
    keys = {key for journal in journals for key in journal.keys}
    with database.hub() as session:
        batch = batches.enter(session, keys)
        return _place(session, batch, journals)


def _place(
    session: Session, batch: Batch, journals: Sequence[Journal]
) -> list[Placed | ServiceError]:
    known = hold_store.stored(session, {journal.id for journal in journals})
    decided: dict[str, Decided] = {}
    outcomes: list[Placed | ServiceError] = []
    for journal in journals:
        fingerprint = journal.hold_fingerprint
        is_new = journal.id not in known
        if is_new:
            one = batches.decide(
                batch.books.hold, batch, journal, fingerprint, home=HUB
            )
            decided[journal.id] = one
            # For a repetition later in the same batch.
            known[journal.id] = _as_stored(one, batch.moment)
        outcomes.append(
            _placed(journal, known[journal.id], fingerprint, replayed=not is_new)
        )
    batches.write_counters(session, batch)
    if not hold_store.insert(session, list(decided.values()), batch.moment):
        raise batches.IdTaken
    return outcomes


def _as_stored(one: Decided, moment: datetime) -> hold_store.Stored:
    return hold_store.Stored(
        request_hash=one.request_hash,
        refusal=one.refusal,
        state=domain.REFUSED if one.refusal else domain.PENDING,
        placed_at=moment,
        expires_at=one.journal.expires_at,
    )


def _placed(
    journal: Journal, stored: hold_store.Stored, fingerprint: bytes, *, replayed: bool
) -> Placed | ServiceError:
    if stored.request_hash != fingerprint:
        return contract.JournalIdReused(details={"journal_id": journal.id})
    if stored.refusal is not None:
        return batches.refused(stored.refusal, replayed=replayed)
    return Placed(
        hold_id=journal.id,
        state=stored.state,
        placed_at=stored.placed_at,
        expires_at=stored.expires_at,
        replayed=replayed,
    )


@retrying
@batches.deciding_again
def resolve_holds(
    database: Database, resolutions: Sequence[Resolution]
) -> list[Resolved | ServiceError]:
    """End a batch of holds in one transaction; an outcome per resolution, in order."""
    with database.hub() as session:
        account_store.go_by_index(session)
        locked = hold_store.lock(session, {one.hold_id for one in resolutions})
        work = _Resolving(session, locked)
        outcomes = [work.resolve(resolution) for resolution in resolutions]
        work.write()
        return outcomes


@retrying
def expire_holds(database: Database) -> int:
    """Return the amounts of holds whose time is up; how many holds ended so."""
    with database.hub() as session:
        account_store.go_by_index(session)
        due = hold_store.lock_due(session, EXPIRED_AT_ONCE)
        work = _Resolving(session, {hold.id: (hold, hash_) for hold, hash_ in due})
        for hold, _ in due:
            work.expire(hold)
        work.write()
        return len(due)


class _Resolving:
    """Locked holds with the accounts they bind, while their fate is decided."""

    def __init__(self, session: Session, locked: dict[str, tuple[Hold, bytes]]) -> None:
        self._session = session
        self._holds = {id_: hold for id_, (hold, _) in locked.items()}
        self._hashes = {id_: hash_ for id_, (_, hash_) in locked.items()}
        pending = [
            hold for hold in self._holds.values() if hold.state == domain.PENDING
        ]
        self._batch = batches.entered(
            session, account_store.lock_by_id(session, _accounts_of(pending))
        )
        self._before = journal_store.stored(
            session,
            [h.id for h in self._holds.values() if h.state == domain.POSTED],
        )
        self._ended: list[Hold] = []
        self._journals: list[Decided] = []
        self._outcomes: dict[str, Resolved] = {}

    def resolve(self, resolution: Resolution) -> Resolved | ServiceError:
        """Decide one resolution; the holds and accounts in memory follow it."""
        hold = self._holds.get(resolution.hold_id)
        if hold is None:
            return contract.HoldNotFound(details={"hold_id": resolution.hold_id})
        if hold.state == domain.PENDING and hold.is_due(self._batch.moment):
            # The sweep has not come by yet, but the time is up all the same.
            self.expire(hold)
        if hold.state != domain.PENDING:
            return self._resolved_before(hold, resolution)
        if resolution.action == domain.VOID:
            self._batch.books.release(hold.postings)
            return self._end(hold, domain.VOIDED)
        return self._post(hold, resolution)

    def expire(self, hold: Hold) -> None:
        """Return what a hold has reserved because its time is up."""
        self._batch.books.release(hold.postings)
        self._end(hold, domain.EXPIRED)

    def write(self) -> None:
        """Write what was decided."""
        batches.write_counters(self._session, self._batch)
        moment = self._batch.moment
        if not journal_store.insert(self._session, self._journals, moment):
            raise batches.IdTaken
        hold_store.resolve(self._session, self._ended, moment)

    def _post(self, hold: Hold, resolution: Resolution) -> Resolved | ServiceError:
        part = hold.part(resolution.amount)
        if part is None:
            return contract.HoldAmountInvalid(details={"hold_id": hold.id})
        business_date = resolution.business_date or hold.business_date
        refusal = self._batch.books.refusal_of_day(hold.books, business_date)
        if refusal is not None:
            # Not stored: the hold stays, and may be posted into an open day.
            return batches.refused(refusal)
        lines = self._batch.books.post_held(hold.postings, part=part)
        journal = Journal(
            id=hold.id,
            kind=hold.kind,
            description=hold.description,
            reference=hold.reference,
            business_date=business_date,
            postings=tuple(
                (line.debit.key, line.credit.key, line.amount) for line in lines
            ),
            request_id=hold.request_id,
        )
        self._journals.append(
            Decided(
                journal=journal,
                request_hash=self._hashes[hold.id],
                books=hold.books,
                lines=lines,
            )
        )
        hold.posted_amount = part
        return self._end(hold, domain.POSTED, lines)

    def _end(self, hold: Hold, state: str, lines: Sequence[Line] = ()) -> Resolved:
        hold.state = state
        hold.resolved_at = self._batch.moment
        self._ended.append(hold)
        balances: dict[str, int] = {}
        for line in lines:
            balances[line.debit.key] = line.debit_balance_after
            balances[line.credit.key] = line.credit_balance_after
        outcome = Resolved(
            hold_id=hold.id,
            state=state,
            resolved_at=self._batch.moment,
            journal_id=hold.id if state == domain.POSTED else None,
            balances=balances,
        )
        self._outcomes[hold.id] = outcome
        return outcome

    def _resolved_before(
        self, hold: Hold, resolution: Resolution
    ) -> Resolved | ServiceError:
        if not hold.ended_as(resolution):
            return _ERRORS[domain.CODES[hold.state]](details={"hold_id": hold.id})
        if hold.id in self._outcomes:
            return replace(self._outcomes[hold.id], replayed=True)
        was_posted = hold.state == domain.POSTED
        return Resolved(
            hold_id=hold.id,
            state=hold.state,
            resolved_at=hold.resolved_at or self._batch.moment,
            journal_id=hold.id if was_posted else None,
            balances=self._before[hold.id].balances if was_posted else {},
            replayed=True,
        )


def _accounts_of(holds: Iterable[Hold]) -> set[int]:
    return {
        account
        for hold in holds
        for posting in hold.postings
        for account in (posting.debit, posting.credit)
    }
