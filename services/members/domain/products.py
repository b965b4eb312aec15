"""What a cooperative may offer to savers and ask of its members, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

SUKARELA: Final = "sukarela"
SUKARELA_NAME: Final = "Simpanan Sukarela"
SUKARELA_DIGITS: Final = "10"
DIGITS: Final = tuple(f"{number}" for number in range(11, 40))
"""The product digits of account numbers that a cooperative's own products get."""

LOWEST: Final = "lowest"
AVERAGE: Final = "average"
DAILY: Final = "daily"
METHODS: Final = (LOWEST, AVERAGE, DAILY)

RATE_BPS_MAX: Final = 900
"""9 % a year is the most that savings may earn (R113; Permenkop 8/2023 art. 26)."""

OPEN: Final = "open"
RETIRED: Final = "retired"

POKOK: Final = "pokok"
WAJIB: Final = "wajib"
KINDS: Final = (POKOK, WAJIB)
NAMES: Final = {POKOK: "Simpanan Pokok", WAJIB: "Simpanan Wajib"}
RESERVED: Final = frozenset({SUKARELA, POKOK, WAJIB, "berjangka", "deposito"})
"""Codes that mean something already."""

DUE_DAY: Final = 10
"""The day of the month until which simpanan wajib is due unless set otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What a contribution amounts to from a month on, in whole rupiah."""

    valid_from: date
    amount: int
    due_day: int = DUE_DAY


def next_digits(used: Iterable[str]) -> str | None:
    """The product digits for one more product; None when there are no more."""
    taken = set(used)
    return next((digits for digits in DIGITS if digits not in taken), None)


def rate_in_force(rates: Mapping[date, int], month: date) -> int:
    """The yearly rate in basis points in a month; 0 before the first one.

    Rates change with the first of a month, so there is one for each month.
    """
    since = [day for day in rates if day <= month]
    return rates[max(since)] if since else 0


def term_in_force(terms: Iterable[Term], month: date) -> Term | None:
    """What the contribution amounts to in a month; None before the first term."""
    since = [term for term in terms if term.valid_from <= month]
    return max(since, key=lambda term: term.valid_from, default=None)
