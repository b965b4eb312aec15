"""What lending moved since a day, and what falls due: one statement for each.

Movements are told together with how the loans stand now, so that both are of the same
moment, and the one can be counted back from the other.
"""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.loans.domain.cash_flow import Movement

# Of a loan that was taken over only what was left of it came into the book. A loan that
# another has replaced left with what was not paid of it.
_MOVEMENTS: Final = """
WITH moved AS (
    SELECT entered_on AS day,
        CASE WHEN restructured_from IS NOT NULL THEN 'replacing'
            WHEN application_id IS NULL THEN 'taken_over'
            ELSE 'disbursed' END AS kind,
        NULL AS channel, 1 AS loans,
        CASE WHEN restructured_from IS NULL AND application_id IS NULL THEN (
                SELECT coalesce(sum(part.principal), 0) FROM instalments part
                WHERE part.loan_id = loans.id)
            ELSE principal END AS principal,
        0 AS interest, 0 AS penalty, 0 AS fee
    FROM loans
    WHERE cooperative_id = :cooperative_id AND entered_on >= :first
    UNION ALL
    SELECT closed_on, CASE status WHEN 'restructured' THEN 'replaced' ELSE status END,
        NULL, 1,
        CASE status
            WHEN 'restructured' THEN (
                SELECT sum(part.principal - part.principal_paid) FROM instalments part
                WHERE part.loan_id = loans.id)
            WHEN 'written_off' THEN (
                SELECT write_off.principal FROM write_offs write_off
                WHERE write_off.loan_id = loans.id AND write_off.status = 'approved')
            ELSE 0 END,
        0, 0, 0
    FROM loans
    WHERE cooperative_id = :cooperative_id AND closed_on >= :first
    UNION ALL
    SELECT business_date, CASE WHEN is_recovery THEN 'recovered' ELSE 'repaid' END,
        channel, 0, principal, interest, penalty, fee
    FROM repayments
    WHERE cooperative_id = :cooperative_id AND status = 'posted'
        AND business_date >= :first
)
SELECT CASE WHEN day <= :last
        THEN greatest(CAST(date_trunc(:by, CAST(day AS timestamp)) AS date), :first)
        END AS begins,
    kind, channel, sum(loans)::bigint AS loans, sum(principal)::bigint AS principal,
    sum(interest)::bigint AS interest, sum(penalty)::bigint AS penalty,
    sum(fee)::bigint AS fee
FROM moved GROUP BY begins, kind, channel
UNION ALL
SELECT NULL, 'now', NULL, count(*), coalesce(sum(outstanding), 0)::bigint, 0, 0, 0
FROM loans WHERE cooperative_id = :cooperative_id AND status = 'active'
"""

# What the schedules had asked for, of loans that were in the book on the due day. What
# a restructuring put off falls due with the last instalment.
_SCHEDULED: Final = """
SELECT greatest(CAST(date_trunc(:by, CAST(due_on AS timestamp)) AS date), :first)
        AS begins,
    sum(amount)::bigint AS amount
FROM (
    SELECT part.due_on, part.principal + part.interest AS amount,
        loan.entered_on, loan.closed_on
    FROM instalments part JOIN loans loan ON loan.id = part.loan_id
    WHERE part.cooperative_id = :cooperative_id AND part.due_on BETWEEN :first AND :last
    UNION ALL
    SELECT matures_on, deferred_interest, entered_on, closed_on
    FROM loans
    WHERE cooperative_id = :cooperative_id AND deferred_interest > 0
        AND matures_on BETWEEN :first AND :last
) due
WHERE entered_on <= due_on AND (closed_on IS NULL OR closed_on >= due_on)
GROUP BY begins
"""

# Week 0 is what has fallen due by today and was not paid.
_EXPECTED: Final = """
SELECT greatest((due_on - CAST(:today AS date) + 6) / 7, 0) AS week,
    sum(instalments)::bigint AS instalments, sum(principal)::bigint AS principal,
    sum(interest)::bigint AS interest
FROM (
    SELECT part.due_on, 1 AS instalments,
        part.principal - part.principal_paid AS principal,
        part.interest - part.interest_paid AS interest
    FROM instalments part JOIN loans loan ON loan.id = part.loan_id
    WHERE part.cooperative_id = :cooperative_id AND part.settled_on IS NULL
        AND loan.status = 'active'
    UNION ALL
    SELECT matures_on, 0, 0, deferred_interest - deferred_interest_paid
    FROM loans
    WHERE cooperative_id = :cooperative_id AND status = 'active'
        AND deferred_interest > deferred_interest_paid
) due
WHERE due_on <= CAST(:today AS date) + 7 * CAST(:weeks AS integer)
GROUP BY week ORDER BY week
"""


class Expected(NamedTuple):
    """What is not paid of instalments that fall due in a week from today on."""

    week: int
    instalments: int
    principal: int
    interest: int


def movements(
    session: Session, cooperative_id: str, first: date, last: date, by: str
) -> list[Movement]:
    """All movements since ``first``, by period up to ``last``, and the loans now."""
    rows = session.execute(text(_MOVEMENTS), _between(cooperative_id, first, last, by))
    return [Movement._make(row) for row in rows]


def scheduled(
    session: Session, cooperative_id: str, first: date, last: date, by: str
) -> dict[date, int]:
    """What fell due by the schedules, by the first day of the period."""
    rows = session.execute(text(_SCHEDULED), _between(cooperative_id, first, last, by))
    return {row.begins: row.amount for row in rows}


def expected(
    session: Session, cooperative_id: str, today: date, weeks: int
) -> list[Expected]:
    """What is due now as week 0, and what falls due in the next weeks."""
    rows = session.execute(
        text(_EXPECTED),
        {"cooperative_id": cooperative_id, "today": today, "weeks": weeks},
    )
    return [Expected._make(row) for row in rows]


def _between(
    cooperative_id: str, first: date, last: date, by: str
) -> dict[str, object]:
    return {"cooperative_id": cooperative_id, "first": first, "last": last, "by": by}
