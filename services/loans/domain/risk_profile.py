"""What makes a savings-and-loan cooperative more or less risky (R162, R163).

Each factor has a mark of low and one of high risk; what lies between is medium. It is a
cooperative's own look at itself and no official result.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

LOW: Final = "low"
MEDIUM: Final = "medium"
HIGH: Final = "high"
UNKNOWN: Final = "unknown"

CITY: Final = "city"
REMOTE: Final = "remote"

TRADE: Final = "trade"
FARMING: Final = "farming"
OTHER: Final = "other"

CAPITAL_LOW: Final = 1_000_000_000
CAPITAL_HIGH: Final = 500_000_000
"""Modal sendiri in whole rupiah: low risk above the one, high below the other."""

STAFF_LOW: Final = 3
STAFF_HIGH: Final = 2
YEARS_LOW: Final = 5
YEARS_HIGH: Final = 3

TRAININGS_A_YEAR: Final = 4
"""R163."""

_GROUPS: Final = {
    "perdagangan": TRADE,
    "pertanian": FARMING,
    "perikanan": FARMING,
    "peternakan": FARMING,
}


def of_capital(own_capital: int) -> str:
    """More than a milliard is low, less than half of it high."""
    return _level(own_capital, CAPITAL_LOW, CAPITAL_HIGH)


def of_staff(certified: int | None) -> str:
    """More than three are low, less than two high."""
    return UNKNOWN if certified is None else _level(certified, STAFF_LOW, STAFF_HIGH)


def of_location(location: str | None) -> str:
    """A city is low, a remote place high."""
    return {CITY: LOW, REMOTE: HIGH}.get(location or "", UNKNOWN)


def of_age(founded_on: date | None, today: date) -> str:
    """More than five years are low, less than three high."""
    if founded_on is None:
        return UNKNOWN
    if _anniversary(founded_on, YEARS_LOW) < today:
        return LOW
    return HIGH if _anniversary(founded_on, YEARS_HIGH) > today else MEDIUM


def of_sector(group: str | None) -> str:
    """Lending to trade is low, lending to farming high."""
    return {TRADE: LOW, FARMING: HIGH, OTHER: MEDIUM}.get(group or "", UNKNOWN)


def dominating(outstanding: Mapping[str, int]) -> tuple[str, int] | None:
    """The group of sectors with the most principal, and how much; None without any.

    Of two that are as large the riskier one is told.
    """
    groups = dict.fromkeys((FARMING, OTHER, TRADE), 0)
    for sector, amount in outstanding.items():
        groups[_GROUPS.get(sector, OTHER)] += amount
    group = max(groups, key=lambda one: groups[one])
    return (group, groups[group]) if groups[group] else None


def _level(value: int, low_above: int, high_below: int) -> str:
    if value > low_above:
        return LOW
    return HIGH if value < high_below else MEDIUM


def _anniversary(day: date, years: int) -> date:
    """The same day so many years on; 29 February becomes the first of March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
