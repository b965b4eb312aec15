"""Whether the service can work, and what an operator should keep an eye on."""

from __future__ import annotations

from typing import Any

from services.members import store
from services.shared.contracts import members as contract
from services.shared.errors import UnavailableError
from services.shared.persistence import deadletters, outbox
from services.shared.persistence.database import Database


def get_health(database: Database) -> dict[str, Any]:
    """Whether the database answers, and the gauges read from it."""
    try:
        with database.hub() as session:
            pending, lag_seconds = outbox.lag(session)
            gauges = {
                "outbox_pending": pending,
                "outbox_lag_seconds": lag_seconds,
                "dead_letters": deadletters.count_dead(session),
                "accounts_opening": store.count_openings(session),
            }
    except UnavailableError:
        return {"service": contract.SERVICE, "database": "down", "gauges": {}}
    return {"service": contract.SERVICE, "database": "up", "gauges": gauges}
