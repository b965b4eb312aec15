"""What the service does unasked, and how it feels."""

from __future__ import annotations

from typing import Any, Final

from services.ledger.operations import holds, integrity
from services.ledger.store import chain as chain_store
from services.ledger.store import holds as hold_store
from services.shared.contracts import ledger as contract
from services.shared.errors import UnavailableError
from services.shared.persistence import deadletters, idempotency, outbox
from services.shared.persistence.database import Database

KEY_DAYS: Final = 35
"""The API promises 30 days; nobody should have to count hours."""


def extend_chain(database: Database) -> None:
    """Seal what is decided; when nothing is, compare older links with the journals."""
    if not integrity.seal_chain(database):
        integrity.verify_onwards(database)


def expire_holds(database: Database) -> None:
    """Return the amounts of all holds whose time is up."""
    while holds.expire_holds(database) == holds.EXPIRED_AT_ONCE:
        pass


def forget_old_keys(database: Database) -> None:
    """Drop idempotency keys older than anybody may come back with."""
    with database.hub() as session:
        idempotency.forget(session, older_than_days=KEY_DAYS)


def get_health(database: Database) -> dict[str, Any]:
    """Whether the database answers, and the gauges read from it."""
    try:
        with database.hub() as session:
            waiting, lag_seconds = outbox.lag(session)
            pending, overdue_seconds = hold_store.waiting(session)
            gauges = {
                "outbox_pending": waiting,
                "outbox_lag_seconds": lag_seconds,
                "dead_letters": deadletters.count_dead(session),
                "holds_pending": pending,
                "oldest_overdue_hold_seconds": overdue_seconds,
                "journals_unsealed": chain_store.unsealed(session),
            }
    except UnavailableError:
        return {"service": contract.SERVICE, "database": "down", "gauges": {}}
    return {"service": contract.SERVICE, "database": "up", "gauges": gauges}
