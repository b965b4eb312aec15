"""What being late costs (R158, C6; domain.md, topic 7): simple, capped, whole rupiah.

The daily job computes the same in SQL. Of one instalment with `overdue` = principal
and interest of it that are not paid, on a day::

    late(day) = max(0, day - due_on - grace_days)
    bps(d)    = (d div 30) * least(30 * rate, cap) + least((d mod 30) * rate, cap)
    penalty   = penalty_base + overdue * (bps(late(day)) - bps(late(penalty_from))) div
                10000

with `rate` = rules.penalty_bps_per_day, `cap` = rules.penalty_cap_bps_per_month and
`penalty_from` = due_on while it is null. So a month of thirty days costs at most the
cap. Whenever part of an overdue instalment is paid, `penalty_base` becomes the penalty
of that day and `penalty_from` that day: what was earned on the larger amount stays, and
the rest costs by the smaller amount. Stored is `greatest(penalty, …)`: a penalty never
shrinks by itself. Missed days are made up for by one run.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from services.loans.domain.loans import Rules

MONTH_DAYS: Final = 30
BASIS_POINTS: Final = 10_000


def bps_after(late_days: int, rules: Rules) -> int:
    """What so many days after the grace cost, in basis points of what is overdue."""
    rate, cap = rules.penalty_bps_per_day, rules.penalty_cap_bps_per_month
    months, days = divmod(late_days, MONTH_DAYS)
    return months * min(MONTH_DAYS * rate, cap) + min(days * rate, cap)


def penalty_on(
    day: date,
    *,
    due_on: date,
    overdue: int,
    base: int,
    since: date | None,
    rules: Rules,
) -> int:
    """The whole penalty of an instalment on a day, what was paid of it included.

    ``overdue`` is what is not paid of principal and interest; ``base`` the penalty up
    to ``since``, when part of it was paid last.
    """
    grown = bps_after(_late(day, due_on, rules), rules)
    counted = bps_after(_late(since or due_on, due_on, rules), rules)
    return base + overdue * max(grown - counted, 0) // BASIS_POINTS


def _late(day: date, due_on: date, rules: Rules) -> int:
    return max((day - due_on).days - rules.penalty_grace_days, 0)
