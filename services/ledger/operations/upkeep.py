"""What the service does unasked, and how it feels."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.ledger.operations import holds, integrity
from services.ledger.store import chain as chain_store
from services.ledger.store import holds as hold_store
from services.shared.contracts import ledger as contract
from services.shared.persistence import health
from services.shared.persistence.database import Database


def extend_chain(database: Database) -> None:
    """Seal what is decided; when nothing is, compare older links with the journals."""
    if not integrity.seal_chain(database):
        integrity.verify_onwards(database)


def expire_holds(database: Database) -> None:
    """Return the amounts of all holds whose time is up."""
    while holds.expire_holds(database) == holds.EXPIRED_AT_ONCE:
        pass


def get_health(database: Database) -> dict[str, Any]:
    """Whether the database answers, and the gauges read from it."""
    return health.report(database, contract.SERVICE, _gauges)


def _gauges(session: Session) -> health.Gauges:
    pending, overdue_seconds = hold_store.waiting(session)
    return {
        "holds_pending": pending,
        "oldest_overdue_hold_seconds": overdue_seconds,
        "journals_unsealed": chain_store.unsealed(session),
    }
