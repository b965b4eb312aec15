"""How a loan is paid back: what falls due when, to the rupiah (domain.md, topic 7).

Every schedule adds up: the principal of its instalments is the loan, and the balance
after the last of them is zero. What rounding leaves over goes to the last instalment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from itertools import islice
from typing import Final

from services.shared import calendar

FLAT: Final = "flat"
"""Interest on the whole loan in every instalment."""

DECLINING: Final = "menurun"
"""Equal principal, interest on what is left: menurun, which many call efektif."""

ANNUITY: Final = "anuitas"
"""Equal instalments."""

SEASONAL: Final = "musiman"
"""Interest in every instalment, principal at every harvest."""

METHODS: Final = (FLAT, DECLINING, ANNUITY, SEASONAL)

MONTHLY: Final = "monthly"
WEEKLY: Final = "weekly"
DAILY: Final = "daily"
FREQUENCIES: Final = (MONTHLY, WEEKLY, DAILY)

BASIS_POINTS: Final = 10_000
COUNT_MAX: Final = 600
ROUNDING_UNITS: Final = (1, 100, 500, 1000)

PERIODS: Final = {MONTHLY: (1, 12), WEEKLY: (7, 365), DAILY: (1, 365)}
"""What part of a year a period is; a day is one of 365."""

_PRECISION: Final = 40

_InterestOn = Callable[[int], int]


class ImpossibleSchedule(ValueError):
    """The loan cannot be divided like this: its rounding leaves nothing for the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a schedule is computed from.

    ``principal`` in whole rupiah, ``rate_bps`` nominal per year in basis points,
    ``count`` instalments of which the first ``grace_count`` repay no principal.
    A seasonal loan repays principal in every ``harvest_every``-th instalment, and in
    the last. ``rounding_unit`` rounds each instalment but the last up.
    """

    method: str
    frequency: str
    principal: int
    rate_bps: int
    count: int
    grace_count: int = 0
    harvest_every: int = 1
    rounding_unit: int = 1
    shifts_holidays: bool = True

    def __post_init__(self) -> None:
        if not (
            self.method in METHODS
            and self.frequency in FREQUENCIES
            and self.principal > 0
            and self.rate_bps >= 0
            and 0 < self.count <= COUNT_MAX
            and 0 <= self.grace_count < self.count
            and 0 < self.harvest_every <= self.count
            and self.rounding_unit in ROUNDING_UNITS
        ):
            message = f"These are no terms of a loan: {self}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Instalment:
    """What falls due on one day; principal and interest in whole rupiah."""

    number: int
    due_on: date
    principal: int
    interest: int

    @property
    def amount(self) -> int:
        """What is to be paid."""
        return self.principal + self.interest


def schedule(terms: Terms, first_due_on: date) -> list[Instalment]:
    """Every instalment of a loan, in order. Raises ImpossibleSchedule."""
    parts = _PARTS[terms.method](terms)
    days = islice(due_dates(terms, first_due_on), terms.count)
    made = [
        Instalment(number, day, principal, interest)
        for number, (day, (principal, interest)) in enumerate(
            zip(days, parts, strict=True), start=1
        )
    ]
    if made[-1].principal <= 0:
        raise ImpossibleSchedule("Nothing is left for the last instalment.")
    return made


def first_due_date(frequency: str, disbursed_on: date) -> date:
    """One period after the loan was paid out."""
    if frequency == MONTHLY:
        return _months_after(disbursed_on, 1)
    return disbursed_on + timedelta(days=7 if frequency == WEEKLY else 1)


def due_dates(terms: Terms, first_due_on: date) -> Iterator[date]:
    """The due days of a loan, without end.

    The day of the month stays, cut to its end. A day on which nobody collects is
    replaced by the next on which somebody does; a daily loan has none of those.
    """
    if terms.frequency == DAILY and terms.shifts_holidays:
        day = first_due_on
        while True:
            if calendar.is_collection_day(day):
                yield day
            day += timedelta(days=1)
    period = 0
    while True:
        due = _nth(terms.frequency, first_due_on, period)
        yield _shifted(due) if terms.shifts_holidays else due
        period += 1


def interest_of(balance: int, rate_bps: int, frequency: str) -> int:
    """The interest of one period on ``balance``, half a rupiah rounded up."""
    part, whole = PERIODS[frequency]
    return _half_up(balance * rate_bps * part, BASIS_POINTS * whole)


def total_interest(instalments: Sequence[Instalment]) -> int:
    """All interest of a schedule."""
    return sum(one.interest for one in instalments)


def months_of(terms: Terms) -> int:
    """For how many months the loan runs, begun ones counted: what insurance covers."""
    part, whole = PERIODS[terms.frequency]
    return -(-terms.count * part * 12 // whole)


def _flat(terms: Terms) -> Iterator[tuple[int, int]]:
    interest = interest_of(terms.principal, terms.rate_bps, terms.frequency)
    return _with_equal_principal(terms, lambda _balance: interest)


def _declining(terms: Terms) -> Iterator[tuple[int, int]]:
    return _with_equal_principal(
        terms, lambda balance: interest_of(balance, terms.rate_bps, terms.frequency)
    )


def _with_equal_principal(
    terms: Terms, interest_on: _InterestOn
) -> Iterator[tuple[int, int]]:
    balance = terms.principal
    share = terms.principal // (terms.count - terms.grace_count)
    for number in range(1, terms.count + 1):
        interest = interest_on(balance)
        if number <= terms.grace_count:
            principal = 0
        elif number == terms.count:
            principal = balance
        else:
            wanted = _up_to(share + interest, terms.rounding_unit) - interest
            principal = min(wanted, balance)
        balance -= principal
        yield principal, interest


def _annuity(terms: Terms) -> Iterator[tuple[int, int]]:
    balance = terms.principal
    payment = _up_to(_equal_payment(terms), terms.rounding_unit)
    for number in range(1, terms.count + 1):
        interest = interest_of(balance, terms.rate_bps, terms.frequency)
        if number <= terms.grace_count:
            principal = 0
        elif number == terms.count:
            principal = balance
        else:
            principal = min(max(payment - interest, 0), balance)
        balance -= principal
        yield principal, interest


def _equal_payment(terms: Terms) -> int:
    """What repays the loan in equal parts, to the nearest rupiah."""
    count = terms.count - terms.grace_count
    part, whole = PERIODS[terms.frequency]
    with localcontext() as context:
        context.prec = _PRECISION
        rate = Decimal(terms.rate_bps * part) / (BASIS_POINTS * whole)
        if not rate:
            exact = Decimal(terms.principal) / count
        else:
            exact = terms.principal * rate / (1 - (1 + rate) ** -count)
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _seasonal(terms: Terms) -> Iterator[tuple[int, int]]:
    harvests = [
        number
        for number in range(terms.grace_count + 1, terms.count + 1)
        if number % terms.harvest_every == 0 or number == terms.count
    ]
    share = _up_to(terms.principal // len(harvests), terms.rounding_unit)
    balance = terms.principal
    for number in range(1, terms.count + 1):
        interest = interest_of(balance, terms.rate_bps, terms.frequency)
        principal = 0
        if number == terms.count:
            principal = balance
        elif number in harvests:
            principal = min(share, balance)
        balance -= principal
        yield principal, interest


_PARTS: Final = {
    FLAT: _flat,
    DECLINING: _declining,
    ANNUITY: _annuity,
    SEASONAL: _seasonal,
}


def _nth(frequency: str, first: date, period: int) -> date:
    if frequency == MONTHLY:
        return _months_after(first, period)
    return first + timedelta(days=period * (7 if frequency == WEEKLY else 1))


def _months_after(day: date, months: int) -> date:
    """The same day of a later month, cut to the month's end."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following, first = divmod(year * 12 + month + 1, 12)
    last = (date(following, first + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def _shifted(day: date) -> date:
    while not calendar.is_collection_day(day):
        day += timedelta(days=1)
    return day


def _half_up(numerator: int, divisor: int) -> int:
    return (2 * numerator + divisor) // (2 * divisor)


def _up_to(amount: int, unit: int) -> int:
    return -(-amount // unit) * unit
