"""How much interest savings earn in a month.

The three methods of Kepmen 96/2004, appendix SOM (domain.md, topic 7). Everything is
whole numbers until one division at the end, which is rounded down to whole rupiah: that
is the one place where interest is rounded.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.members.domain.products import AVERAGE, DAILY, LOWEST

BASIS_POINTS: Final = 10_000
MONTHS_OF_YEAR: Final = 12
DAYS_OF_YEAR: Final = 365
"""Also in leap years: the method says 365."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOfBalances:
    """End-of-day balances of a month, condensed, in whole rupiah.

    ``balance_days`` is their sum over all days, ``days`` how many days there were.
    """

    lowest: int
    balance_days: int
    days: int


def last_day(month: date) -> date:
    """The last day of the month that ``month`` is in."""
    return month.replace(day=days_of(month))


def days_of(month: date) -> int:
    """How many days the month has."""
    return monthrange(month.year, month.month)[1]


def is_last_day(day: date) -> bool:
    """Whether interest is posted for this business date."""
    return day == last_day(day)


def basis(method: str, balances: MonthOfBalances) -> int:
    """What the method looks at: the lowest balance, or the sum over the days."""
    return balances.lowest if method == LOWEST else balances.balance_days


def gross(method: str, rate_bps: int, balances: MonthOfBalances) -> int:
    """The interest of the month at a yearly rate, in whole rupiah, rounded down.

    Lowest balance times rate over 12, average balance times rate over 12, or each
    day's balance times rate over 365.
    """
    earned = basis(method, balances) * rate_bps
    divisor = {
        LOWEST: MONTHS_OF_YEAR,
        AVERAGE: MONTHS_OF_YEAR * balances.days,
        DAILY: DAYS_OF_YEAR,
    }[method]
    return rounded_down(earned, divisor * BASIS_POINTS)


def rounded_down(earned: int, divisor: int) -> int:
    """Whole rupiah of ``earned / divisor``; a negative balance earns nothing."""
    return max(earned, 0) // divisor
