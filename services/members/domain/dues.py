"""Which months of simpanan wajib a payment covers, and when each is due (R109).

Months are named by their first day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.members.domain.products import Term, term_in_force

MONTHS_AHEAD_MAX: Final = 36
"""How many months may be paid before they are due."""

MONTHS_IN_ARREARS_MAX: Final = 12
"""How many missed months are still made up for when the job was not run."""

OPEN: Final = "open"
PAID: Final = "paid"
WAIVED: Final = "waived"

POSTING: Final = "posting"
POSTED: Final = "posted"
REFUSED: Final = "refused"
CANCELLING: Final = "cancelling"
"""To be paid back by decision of a person; whether the ledger can is not known yet."""

CANCELLED: Final = "cancelled"

DAYS_BEFORE: Final = 3
"""How long before the due day a member is reminded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """Simpanan wajib of one month, in whole rupiah."""

    month: date
    amount: int
    due_on: date


class NotWholeMonths(Exception):
    """An amount that no number of whole months adds up to; ``nearest`` ones do."""

    def __init__(self, nearest: Sequence[int]) -> None:
        super().__init__(nearest)
        self.nearest = list(nearest)


def month_of(day: date) -> date:
    """The month that a day is in."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    """The month after this one."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def months(first: date, last: date) -> Iterator[date]:
    """Every month from ``first`` through ``last``."""
    while first <= last:
        yield first
        first = next_month(first)


def owed(terms: Iterable[Term], month: date) -> Owed | None:
    """What a member owes for a month; None when nothing is asked for it."""
    term = term_in_force(terms, month)
    if term is None or term.amount == 0:
        return None
    due_on = month.replace(day=term.due_day)
    return Owed(month=month, amount=term.amount, due_on=due_on)


def ahead(terms: Sequence[Term], after: date) -> list[Owed]:
    """The months that may be paid in advance, from the one after ``after``."""
    found: list[Owed] = []
    month = next_month(after)
    for _ in range(MONTHS_AHEAD_MAX):
        one = owed(terms, month)
        if one is not None:
            found.append(one)
        month = next_month(month)
    return found


def covered(payable: Sequence[Owed], amount: int) -> list[Owed]:
    """The months that ``amount`` pays, the oldest first and each one whole.

    Raises NotWholeMonths when the amount ends inside a month or goes beyond the last.
    """
    total = 0
    for count, one in enumerate(payable, 1):
        total += one.amount
        if total == amount:
            return list(payable[:count])
        if total > amount:
            below = total - one.amount
            raise NotWholeMonths([below, total] if below else [total])
    raise NotWholeMonths([total] if total else [])
