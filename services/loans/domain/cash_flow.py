"""What lending moves in a period: how one position leads to the next (R159).

Of every period: opening + disbursed + taken over + restructured - repaid - written off
= closing. The anchor is how the loans stand now; what came after the report is taken
off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

WEEK: Final = "week"
MONTH: Final = "month"

NOW: Final = "now"
"""Not a movement: how the active loans stand."""

DISBURSED: Final = "disbursed"
TAKEN_OVER: Final = "taken_over"
REPLACING: Final = "replacing"
"""A loan that began in the place of another."""

REPLACED: Final = "replaced"
SETTLED: Final = "settled"
WRITTEN_OFF: Final = "written_off"
REPAID: Final = "repaid"
RECOVERED: Final = "recovered"
"""Paid of a loan that is off the balance sheet: it moves no principal there."""

_BEGINNING: Final = frozenset({DISBURSED, TAKEN_OVER, REPLACING})
_ENDING: Final = frozenset({REPLACED, SETTLED, WRITTEN_OFF})
_LESS: Final = frozenset({REPLACED, WRITTEN_OFF, REPAID})


class Movement(NamedTuple):
    """Movements of one kind and channel in the period that begins on a day, together.

    ``begins`` is None for what came after the report. Amounts are whole rupiah.
    """

    begins: date | None
    kind: str
    channel: str | None
    loans: int
    principal: int
    interest: int
    penalty: int
    fee: int

    @property
    def amount(self) -> int:
        """All that was paid."""
        return self.principal + self.interest + self.penalty + self.fee

    @property
    def principal_change(self) -> int:
        """What it adds to the principal on the balance sheet."""
        if self.kind in _BEGINNING:
            return self.principal
        return -self.principal if self.kind in _LESS else 0

    @property
    def loans_change(self) -> int:
        """How many loans it adds."""
        if self.kind in _BEGINNING:
            return self.loans
        return -self.loans if self.kind in _ENDING else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What a period moved, from where to where."""

    begins: date
    ends: date
    opening: int
    opening_loans: int
    movements: tuple[Movement, ...]

    @property
    def closing(self) -> int:
        """Principal in the end."""
        return self.opening + sum(one.principal_change for one in self.movements)

    @property
    def closing_loans(self) -> int:
        """Loans in the end."""
        return self.opening_loans + sum(one.loans_change for one in self.movements)

    @property
    def new_loans(self) -> int:
        """Loans that began, those in the place of others included."""
        return sum(max(one.loans_change, 0) for one in self.movements)

    @property
    def ended_loans(self) -> int:
        """Loans that ended, those that others replaced included."""
        return sum(max(-one.loans_change, 0) for one in self.movements)

    @property
    def restructured(self) -> int:
        """What new terms added to the principal; less than nothing where it shrank."""
        return self.principal_of(REPLACING) - self.principal_of(REPLACED)

    def principal_of(self, kind: str) -> int:
        """The principal that movements of a kind are about."""
        return sum(one.principal for one in self.movements if one.kind == kind)

    @property
    def received(self) -> tuple[Movement, ...]:
        """What was paid, by kind and channel."""
        return tuple(one for one in self.movements if one.kind in {REPAID, RECOVERED})


def periods(first: date, last: date, by: str) -> Iterator[tuple[date, date]]:
    """The weeks (Monday to Sunday) or months between two days, cut to them."""
    while first <= last:
        if by == WEEK:
            after = first + timedelta(days=7 - first.weekday())
        else:
            after = (first.replace(day=1) + timedelta(days=31)).replace(day=1)
        yield first, min(after - timedelta(days=1), last)
        first = after


def flows(
    first: date, last: date, by: str, movements: Sequence[Movement]
) -> tuple[Flow, list[Flow]]:
    """The whole report, and each period of it. ``movements`` is all since ``first``."""
    since = [one for one in movements if one.kind != NOW]
    now = [one for one in movements if one.kind == NOW]
    principal = sum(one.principal for one in now)
    loans = sum(one.loans for one in now)
    whole = Flow(
        begins=first,
        ends=last,
        opening=principal - sum(one.principal_change for one in since),
        opening_loans=loans - sum(one.loans_change for one in since),
        movements=tuple(one for one in since if one.begins is not None),
    )
    parts: list[Flow] = []
    for begins, ends in periods(first, last, by):
        parts.append(
            Flow(
                begins=begins,
                ends=ends,
                opening=parts[-1].closing if parts else whole.opening,
                opening_loans=parts[-1].closing_loans if parts else whole.opening_loans,
                movements=tuple(one for one in since if one.begins == begins),
            )
        )
    return whole, parts
