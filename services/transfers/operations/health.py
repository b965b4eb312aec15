"""How the service is doing: for readiness, metrics and alarms."""

from __future__ import annotations

from typing import Any

from services.shared.contracts import transfers as contract
from services.shared.errors import ServiceError
from services.shared.persistence import deadletters, outbox
from services.shared.persistence.database import Database
from services.transfers.store import callbacks as callback_store
from services.transfers.store import transfers as store


def get_health(database: Database) -> dict[str, Any]:
    """Whether the database answers, and the gauges that alarms are set on."""
    try:
        with database.hub() as session:
            pending, lag = outbox.lag(session)
            count, oldest = store.unfinished(session)
            gauges = {
                "outbox_pending": pending,
                "outbox_lag_seconds": lag,
                "dead_letters": deadletters.count_dead(session),
                "nonterminal_transfers": count,
                "oldest_nonterminal_transfer_seconds": oldest,
                "callbacks_due": callback_store.count_due(session),
            }
    except ServiceError:
        return {"service": contract.SERVICE, "database": "down", "gauges": {}}
    return {"service": contract.SERVICE, "database": "up", "gauges": gauges}
