"""How a service tells that it and its database are well, and how much waits in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from services.shared.errors import ServiceError
from services.shared.persistence import deadletters, outbox
from services.shared.persistence.database import Database

Gauges = dict[str, float]


def report(
    database: Database, service: str, own_gauges: Callable[[Session], Gauges]
) -> dict[str, Any]:
    """The answer of ``get_health``: database ``up`` or ``down``, and the gauges.

    The gauges of the bus's tables are the same for every service; ``own_gauges`` adds
    those that only this one has.
    """
    try:
        with database.hub() as session:
            waiting, lag_seconds = outbox.lag(session)
            gauges = {
                "outbox_pending": waiting,
                "outbox_lag_seconds": lag_seconds,
                "dead_letters": deadletters.count_dead(session),
                **own_gauges(session),
            }
    except ServiceError:
        return {"service": service, "database": "down", "gauges": {}}
    return {"service": service, "database": "up", "gauges": gauges}
