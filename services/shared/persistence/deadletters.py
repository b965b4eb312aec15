"""What becomes of an event whose handler failed: parked, retried, at last kept.

Parked events are rows, not messages, so they survive on any bus, wait without
blocking the events behind them, and can be looked at with a query.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.shared.persistence import roles

RETRY_SECONDS: Final = (1, 5, 30, 120, 600)
"""The pause before each further attempt; after the last one the event is dead."""

_ERROR_CHARACTERS: Final = 4000
_COLUMNS: Final = (
    "id, consumer, event_id, name, body, error, attempts, state, next_attempt_at, "
    "first_failed_at, request_id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedEvent:
    """An event that one consumer could not apply; ``body`` as it was delivered."""

    id: int
    consumer: str
    event_id: str
    name: str
    body: str
    error: str
    attempts: int
    state: Literal["retry", "dead"]
    next_attempt_at: datetime
    first_failed_at: datetime
    request_id: str | None


def park(session: Session, *, consumer: str, body: str, error: str) -> None:
    """Keep an event whose handler failed; a second copy of it changes nothing.

    ``body`` is the message as it came. One that is no event at all is dead at once:
    no further attempt can save it, but a person may want to see it.
    """
    envelope = _envelope(body)
    session.execute(
        text(
            "INSERT INTO parked_events "
            "(consumer, event_id, name, body, error, attempts, state, "
            " next_attempt_at, request_id) "
            "VALUES (:consumer, :event_id, :name, :body, :error, 1, :state, "
            " clock_timestamp() + make_interval(secs => :seconds), :request_id) "
            "ON CONFLICT DO NOTHING"
        ),
        {
            "consumer": consumer,
            "event_id": envelope.get("event_id") or _fingerprint(body),
            "name": envelope.get("name", ""),
            "body": _storable(body),
            "error": _storable(error)[:_ERROR_CHARACTERS],
            "state": "retry" if envelope else "dead",
            "seconds": RETRY_SECONDS[0],
            "request_id": envelope.get("request_id"),
        },
    )


def due(session: Session, consumers: list[str]) -> ParkedEvent | None:
    """The next event of these consumers whose pause is over and that nobody holds.

    Held until the transaction ends.
    """
    row = session.execute(
        text(
            f"SELECT {_COLUMNS} FROM parked_events "  # noqa: S608  a constant
            "WHERE state = 'retry' AND next_attempt_at <= clock_timestamp() "
            "AND consumer = ANY(:consumers) "
            "ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED"
        ),
        {"consumers": consumers},
    ).one_or_none()
    return None if row is None else ParkedEvent(**row._mapping)  # noqa: SLF001  public


def succeed(session: Session, parked_id: int) -> None:
    """Forget an event that was applied at last."""
    session.execute(text("DELETE FROM parked_events WHERE id = :id"), {"id": parked_id})


def fail_again(session: Session, parked_id: int, error: str) -> bool:
    """Note one more failed attempt; whether the event is dead now."""
    state: str | None = session.execute(
        text(
            "UPDATE parked_events SET attempts = attempts + 1, error = :error, "
            "state = CASE WHEN attempts >= :attempts_max "
            " THEN 'dead' ELSE 'retry' END, "
            "next_attempt_at = clock_timestamp() + make_interval(secs => "
            " (CAST(:pauses AS integer[]))[least(attempts, :attempts_max - 1) + 1]) "
            "WHERE id = :id RETURNING state"
        ),
        {
            "id": parked_id,
            "error": _storable(error)[:_ERROR_CHARACTERS],
            "attempts_max": len(RETRY_SECONDS),
            "pauses": list(RETRY_SECONDS),
        },
    ).scalar_one_or_none()
    return state == "dead"


def list_dead(session: Session, limit: int = 100) -> list[ParkedEvent]:
    """The dead events, oldest first."""
    rows = session.execute(
        text(
            f"SELECT {_COLUMNS} FROM parked_events "  # noqa: S608  a constant
            "WHERE state = 'dead' ORDER BY id LIMIT :limit"
        ),
        {"limit": limit},
    )
    return [ParkedEvent(**row._mapping) for row in rows]  # noqa: SLF001  public


def show(session: Session, parked_id: int) -> ParkedEvent | None:
    """One parked event, dead or waiting."""
    row = session.execute(
        text(f"SELECT {_COLUMNS} FROM parked_events WHERE id = :id"),  # noqa: S608
        {"id": parked_id},
    ).one_or_none()
    return None if row is None else ParkedEvent(**row._mapping)  # noqa: SLF001  public


def requeue(session: Session, parked_id: int) -> bool:
    """Try a dead event again from the first pause on; False when there is none."""
    result = session.execute(
        text(
            "UPDATE parked_events SET state = 'retry', attempts = 0, "
            "next_attempt_at = clock_timestamp() "
            "WHERE id = :id AND state = 'dead'"
        ),
        {"id": parked_id},
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def count_dead(session: Session) -> int:
    """How many events wait for a person."""
    return int(
        session.execute(
            text("SELECT count(*) FROM parked_events WHERE state = 'dead'")
        ).scalar_one()
    )


def add_tables(op: roles.Operations) -> None:
    """Create the table, in a service's first migration."""
    op.execute(
        """
        CREATE TABLE parked_events (
            id bigint GENERATED ALWAYS AS IDENTITY,
            consumer text NOT NULL,
            event_id text NOT NULL,
            name text NOT NULL,
            body text NOT NULL,
            error text NOT NULL,
            attempts integer NOT NULL,
            state text NOT NULL,
            next_attempt_at timestamptz NOT NULL,
            first_failed_at timestamptz NOT NULL DEFAULT now(),
            request_id text,
            CONSTRAINT pk_parked_events PRIMARY KEY (id),
            CONSTRAINT uq_parked_events_consumer_event_id
                UNIQUE (consumer, event_id),
            CONSTRAINT ck_parked_events_state CHECK (state IN ('retry', 'dead'))
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_parked_events_due ON parked_events (next_attempt_at) "
        "WHERE state = 'retry'"
    )
    op.execute(
        "CREATE INDEX ix_parked_events_dead ON parked_events (id) WHERE state = 'dead'"
    )
    roles.grant(op, "parked_events", hub="SELECT, INSERT, UPDATE, DELETE")


def _envelope(body: str) -> dict[str, str]:
    """The readable fields of the message; none when it is not an event."""
    try:
        fields = json.loads(body)
    except ValueError:
        return {}
    if not isinstance(fields, dict) or not isinstance(fields.get("event_id"), str):
        return {}
    return {
        name: _storable(value)
        for name in ("event_id", "name", "request_id")
        if isinstance(value := fields.get(name), str)
    }


def _fingerprint(body: str) -> str:
    """An id for what has none, the same for a second copy of it."""
    return f"sha512:{hashlib.sha512(body.encode(errors='replace')).hexdigest()}"


def _storable(value: str) -> str:
    # PostgreSQL's text holds neither NUL nor half of a surrogate pair; poison may.
    return value.replace("\x00", "\ufffd").encode(errors="replace").decode()
