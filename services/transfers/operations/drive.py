"""How a received transfer gets its outcome: ask the ledger, then record what it said.

Everything here may run twice for the same transfer, in two processes at once: the
ledger answers the same id the same way, and the second transaction is guarded by the
transfer's state.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.shared import clock
from services.shared.contracts import transfers as contract
from services.shared.errors import (
    ConflictError,
    NotFoundError,
    RefusedError,
    ServiceError,
)
from services.shared.persistence import outbox
from services.shared.persistence.database import Database, retrying
from services.transfers.domain import callbacks, transfer, windows
from services.transfers.domain.peers import Ledger, NotAsked, Outcome
from services.transfers.domain.transfer import Transfer
from services.transfers.store import agreements as agreement_store
from services.transfers.store import callbacks as callback_store
from services.transfers.store import transfers as store
from services.transfers.store import windows as window_store
from services.transfers.store.transfers import Change

RESERVED_SECONDS: Final = 30.0
"""How long a connected cooperative has for its answer (api.md)."""

OUTCOME_SECONDS: Final = 86_400.0
"""How long the hub tries to tell a payer's system what became of its transfer."""

UNREACHABLE: Final = "ledger_unavailable"
_NOT_A_REFUSAL: Final = frozenset({"journal_id_reused"})
"""Codes that say something is wrong with the hub, not with the transfer."""

Identity = tuple[str, str, str]
"""A request's cooperative, operation and key."""

NO_REQUESTS: Final[Mapping[str, Identity]] = {}

_log = logging.getLogger(__name__)


def drive(
    database: Database,
    ledger: Ledger,
    transfers: Sequence[Transfer],
    *,
    requests: Mapping[str, Identity] = NO_REQUESTS,
    reserved_seconds: float = RESERVED_SECONDS,
) -> dict[str, Transfer]:
    """Ask the ledger about unfinished transfers and record every definite outcome.

    Returns the transfers as they are then, by id. Those without an outcome stay as they
    were, except that a first attempt of which certainly nothing came is withdrawn:
    ``requests`` are those of first attempts, by their subject ids.
    """
    outcomes = _ask(ledger, transfers)
    changes, reserved, untouched = _sort(transfers, outcomes)
    done = {one.id: one for one in transfers}
    if changes or reserved:
        done |= _record(database, done, changes, reserved, reserved_seconds)
    alone = [one for one in untouched if done[one].subject_id in requests]
    if alone:
        done |= _withdraw(database, alone, requests)
    return done


def _ask(ledger: Ledger, transfers: Sequence[Transfer]) -> dict[str, Outcome]:
    journals: list[dict[str, Any]] = []
    holds: list[dict[str, Any]] = []
    resolutions: list[dict[str, Any]] = []
    for one in transfers:
        if one.state == transfer.RESERVED:
            resolutions.append(_resolution(one))
        elif one.state == transfer.RECEIVED:
            batch = holds if one.needs_answer else journals
            batch.append(transfer.journal(one))
    outcomes: dict[str, Outcome] = {}
    if journals:
        posted = ledger.post_journals(journals)
        outcomes |= zip([one["id"] for one in journals], posted, strict=True)
    if holds:
        placed = ledger.place_holds(holds)
        outcomes |= zip([one["id"] for one in holds], placed, strict=True)
    if resolutions:
        resolved = ledger.resolve_holds(resolutions)
        ids = [one["hold_id"] for one in resolutions]
        outcomes |= zip(ids, resolved, strict=True)
    return outcomes


def _resolution(one: Transfer) -> dict[str, Any]:
    return {
        "hold_id": one.id,
        "action": "post" if one.decision == transfer.ACCEPT else "void",
        "business_date": clock.business_date().isoformat(),
    }


def _sort(
    transfers: Sequence[Transfer], outcomes: dict[str, Outcome]
) -> tuple[list[Change], list[str], list[str]]:
    """Which transfers get which state, which are reserved, which were never touched."""
    changes: list[Change] = []
    reserved: list[str] = []
    untouched: list[str] = []
    unknown: list[tuple[str, ServiceError]] = []
    for one in transfers:
        outcome = outcomes.get(one.id)
        if outcome is None:
            continue
        if isinstance(outcome, ServiceError):
            if one.state == transfer.RECEIVED and is_refusal(outcome):
                changes.append(_change(one, transfer.ABORTED, outcome.code))
            elif one.state == transfer.RECEIVED and _is_untouched(one, outcome):
                untouched.append(one.id)
            else:
                unknown.append((one.id, outcome))
        elif one.state == transfer.RECEIVED and one.needs_answer:
            reserved.append(one.id)
        elif one.state == transfer.RESERVED and one.decision != transfer.ACCEPT:
            code = transfer.CODE_OF_DECISION[str(one.decision)]
            changes.append(_change(one, transfer.ABORTED, code))
        else:
            changes.append(_change(one, transfer.COMMITTED))
    if unknown:
        # One line for a whole batch: an outage must not bury itself in its own log.
        message = "%d transfers have no outcome yet, among them %s: %r"
        _log.warning(message, len(unknown), *unknown[0])
    return changes, reserved, untouched


def _change(one: Transfer, state: str, code: str | None = None) -> Change:
    return Change(transfer_id=one.id, state=state, code=code)


def is_refusal(error: ServiceError) -> bool:
    """Whether the ledger has decided against it, for ever.

    Anything else (a fault nobody foresaw, a reused id) leaves the transfer where it is,
    to be tried again and to raise the alarm of its age: the money's fate is the
    ledger's to tell, not ours to guess.
    """
    return (
        isinstance(error, RefusedError | NotFoundError | ConflictError)
        and error.code not in _NOT_A_REFUSAL
    )


def _is_untouched(one: Transfer, error: ServiceError) -> bool:
    return one.attempts == 1 and isinstance(error, NotAsked)


@retrying
def _record(
    database: Database,
    driven: Mapping[str, Transfer],
    changes: Sequence[Change],
    reserved: Sequence[str],
    reserved_seconds: float,
) -> dict[str, Transfer]:
    """Second transaction: outcomes, window, running nets, events, all or nothing."""
    with database.hub() as session:
        window_id = None
        if any(change.state == transfer.COMMITTED for change in changes):
            window_id = window_store.hold_open(session)
        moments = store.finish(session, changes, window_id) if changes else {}
        finished = [
            _finished(driven[one.transfer_id], one, moments[one.transfer_id], window_id)
            for one in changes
            if one.transfer_id in moments
        ]
        waiting = store.reserve(session, reserved, reserved_seconds) if reserved else []
        record_finished(session, finished, window_id)
        if waiting:
            _tell_payees(session, waiting)
        done = {one.id: one for one in [*finished, *waiting]}
        missed = [one.transfer_id for one in changes if one.transfer_id not in done]
        missed += [one for one in reserved if one not in done]
        # Somebody else finished these first; theirs is the outcome.
        return done | (store.load(session, missed) if missed else {})


def _finished(
    one: Transfer, change: Change, moment: datetime, window_id: str | None
) -> Transfer:
    """What the row says now, without reading it again."""
    is_committed = change.state == transfer.COMMITTED
    return replace(
        one,
        state=change.state,
        code=change.code,
        finished_at=moment,
        window_id=window_id if is_committed and one.is_cleared else None,
    )


def record_finished(
    session: Session, finished: Sequence[Transfer], window_id: str | None
) -> None:
    """Everything that follows from these transfers having just been finished."""
    committed = [one for one in finished if one.state == transfer.COMMITTED]
    aborted = [one for one in finished if one.state == transfer.ABORTED]
    cleared = [one for one in committed if one.is_cleared]
    if cleared and window_id is not None:
        window_store.add_entries(session, cleared)
        window_store.add_movements(session, window_id, windows.movements(cleared))
    if aborted:
        _give_back(session, aborted)
    _tell_payers(session, finished)
    announce(session, contract.TRANSFERS_COMMITTED, committed)
    announce(session, contract.TRANSFERS_ABORTED, aborted)


def _give_back(session: Session, aborted: Sequence[Transfer]) -> None:
    """Return what aborted transfers had taken of daily limits and of originals."""
    for on in sorted({one.business_date for one in aborted}):
        amounts: dict[str, int] = {}
        for one in aborted:
            if one.business_date == on and one.agreement_id is not None:
                taken = amounts.get(one.agreement_id, 0)
                amounts[one.agreement_id] = taken - one.amount
        if amounts:
            agreement_store.add_usage(session, amounts, on)
    returns = [one for one in aborted if one.original_id is not None]
    for one in sorted(returns, key=lambda one: str(one.original_id)):
        store.change_returned(session, str(one.original_id), -one.amount)


def _tell_payees(session: Session, waiting: Sequence[Transfer]) -> None:
    for one in waiting:
        assert one.expires_at is not None  # noqa: S101
        assert one.payee_cooperative_id is not None  # noqa: S101
        callback_store.add(
            session,
            transfer_id=one.id,
            cooperative_id=one.payee_cooperative_id,
            kind=callbacks.RESERVATION,
            body=callbacks.reservation_body(
                transfer_id=one.id,
                payer_cooperative=one.payer_cooperative_id,
                payee_account=one.payee_account,
                amount=one.amount,
                expires_at=one.expires_at,
            ),
            deadline=one.expires_at,
        )
    announce(session, contract.TRANSFERS_RESERVED, waiting)


def _tell_payers(session: Session, finished: Sequence[Transfer]) -> None:
    """Tell the payer's system the outcome of what it was only told was reserved."""
    for one in finished:
        if one.reserved_at is None or one.finished_at is None:
            continue
        callback_store.add_outcome(
            session,
            transfer_id=one.id,
            cooperative_id=one.payer_cooperative_id,
            body=callbacks.outcome_body(
                transfer_id=one.id, state=one.state, code=one.code
            ),
            deadline=one.finished_at + timedelta(seconds=OUTCOME_SECONDS),
        )


@retrying
def _withdraw(
    database: Database, ids: Sequence[str], requests: Mapping[str, Identity]
) -> dict[str, Transfer]:
    """Take back transfers that the ledger was certainly never asked about.

    Their keys are free again, so that repeating the request starts anew. A bulk is
    withdrawn only as a whole: its key answers for all its transfers.
    """
    with database.hub() as session:
        held = store.lock_with_bulks(session, ids)
        whole = _withdrawable(held, frozenset(ids))
        withdrawn = store.withdraw(session, whole, UNREACHABLE) if whole else []
        record_finished(session, withdrawn, None)
        subjects = sorted({one.subject_id for one in withdrawn})
        store.forget_requests(session, {one: requests[one] for one in subjects})
        return held | {one.id: one for one in withdrawn}


def _withdrawable(held: dict[str, Transfer], untouched: frozenset[str]) -> list[str]:
    """Of those untouched, the ones that stand alone or whose whole bulk is.

    Somebody who drives one on has counted an attempt, and the rows are locked, so
    nobody can begin to while we decide.
    """
    spoiled = {
        one.bulk_id
        for one in held.values()
        if one.bulk_id is not None and not _never_asked(one, untouched)
    }
    return sorted(
        one.id
        for one in held.values()
        if one.id in untouched and one.attempts == 1 and one.bulk_id not in spoiled
    )


def _never_asked(one: Transfer, untouched: frozenset[str]) -> bool:
    """Whether ``one`` can be withdrawn, or was refused before the ledger was asked."""
    if one.state == transfer.RECEIVED:
        return one.id in untouched and one.attempts == 1
    return one.state == transfer.ABORTED and one.finished_at == one.created_at


def announce(session: Session, event: str, transfers: Iterable[Transfer]) -> None:
    """One event about all of these, if there are any."""
    items = [
        {
            "transfer_id": one.id,
            "kind": one.kind,
            "payer_cooperative_id": one.payer_cooperative_id,
            "payee_cooperative_id": one.payee_cooperative_id,
            "payer_account": one.payer_account,
            "payee_account": one.payee_account,
            "amount": one.amount,
            "code": one.code,
        }
        for one in transfers
    ]
    if items:
        outbox.add(session, event, {"transfers": items})
