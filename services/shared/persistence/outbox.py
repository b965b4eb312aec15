"""What a service has to tell others: written with the change, sent by the relay."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.shared import identifiers, telemetry
from services.shared.persistence import roles


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """An event that waits to be published; ``id`` gives the order."""

    id: int
    event_id: str
    name: str
    payload: dict[str, Any]
    request_id: str | None
    occurred_at: datetime


def add(
    session: Session,
    name: str,
    payload: dict[str, Any],
    *,
    request_id: str | None = None,
) -> str:
    """Tell everybody that ``name`` happened, if this transaction commits.

    ``payload`` holds JSON primitives only. Answers the event's id.
    """
    event_id = identifiers.new("evt")
    session.execute(
        text(
            "INSERT INTO outbox (event_id, name, payload, request_id) "
            "VALUES (:event_id, :name, CAST(:payload AS jsonb), :request_id)"
        ),
        {
            "event_id": event_id,
            "name": name,
            "payload": json.dumps(payload),
            "request_id": request_id or telemetry.request_id.get() or None,
        },
    )
    return event_id


def take(session: Session, limit: int) -> list[OutboxMessage]:
    """The oldest messages that no other relay holds, ours until the commit."""
    rows = session.execute(
        text(
            "SELECT id, event_id, name, payload, request_id, occurred_at "
            "FROM outbox ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED"
        ),
        {"limit": limit},
    )
    return [OutboxMessage(**row._mapping) for row in rows]  # noqa: SLF001  public


def remove(session: Session, ids: list[int]) -> None:
    """Forget messages that the broker has confirmed."""
    session.execute(text("DELETE FROM outbox WHERE id = ANY(:ids)"), {"ids": ids})


def lag(session: Session) -> tuple[int, float]:
    """How many messages wait, and for how many seconds the oldest has."""
    count, seconds = session.execute(
        text(
            "SELECT count(*), coalesce(extract("
            "epoch FROM clock_timestamp() - min(occurred_at)), 0) FROM outbox"
        )
    ).one()
    return int(count), float(seconds)


def add_tables(op: roles.Operations) -> None:
    """Create the table, in a service's first migration."""
    op.execute(
        """
        CREATE TABLE outbox (
            id bigint GENERATED ALWAYS AS IDENTITY,
            event_id text NOT NULL,
            name text NOT NULL,
            payload jsonb NOT NULL,
            request_id text,
            occurred_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_outbox PRIMARY KEY (id),
            CONSTRAINT uq_outbox_event_id UNIQUE (event_id)
        )
        """
    )
    # Rows live for milliseconds: without this a busy hour leaves a table of dead ones.
    op.execute(
        "ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, "
        "autovacuum_vacuum_threshold = 5000)"
    )
    # A tenant's request may add events but not read what others have added.
    roles.grant(op, "outbox", tenant="INSERT", hub="SELECT, INSERT, UPDATE, DELETE")
