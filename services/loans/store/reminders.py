"""How reminders are sent, in one statement over all instalments of a cooperative."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.loans.models import ReminderSettings

# Of the times that have come only the nearest is told: who is told on the day before
# needs not be told what was missed a week before.
_REMIND: Final = """
WITH open_ AS (
    SELECT loan.cooperative_id, loan.id AS loan_id, loan.number AS loan_number,
        loan.member_id, instalment.number, instalment.due_on,
        instalment.principal - instalment.principal_paid
            + instalment.interest - instalment.interest_paid AS amount,
        instalment.penalty - instalment.penalty_paid - instalment.penalty_waived
            AS penalty,
        CASE WHEN instalment.due_on >= :day THEN
            -(SELECT min(days) FROM unnest(CAST(:before AS integer[])) days
                WHERE days >= instalment.due_on - :day)
        ELSE
            (SELECT max(days) FROM unnest(CAST(:after AS integer[])) days
                WHERE days <= :day - instalment.due_on)
        END AS days_after
    FROM instalments instalment
    JOIN loans loan ON loan.id = instalment.loan_id
    WHERE instalment.cooperative_id = :cooperative_id
        AND instalment.settled_on IS NULL
        AND instalment.due_on <= CAST(:until AS date)
        AND loan.status = 'active'
), sent AS (
    INSERT INTO instalment_reminders
        (loan_id, number, days_after, cooperative_id, sent_at)
    SELECT loan_id, number, days_after, cooperative_id, clock_timestamp()
    FROM open_ WHERE days_after IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING loan_id, number, days_after
)
INSERT INTO outbox (event_id, name, payload)
SELECT 'evt_' || md5(concat_ws(' ', loan_id, number, days_after)),
    CASE WHEN open_.due_on >= :day THEN :due ELSE :overdue END,
    jsonb_build_object(
        'cooperative_id', cooperative_id, 'loan_id', loan_id,
        'number', loan_number, 'member_id', member_id, 'instalment', number,
        'due_on', due_on, 'days', abs(due_on - :day),
        'amount', amount, 'penalty', penalty)
FROM sent JOIN open_ USING (loan_id, number, days_after)
"""


def find_settings(session: Session, cooperative_id: str) -> ReminderSettings | None:
    """What the cooperative has set for itself, if anything."""
    return session.get(ReminderSettings, cooperative_id)


def put_settings(
    session: Session,
    cooperative_id: str,
    days_before: Sequence[int],
    days_after: Sequence[int],
) -> None:
    """Set when borrowers are told."""
    values = {"days_before": list(days_before), "days_after": list(days_after)}
    session.execute(
        insert(ReminderSettings)
        .values(cooperative_id=cooperative_id, **values)
        .on_conflict_do_update(index_elements=["cooperative_id"], set_=values)
    )


def remind(
    session: Session,
    cooperative_id: str,
    *,
    day: date,
    until: date,
    before: Sequence[int],
    after: Sequence[int],
    events: tuple[str, str],
) -> int:
    """Tell of instalments that fall due through ``until``, or are late; how many.

    Each is told once per number of days. ``events`` are told of what is due, and of
    what is late.
    """
    due, overdue = events
    result = session.execute(
        text(_REMIND),
        {
            "cooperative_id": cooperative_id,
            "day": day,
            "until": until,
            "before": list(before),
            "after": list(after),
            "due": due,
            "overdue": overdue,
        },
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
