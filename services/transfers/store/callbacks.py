"""Rows of messages to cooperatives' systems, and of the attempts to send them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.shared.outbound.messages import Attempt
from services.transfers.domain import callbacks


def add(
    session: Session,
    *,
    transfer_id: str,
    cooperative_id: str,
    kind: str,
    body: str,
    deadline: datetime,
) -> None:
    """A message that is due now and until ``deadline``."""
    session.execute(
        text(
            "INSERT INTO callbacks (transfer_id, cooperative_id, kind, body, deadline) "
            "VALUES (:transfer_id, :cooperative_id, :kind, :body, :deadline)"
        ),
        {
            "transfer_id": transfer_id,
            "cooperative_id": cooperative_id,
            "kind": kind,
            "body": body,
            "deadline": deadline,
        },
    )


def add_outcome(
    session: Session,
    *,
    transfer_id: str,
    cooperative_id: str,
    body: str,
    deadline: datetime,
) -> None:
    """Tell a cooperative's system an outcome, if it has one that listens."""
    session.execute(
        text(
            "INSERT INTO callbacks (transfer_id, cooperative_id, kind, body, deadline) "
            "SELECT :transfer_id, cooperative_id, 'outcome', :body, :deadline "
            "FROM participants WHERE cooperative_id = :cooperative_id "
            "AND callback_url IS NOT NULL AND callback_secret IS NOT NULL"
        ),
        {
            "transfer_id": transfer_id,
            "cooperative_id": cooperative_id,
            "body": body,
            "deadline": deadline,
        },
    )


def claim_due(
    session: Session,
    *,
    lease_seconds: float,
    limit: int,
    each: int,
    passing_by: Collection[str] = (),
) -> Sequence[dict[str, Any]]:
    """Messages to be sent now; nobody else takes them for ``lease_seconds``.

    The lease is what a sender that dies leaves behind: the message is due again.
    Taken are at most ``each`` of a cooperative and none of those in ``passing_by``,
    the first of everybody before the second of anybody.
    """
    rows = session.execute(
        text(
            "UPDATE callbacks SET attempts = attempts + 1, next_attempt_at = "
            " clock_timestamp() + make_interval(secs => :lease_seconds) "
            "FROM participants "
            "WHERE participants.cooperative_id = callbacks.cooperative_id "
            "AND callbacks.id IN (SELECT id FROM callbacks WHERE id IN ("
            "  SELECT id FROM (SELECT id, next_attempt_at, row_number() OVER ("
            "   PARTITION BY cooperative_id ORDER BY next_attempt_at) AS place "
            "   FROM callbacks WHERE state = 'due' "
            "   AND next_attempt_at <= now() AND deadline > now() "
            "   AND cooperative_id <> ALL (CAST(:passing_by AS text[]))) AS ranked "
            "  WHERE place <= :each ORDER BY place, next_attempt_at LIMIT :limit) "
            " AND state = 'due' AND next_attempt_at <= now() FOR UPDATE SKIP LOCKED) "
            "RETURNING callbacks.id, callbacks.transfer_id, callbacks.cooperative_id, "
            " callbacks.body, callbacks.attempts, participants.callback_url, "
            " participants.callback_secret"
        ),
        {
            "lease_seconds": lease_seconds,
            "limit": limit,
            "each": each,
            "passing_by": list(passing_by),
        },
    ).mappings()
    return [dict(row) for row in rows]


def record_attempt(
    session: Session, callback_id: int, attempts: int, attempt: Attempt
) -> None:
    """Log one sending, and let the message rest or be done."""
    session.execute(
        text(
            "INSERT INTO callback_attempts (callback_id, status, error, milliseconds) "
            "VALUES (:id, :status, :error, :milliseconds)"
        ),
        {
            "id": callback_id,
            "status": attempt.status,
            "error": attempt.error,
            "milliseconds": attempt.milliseconds,
        },
    )
    session.execute(
        text(
            "UPDATE callbacks SET next_attempt_at = least(deadline, "
            " clock_timestamp() + make_interval(secs => :pause)), "
            " state = CASE WHEN :is_delivered THEN 'delivered' ELSE state END "
            "WHERE id = :id AND state = 'due'"
        ),
        {
            "id": callback_id,
            "pause": callbacks.pause_seconds(attempts),
            "is_delivered": attempt.is_delivered,
        },
    )


def give_up_overdue(session: Session) -> int:
    """Stop sending what nobody needs to hear any more; how many.

    No pause is longer than the deadline, so only what is due is looked at, and not all
    that rests. `now()`, because what `clock_timestamp()` gives no index can be asked.
    """
    result = session.execute(
        text(
            "UPDATE callbacks SET state = 'given_up' WHERE state = 'due' "
            "AND next_attempt_at <= now() AND deadline <= now()"
        )
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def count_due(session: Session) -> int:
    """How many messages wait to be sent."""
    return int(
        session.execute(
            text("SELECT count(*) FROM callbacks WHERE state = 'due'")
        ).scalar_one()
    )
