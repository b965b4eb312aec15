"""What a loan of another system becomes: what is left of it, and when that is due."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from services.loans.domain import schedules
from services.loans.domain.schedules import Instalment, Terms

KIND: Final = "loan_takeover"
OPENING_KIND: Final = "opening_balance"
TEXT: Final = "Saldo awal pinjaman"
PURPOSE: Final = "Pindahan dari sistem lama"
SECTOR: Final = "lainnya"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A loan at cut-over, on the terms of the product it is of.

    ``count`` instalments of ``outstanding`` are left, the oldest of which has been due
    for ``days_past_due`` days, if any. ``instalment`` tells how many there are where
    nothing else does.
    """

    cut_over: date
    outstanding: int
    principal: int | None
    method: str
    frequency: str
    rate_bps: int
    harvest_every: int
    instalment: int | None
    count: int | None
    disbursed_on: date | None
    days_past_due: int

    @property
    def instalments_left(self) -> int:
        """How many instalments are left."""
        count = self.count
        if not count and self.instalment:
            count = -(-self.outstanding // self.instalment)
        return min(max(count or 1, 1), schedules.COUNT_MAX)

    @property
    def lent(self) -> int:
        """What was lent in the beginning."""
        return max(self.principal or 0, self.outstanding)

    @property
    def terms(self) -> Terms:
        """What is left, as a loan: its due days are those of the old system."""
        count = self.instalments_left
        return Terms(
            method=self.method,
            frequency=self.frequency,
            principal=self.outstanding,
            rate_bps=self.rate_bps,
            count=count,
            harvest_every=min(self.harvest_every, count),
            shifts_holidays=False,
        )

    @property
    def first_due_on(self) -> date:
        """When the oldest instalment that is left fell or falls due."""
        if self.days_past_due:
            return self.cut_over - timedelta(days=self.days_past_due)
        if self.disbursed_on is None or self.frequency != schedules.MONTHLY:
            return schedules.first_due_date(self.frequency, self.cut_over)
        known = replace(self.terms, count=schedules.COUNT_MAX)
        first = schedules.first_due_date(self.frequency, self.disbursed_on)
        return next(
            day for day in schedules.due_dates(known, first) if day > self.cut_over
        )

    @property
    def began_on(self) -> date:
        """When it was paid out; where nobody knows, the day of the takeover."""
        return min(self.disbursed_on or self.cut_over, self.first_due_on)

    def schedule(self) -> list[Instalment]:
        """What is left to be paid. Raises ImpossibleSchedule.

        Interest of a flat loan is that on what was lent, not on what is left.
        """
        made = schedules.schedule(self.terms, self.first_due_on)
        if self.method != schedules.FLAT:
            return made
        interest = schedules.interest_of(self.lent, self.rate_bps, self.frequency)
        return [
            Instalment(one.number, one.due_on, one.principal, interest) for one in made
        ]
