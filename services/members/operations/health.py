"""Whether the service can work, what to keep an eye on, and what to clear away."""

from __future__ import annotations

from typing import Any, Final

from services.members import store
from services.shared.contracts import members as contract
from services.shared.errors import UnavailableError
from services.shared.persistence import deadletters, idempotency, outbox
from services.shared.persistence.database import Database

KEY_DAYS: Final = 35
"""The API promises 30 days; nobody should have to count hours."""


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


def forget_old_keys(database: Database) -> None:
    """Drop idempotency keys older than anybody may come back with."""
    with database.hub() as session:
        idempotency.forget(session, older_than_days=KEY_DAYS)
