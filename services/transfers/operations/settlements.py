"""Settling: the nets of closed windows are paid out of the cooperatives' liquidity.

`pending` → `settling` (the decision and the journal's id are stored) → the ledger posts
the journal → `settled`. Killed anywhere in between, the sweeper carries on with the
same journal id. A journal that is refused, because a debtor's liquidity does not cover
it, leaves the settlement pending; the next attempt has a new journal id, since the
ledger remembers refusals too.

`pending` → `cancelled` frees the windows for another settlement: windows that cannot be
paid one by one may be payable together. No journal of a pending settlement can move
anything any more: either none was asked for, or the ledger refused it for ever.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from services.shared import clock, identifiers
from services.shared.contracts import transfers as contract
from services.shared.errors import (
    InvariantViolated,
    MalformedError,
    NotFound,
    OutcomeUnknown,
    ServiceError,
)
from services.shared.identity import HUB
from services.shared.persistence import idempotency, outbox
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.idempotency import IdempotencyScope
from services.transfers import models
from services.transfers.domain import settlement, windows
from services.transfers.domain.peers import Ledger
from services.transfers.domain.settlement import Share
from services.transfers.operations import answers, drive
from services.transfers.store import settlements as store
from services.transfers.store import windows as window_store

STUCK_SECONDS: Final = 10.0
_BATCH: Final = 10
_log = logging.getLogger(__name__)


@retrying
def create_settlement(database: Database, command: dict[str, Any]) -> dict[str, Any]:
    """Bind closed windows to a new settlement.

    Raises WindowNotClosed, WindowAlreadySettled, or NetsDoNotBalance when counting the
    entries again gives other nets.
    """
    scope = IdempotencyScope.of(HUB, command.get("idempotency"))
    with database.hub() as session:
        return idempotency.run_once(
            session,
            scope=scope,
            operation=lambda: _create(session, command["window_ids"]),
        )


def _create(session: Session, window_ids: Sequence[str]) -> dict[str, Any]:
    locked = window_store.lock(session, window_ids)
    if len(locked) != len(window_ids):
        raise NotFound("There is no such settlement window.")
    for window in locked:
        if window.settlement_id is not None:
            raise contract.WindowAlreadySettled(details={"window_id": window.id})
        if window.state != windows.CLOSED:
            raise contract.WindowNotClosed(details={"window_id": window.id})
    _verify_nets(session, window_ids)
    settlement_id = identifiers.new("stl")
    store.add(session, settlement_id, window_ids)
    return _load(session, settlement_id)


def _verify_nets(session: Session, window_ids: Sequence[str]) -> None:
    differing = window_store.differing(session, window_ids)
    if differing:
        _log.error("nets differ from entries in windows %s", differing)
        raise contract.NetsDoNotBalance(details={"window_ids": differing})


def settle(database: Database, ledger: Ledger, settlement_id: str) -> dict[str, Any]:
    """Pay the nets; a settlement that is settled already is answered again.

    Raises InsufficientLiquidity and the like when a debtor cannot pay: nothing was
    moved then, and it may be tried again. Raises SettlementCancelled when it was.
    """
    _begin(database, settlement_id)
    carry_on(database, ledger, settlement_id)
    answer = get_settlement(database, settlement_id)
    # Somebody else's attempt, which we met under way, may have been refused meanwhile.
    if answer["state"] == settlement.CANCELLED:
        raise contract.SettlementCancelled
    return answer


@retrying
def _begin(database: Database, settlement_id: str) -> None:
    with database.hub() as session:
        row = store.find_locked(session, settlement_id)
        if row is None:
            raise NotFound
        if row.state == settlement.CANCELLED:
            raise contract.SettlementCancelled
        if row.state != settlement.PENDING:
            return
        window_ids = store.window_ids(session, [settlement_id])[settlement_id]
        _verify_nets(session, window_ids)
        journal_id = (
            settlement_id
            if row.attempts == 0
            else identifiers.derived("stl", settlement_id, str(row.attempts))
        )
        store.begin(
            session, settlement_id, journal_id=journal_id, on=clock.business_date()
        )


def carry_on(database: Database, ledger: Ledger, settlement_id: str) -> None:
    """Bring a settlement whose decision is stored to its end."""
    with database.hub() as session:
        row = store.find(session, settlement_id)
        shares = store.load_shares(session, [settlement_id])[settlement_id]
    if row is None or row.state != settlement.SETTLING:
        return
    assert row.journal_id is not None  # noqa: S101
    assert row.business_date is not None  # noqa: S101
    journal = settlement.journal(
        row.journal_id, settlement_id, shares, row.business_date
    )
    if journal is not None:
        outcome = ledger.post_journals([journal])[0]
        if isinstance(outcome, ServiceError):
            raise _undecided_or_refused(database, row, outcome)
    _complete(database, settlement_id, shares)


def _undecided_or_refused(
    database: Database, row: models.Settlement, outcome: ServiceError
) -> ServiceError:
    # What the ledger cannot even read it will never post: no more than a refusal does
    # that leave the settlement waiting.
    if not (drive.is_refusal(outcome) or isinstance(outcome, MalformedError)):
        _log.warning("settlement %s has no outcome yet: %r", row.id, outcome)
        return OutcomeUnknown(
            "The settlement is under way; repeat to learn the outcome."
        )
    with database.hub() as session:
        store.abandon(session, row.id, str(row.journal_id))
    return contract.refusal(outcome.code, outcome.details)


@retrying
def _complete(database: Database, settlement_id: str, shares: Sequence[Share]) -> None:
    with database.hub() as session:
        if not store.complete(session, settlement_id):
            return
        window_ids = store.window_ids(session, [settlement_id])[settlement_id]
        _announce(
            session,
            contract.SETTLEMENT_SETTLED,
            settlement_id,
            window_ids=window_ids,
            shares=shares,
        )


def _announce(
    session: Session,
    event: str,
    settlement_id: str,
    *,
    window_ids: Sequence[str],
    shares: Sequence[Share],
) -> None:
    payload = {
        "settlement_id": settlement_id,
        "window_ids": window_ids,
        "nets": _nets(shares),
    }
    outbox.add(session, event, payload)


@retrying
def cancel_settlement(database: Database, command: dict[str, Any]) -> dict[str, Any]:
    """Give up a settlement that is not paid; one that is cancelled is answered again.

    Raises SettlementAlreadySettled, or SettlementUnderWay while the ledger may still
    post its journal.
    """
    scope = IdempotencyScope.of(HUB, command.get("idempotency"))
    with database.hub() as session:
        return idempotency.run_once(
            session,
            scope=scope,
            operation=lambda: _cancel(session, command["settlement_id"]),
        )


def _cancel(session: Session, settlement_id: str) -> dict[str, Any]:
    row = store.find_locked(session, settlement_id)
    if row is None:
        raise NotFound
    if row.state == settlement.SETTLED:
        raise contract.SettlementAlreadySettled
    if row.state == settlement.SETTLING:
        raise contract.SettlementUnderWay
    if row.state == settlement.PENDING:
        _free(session, settlement_id)
    return _load(session, settlement_id)


def _free(session: Session, settlement_id: str) -> None:
    shares = store.load_shares(session, [settlement_id])[settlement_id]
    window_ids = store.window_ids(session, [settlement_id])[settlement_id]
    # In the order in which creating a settlement locks them.
    window_store.lock(session, window_ids)
    if not store.cancel(session, settlement_id, window_ids):
        raise InvariantViolated(f"settlement {settlement_id} changed under its lock")
    _announce(
        session,
        contract.SETTLEMENT_CANCELLED,
        settlement_id,
        window_ids=window_ids,
        shares=shares,
    )


def recover(
    database: Database, ledger: Ledger, *, stuck_seconds: float = STUCK_SECONDS
) -> int:
    """Carry on with settlements whose process died; how many there were."""
    with database.hub() as session:
        stuck = store.claim_stuck(session, age_seconds=stuck_seconds, limit=_BATCH)
    for settlement_id in stuck:
        try:
            carry_on(database, ledger, settlement_id)
        except ServiceError as error:
            _log.warning("settlement %s was not completed: %r", settlement_id, error)
    return len(stuck)


def get_settlement(database: Database, settlement_id: str) -> dict[str, Any]:
    """One settlement with its nets."""
    with database.hub() as session:
        return _load(session, settlement_id)


def list_settlements(database: Database, command: dict[str, Any]) -> dict[str, Any]:
    """Settlements, newest first."""
    before = answers.decode_cursor(command["cursor"], 1)
    limit = command["limit"]
    with database.hub() as session:
        rows = store.list_page(
            session, before_id=before[0] if before else None, limit=limit + 1
        )
        items = _answers(session, rows)
    return answers.page(items, limit=limit, keys=[(row.id,) for row in rows])


def _load(session: Session, settlement_id: str) -> dict[str, Any]:
    row = store.find(session, settlement_id)
    if row is None:
        raise NotFound
    return _answers(session, [row])[0]


def _answers(
    session: Session, rows: Sequence[models.Settlement]
) -> list[dict[str, Any]]:
    ids = [row.id for row in rows]
    shares = store.load_shares(session, ids)
    window_ids = store.window_ids(session, ids)
    return [
        {
            "id": row.id,
            "state": settlement.public_state(row.state),
            "window_ids": window_ids[row.id],
            "nets": _nets(shares[row.id]),
            "created_at": answers.moment(row.created_at),
            "settled_at": answers.moment(row.settled_at),
            "cancelled_at": answers.moment(row.cancelled_at),
            "journal_id": row.journal_id if row.state == settlement.SETTLED else None,
        }
        for row in rows
    ]


def _nets(shares: Sequence[Share]) -> list[dict[str, Any]]:
    return [
        {"cooperative_id": share.cooperative_id, "net": share.net} for share in shares
    ]
