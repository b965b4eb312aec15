"""Which events could not be handled, why, and how are they sent back?"""

from __future__ import annotations

import json
from collections.abc import Mapping

from services.shared import telemetry
from services.shared.persistence import deadletters
from services.shared.persistence.database import Database
from services.shared.persistence.deadletters import ParkedEvent

LIST_MAX = 1000


def list_all(databases: Mapping[str, Database]) -> list[tuple[str, ParkedEvent]]:
    """Every dead letter with the service that could not handle it."""
    found = []
    for service, database in databases.items():
        with database.hub() as session:
            dead = deadletters.list_dead(session, limit=LIST_MAX)
        found += [(service, event) for event in dead]
    return found


def describe(database: Database, parked_id: int) -> str | None:
    """Everything about one, with secrets and personal data blacked out."""
    with database.hub() as session:
        event = deadletters.show(session, parked_id)
    if event is None:
        return None
    lines = {
        "id": event.id,
        "state": event.state,
        "event": event.name,
        "event id": event.event_id,
        "consumer": event.consumer,
        "attempts": event.attempts,
        "first failed": event.first_failed_at.isoformat(timespec="seconds"),
        "request id": event.request_id or "-",
        "error": event.error,
        "body": _readable(event.body),
    }
    width = max(map(len, lines))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in lines.items())


def requeue(database: Database, parked_id: int) -> bool:
    """Have it tried again, from the first pause on; False when there is none."""
    with database.hub() as session:
        return deadletters.requeue(session, parked_id)


def requeue_all(database: Database) -> int:
    """Have every dead letter of one service tried again; how many there were."""
    with database.hub() as session:
        dead = deadletters.list_dead(session, limit=LIST_MAX)
        return sum(deadletters.requeue(session, event.id) for event in dead)


def _readable(body: str) -> str:
    try:
        decoded = json.loads(body)
    except ValueError:
        return body
    return json.dumps(telemetry.redact(decoded), indent=2, ensure_ascii=False)
