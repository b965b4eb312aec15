"""The loans of a cooperative together: each report is one statement.

What is counted is either how the active loans stand now, or the picture of them that
was kept when a month ended.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.loans.domain.arrears import NON_PERFORMING
from services.shared import clock

# Interest of a loan that does not perform is no income: what of it has fallen due and
# is not paid stands beside the book, and so does what a restructuring put off until the
# last instalment. A loan that was paid of since it was looked at may still have some in
# the book.
_NOW: Final = """
counted AS (
    SELECT id, dpd, collectibility, stage, outstanding,
        CASE WHEN collectibility < :non_performing THEN 0 ELSE greatest((
            SELECT coalesce(sum(late.interest - late.interest_paid), 0)
            FROM instalments late
            WHERE late.loan_id = loans.id AND late.settled_on IS NULL
                AND late.due_on <= :today) + CASE WHEN matures_on <= :today
                THEN deferred_interest - deferred_interest_paid ELSE 0 END
            - interest_receivable, 0) END
            AS unaccrued_interest
    FROM loans
    WHERE cooperative_id = :cooperative_id AND status = 'active'
)
"""
_THEN: Final = """
counted AS (
    SELECT loan_id AS id, dpd, collectibility, stage, outstanding, unaccrued_interest
    FROM loan_days
    WHERE cooperative_id = :cooperative_id AND day = :day AND reason = 'month_end'
)
"""

_AGEING: Final = """
WITH {counted}
SELECT collectibility, stage, count(*) AS loans,
    coalesce(sum(outstanding), 0)::bigint AS outstanding,
    sum(unaccrued_interest)::bigint AS unaccrued_interest
FROM counted GROUP BY collectibility, stage
"""

# What the loans have in common is read from them as they are now: a loan keeps its
# branch and its sector, and of the cause the latest that is known is wanted.
_BREAKDOWN: Final = """
WITH {counted}
SELECT {key} AS key, count(*) AS loans,
    coalesce(sum(counted.outstanding), 0)::bigint AS outstanding,
    count(*) FILTER (WHERE counted.collectibility >= :non_performing) AS npf_loans,
    coalesce(sum(counted.outstanding)
        FILTER (WHERE counted.collectibility >= :non_performing), 0)::bigint
        AS npf_outstanding
FROM counted JOIN loans ON loans.id = counted.id {join}
GROUP BY 1 ORDER BY npf_outstanding DESC, outstanding DESC, key
"""

_KEYS: Final = {
    "cause": ("loans.cause", ""),
    "sector": ("loans.sector", ""),
    "branch": ("nullif(loans.branch_code, '')", ""),
    "officer": ("nullif(loans.officer, '')", ""),
    "product": (
        "product.code",
        "JOIN loan_products product ON product.id = loans.product_id",
    ),
}

_TREND: Final = """
SELECT day, count(*) AS loans, sum(outstanding)::bigint AS outstanding,
    coalesce(sum(outstanding)
        FILTER (WHERE collectibility >= :non_performing), 0)::bigint AS npf_outstanding
FROM loan_days
WHERE cooperative_id = :cooperative_id AND reason = 'month_end' AND day >= :since
GROUP BY day ORDER BY day
"""

_PERFORMING: Final = """
SELECT id AS loan_id, number, member_id, member_name, officer, outstanding, dpd,
    CASE WHEN disbursed_on <= :since THEN savings_account END AS savings_account,
    array_remove(ARRAY[
        CASE WHEN dpd BETWEEN 1 AND 7 THEN 'few_days_late' END,
        CASE WHEN class_floor IS NOT NULL THEN 'restructured' END,
        CASE WHEN EXISTS (SELECT FROM payment_promises promise
            WHERE promise.loan_id = loans.id AND promise.state = 'broken'
                AND promise.due_on >= :since) THEN 'promise_broken' END
    ], NULL) AS reasons
FROM loans
WHERE cooperative_id = :cooperative_id AND status = 'active'
    AND collectibility < :non_performing AND id > :after
ORDER BY id LIMIT :limit
"""

_HISTORY: Final = """
SELECT id::text AS place, day, reason, dpd, collectibility, stage, outstanding
FROM loan_days
WHERE cooperative_id = :cooperative_id AND loan_id = :loan_id
    AND (day, id) < (
        SELECT day, id FROM loan_days
        WHERE cooperative_id = :cooperative_id AND loan_id = :loan_id
            AND id = CAST(:before AS bigint)
        UNION ALL SELECT 'infinity', 0 WHERE :before IS NULL)
ORDER BY day DESC, id DESC LIMIT :limit
"""


class Aged(NamedTuple):
    """The loans of one class and stage.

    ``unaccrued_interest`` has fallen due and is no income; None where a picture was
    kept before that was remembered.
    """

    collectibility: int
    stage: str
    loans: int
    outstanding: int
    unaccrued_interest: int | None


class Part(NamedTuple):
    """The loans that have one thing in common."""

    key: str | None
    loans: int
    outstanding: int
    npf_loans: int
    npf_outstanding: int


class Point(NamedTuple):
    """The portfolio on a day."""

    day: date
    loans: int
    outstanding: int
    npf_outstanding: int


class Performing(NamedTuple):
    """A performing loan, and what about it asks to be watched.

    ``savings_account`` is told of loans old enough to say whether its balance fell.
    """

    loan_id: str
    number: str
    member_id: str
    member_name: str
    officer: str
    outstanding: int
    dpd: int
    savings_account: str | None
    reasons: list[str]


class Day(NamedTuple):
    """How a loan stood; ``place`` orders its history."""

    place: str
    day: date
    reason: str
    dpd: int
    collectibility: int
    stage: str
    outstanding: int


def has_picture(session: Session, cooperative_id: str, day: date) -> bool:
    """Whether the loans were remembered as they stood when this month ended."""
    return bool(
        session.execute(
            text(
                "SELECT EXISTS (SELECT FROM loan_days "
                "WHERE cooperative_id = :cooperative_id AND day = :day "
                "AND reason = 'month_end')"
            ),
            {"cooperative_id": cooperative_id, "day": day},
        ).scalar_one()
    )


def ageing(session: Session, cooperative_id: str, day: date | None) -> list[Aged]:
    """The loans by class and stage, now or when the month of ``day`` ended."""
    rows = session.execute(
        text(_AGEING.format(counted=_counted(day))),
        _counting(cooperative_id, day),
    )
    return [Aged._make(row) for row in rows]


def breakdown(
    session: Session, cooperative_id: str, day: date | None, by: str
) -> list[Part]:
    """The loans by what they have in common, the largest NPF first."""
    key, join = _KEYS[by]
    rows = session.execute(
        text(_BREAKDOWN.format(counted=_counted(day), key=key, join=join)),
        _counting(cooperative_id, day),
    )
    return [Part._make(row) for row in rows]


def trend(session: Session, cooperative_id: str, since: date) -> list[Point]:
    """The portfolio at the ends of months, the oldest first."""
    rows = session.execute(
        text(_TREND),
        {
            "cooperative_id": cooperative_id,
            "since": since,
            "non_performing": NON_PERFORMING,
        },
    )
    return [Point._make(row) for row in rows]


def performing(
    session: Session, cooperative_id: str, *, since: date, after: str, limit: int
) -> list[Performing]:
    """Loans of classes 1 and 2 in the order of their ids.

    Promises broken ``since`` then count, and the savings of loans as old as that.
    """
    rows = session.execute(
        text(_PERFORMING),
        {
            "cooperative_id": cooperative_id,
            "since": since,
            "after": after,
            "limit": limit,
            "non_performing": NON_PERFORMING,
        },
    )
    return [Performing._make(row) for row in rows]


def history(
    session: Session,
    cooperative_id: str,
    loan_id: str,
    *,
    before: str | None,
    limit: int,
) -> list[Day]:
    """How a loan stood, the latest first."""
    rows = session.execute(
        text(_HISTORY),
        {
            "cooperative_id": cooperative_id,
            "loan_id": loan_id,
            "before": before,
            "limit": limit,
        },
    )
    return [Day._make(row) for row in rows]


def _counted(day: date | None) -> str:
    return _NOW if day is None else _THEN


def _counting(cooperative_id: str, day: date | None) -> dict[str, Any]:
    return {
        "cooperative_id": cooperative_id,
        "day": day,
        "today": clock.business_date(),
        "non_performing": NON_PERFORMING,
    }
