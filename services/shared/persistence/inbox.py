"""Whether an event was applied before: remembered in the transaction of its effect."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.shared.persistence import roles


def first_time(session: Session, consumer: str, event_id: str) -> bool:
    """Whether ``consumer`` may apply the event; False when it already has.

    Waits for a twin that is being applied right now: if that one commits this is a
    repetition, if it rolls back this is the first.
    """
    result = session.execute(
        text(
            "INSERT INTO inbox (consumer, event_id) VALUES (:consumer, :event_id) "
            "ON CONFLICT DO NOTHING"
        ),
        {"consumer": consumer, "event_id": event_id},
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def forget(session: Session, *, older_than_days: int) -> int:
    """Drop old rows; how many. No event is delivered again after that long."""
    result = session.execute(
        text(
            "DELETE FROM inbox WHERE received_at < now() - make_interval(days => :days)"
        ),
        {"days": older_than_days},
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def add_tables(op: roles.Operations) -> None:
    """Create the table, in a service's first migration."""
    op.execute(
        """
        CREATE TABLE inbox (
            consumer text NOT NULL,
            event_id text NOT NULL,
            received_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_inbox PRIMARY KEY (consumer, event_id)
        )
        """
    )
    op.execute("CREATE INDEX ix_inbox_received_at ON inbox (received_at)")
    roles.grant(op, "inbox", tenant="SELECT, INSERT", hub="SELECT, INSERT, DELETE")
