"""How the service is doing: for readiness, metrics and alarms."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.shared.contracts import transfers as contract
from services.shared.persistence import health
from services.shared.persistence.database import Database
from services.transfers.store import callbacks as callback_store
from services.transfers.store import transfers as store


def get_health(database: Database) -> dict[str, Any]:
    """Whether the database answers, and the gauges that alarms are set on."""
    return health.report(database, contract.SERVICE, _gauges)


def _gauges(session: Session) -> health.Gauges:
    count, oldest = store.unfinished(session)
    return {
        "nonterminal_transfers": count,
        "oldest_nonterminal_transfer_seconds": oldest,
        "callbacks_due": callback_store.count_due(session),
    }
