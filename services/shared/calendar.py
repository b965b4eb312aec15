"""Which days are worked in Indonesia, and when a deadline in working days is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Final

import holidays

PUBLIC: Final = "public"
COLLECTIVE_LEAVE: Final = "government"
"""The library's category of *cuti bersama*, which the cabinet decrees each year."""

SATURDAY: Final = 5
SUNDAY: Final = 6


def is_working_day(day: date, *, collective_leave_is_worked: bool = True) -> bool:
    """Whether ``day`` is neither in a weekend nor a holiday (R18).

    The law counts national holidays only; a hub whose offices close on *cuti bersama*
    as well says so.
    """
    if day.weekday() >= SATURDAY:
        return False
    return day not in _holidays(day.year, collective_leave_is_worked)


def is_collection_day(day: date) -> bool:
    """Whether instalments fall due on ``day``: not on Sundays, nor on holidays.

    Markets are open on Saturdays, and so are those who collect there (topic 7).
    """
    return day.weekday() != SUNDAY and day not in _holidays(day.year, True)  # noqa: FBT003


def after_working_days(
    day: date, count: int, *, collective_leave_is_worked: bool = True
) -> date:
    """The ``count``-th working day after ``day``, which itself does not count."""
    reached = day
    while count:
        reached += timedelta(days=1)
        if is_working_day(
            reached, collective_leave_is_worked=collective_leave_is_worked
        ):
            count -= 1
    return reached


def working_days_until(
    day: date, deadline: date, *, collective_leave_is_worked: bool = True
) -> int:
    """How many working days lie after ``day`` up to ``deadline``; never negative."""
    return sum(
        is_working_day(
            day + timedelta(days=offset),
            collective_leave_is_worked=collective_leave_is_worked,
        )
        for offset in range(1, (deadline - day).days + 1)
    )


@cache
def _holidays(year: int, collective_leave_is_worked: bool) -> Mapping[date, str]:  # noqa: FBT001  a key of the cache
    categories = (PUBLIC,) if collective_leave_is_worked else (PUBLIC, COLLECTIVE_LEAVE)
    found: Mapping[date, str] = holidays.country_holidays(
        "ID", years=year, language="id", categories=categories
    )
    return found
