"""What cover costs, and what of it an early end gives back (R42, C19)."""

from __future__ import annotations

import calendar
from datetime import date
from typing import Final

BASIS_POINTS: Final = 10_000
MONTHS_OF_YEAR: Final = 12


def charged_months(months: int, *, rounds_years_up: bool) -> int:
    """The months that a premium is paid for: those of the loan, or whole years."""
    if not rounds_years_up:
        return months
    return -(-months // MONTHS_OF_YEAR) * MONTHS_OF_YEAR


def premium(principal: int, *, rate_bps: int, months: int) -> int:
    """The premium in whole rupiah, half a rupiah rounded up.

    ``rate_bps`` is per year of the principal, ``months`` what is charged. At the usual
    450 the ledger's fee schedule comes to the same (R42).
    """
    divisor = BASIS_POINTS * MONTHS_OF_YEAR
    return _half_up(principal * rate_bps * months, divisor)


def refund(
    paid: int, *, months: int, starts_on: date, on: date, refund_bps: int
) -> int:
    """What of a premium is given back when cover ends ``on`` this day, half up.

    A month that has begun is earned; of the rest the product's share goes back.
    """
    unearned = max(months - begun_months(starts_on, on), 0)
    return _half_up(paid * unearned * refund_bps, months * BASIS_POINTS)


def begun_months(starts_on: date, on: date) -> int:
    """How many months of a cover have begun by a day; the first one at once."""
    if on < starts_on:
        return 0
    months = (on.year - starts_on.year) * MONTHS_OF_YEAR + on.month - starts_on.month
    return months + 1 if add_months(starts_on, months) <= on else months


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    years, month = divmod(day.year * MONTHS_OF_YEAR + day.month - 1 + months, 12)
    last = calendar.monthrange(years, month + 1)[1]
    return date(years, month + 1, min(day.day, last))


def _half_up(numerator: int, divisor: int) -> int:
    return (2 * numerator + divisor) // (2 * divisor)
