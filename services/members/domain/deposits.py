"""What a time deposit (simpanan berjangka) earns, when it ends and what breaking costs.

Interest of whole months is one twelfth of the year's each; only the days beyond the
last whole month, which count when a deposit is broken, are days of 365. Amounts are
whole rupiah, rates basis points per year. Every amount is rounded once, where it is
computed; what is paid month by month adds up to what would be paid at the end.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

RATE_BPS_MAX: Final = 900
"""Savings interest is at most 9 % per year (R113)."""

PENALTY_BPS_DEFAULT: Final = 1000
"""Breaking a deposit early costs 10 % of its interest (domain.md, topic 7)."""

TERM_MONTHS_MAX: Final = 120
MONTHS_OF_YEAR: Final = 12
DAYS_OF_YEAR: Final = 365
BPS_OF_WHOLE: Final = 10_000

# When interest is paid.
MONTHLY: Final = "monthly"
AT_MATURITY: Final = "maturity"

# What happens at maturity: paid out, or rolled over for another term (ARO).
NONE: Final = "none"
PRINCIPAL: Final = "principal"
PRINCIPAL_AND_INTEREST: Final = "principal_and_interest"

# States of a deposit.
OPENING: Final = "opening"
"""Stored here; whether the money is placed only the ledger can say."""

ACTIVE: Final = "active"
CLOSING: Final = "closing"
"""Its last journal is decided and not yet known to be posted."""

MATURED: Final = "matured"
BROKEN: Final = "broken"
REFUSED: Final = "refused"
"""The ledger refused the placement; no money moved."""

RUNNING: Final = (OPENING, ACTIVE, CLOSING)

# Kinds of what a deposit pays.
INTEREST: Final = "interest"
MATURITY: Final = "maturity"
BREAK: Final = "break"

SAVINGS: Final = "savings"
SOURCES: Final = (SAVINGS, "cash", "bank")


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later, clipped to the end of the month."""
    year, month_before = divmod(day.year * 12 + day.month - 1 + months, 12)
    month = month_before + 1
    last_day = calendar.monthrange(year, month)[1]
    return date(year, month, min(day.day, last_day))


def whole_months(starts_on: date, day: date) -> int:
    """How many whole months have passed at ``day``."""
    months = (day.year - starts_on.year) * 12 + day.month - starts_on.month
    return months if add_months(starts_on, months) <= day else months - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term of a deposit: the first, or one that it was rolled over into."""

    principal: int
    rate_bps: int
    months: int
    starts_on: date

    @property
    def matures_on(self) -> date:
        """The day on which the term is over; interest runs until the day before."""
        return self.due_on(self.months)

    def due_on(self, month: int) -> date:
        """When the interest of the ``month``-th month is earned, from 1."""
        return add_months(self.starts_on, month)

    def interest_through(self, month: int) -> int:
        """What ``month`` whole months have earned together, rounded down."""
        return self._earned(months=month, days=0)

    def interest_until(self, day: date) -> int:
        """What has been earned at ``day``: whole months, then days of 365."""
        if day <= self.starts_on:
            return 0
        months = min(whole_months(self.starts_on, day), self.months)
        if months == self.months:
            return self.interest_through(self.months)
        days = (day - self.due_on(months)).days
        return self._earned(months=months, days=days)

    def _earned(self, *, months: int, days: int) -> int:
        """Interest of whole months and days, in integers and rounded down once."""
        parts = months * DAYS_OF_YEAR + days * MONTHS_OF_YEAR
        whole = BPS_OF_WHOLE * MONTHS_OF_YEAR * DAYS_OF_YEAR
        return self.principal * self.rate_bps * parts // whole

    def first_due_on(self, schedule: str) -> date:
        """When the term pays for the first time."""
        return self.due_on(1) if schedule == MONTHLY else self.matures_on


def penalty(interest: int, penalty_bps: int) -> int:
    """What breaking costs, of all interest that the term has earned; half up."""
    return (2 * interest * penalty_bps + BPS_OF_WHOLE) // (2 * BPS_OF_WHOLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What is paid for a term of this length from this amount on."""

    term_months: int
    amount_from: int
    rate_bps: int


def rate_for(rates: Iterable[Rate], *, term_months: int, amount: int) -> Rate | None:
    """The rate with the highest threshold that the amount reaches; None if none."""
    reached = [
        rate
        for rate in rates
        if rate.term_months == term_months and rate.amount_from <= amount
    ]
    return max(reached, key=lambda rate: rate.amount_from, default=None)


def faults_of_table(rates: Sequence[Rate]) -> list[str]:
    """What is wrong with a rate table, in sentences."""
    places = [(rate.term_months, rate.amount_from) for rate in rates]
    faults = []
    if len(set(places)) < len(places):
        faults.append("A term and an amount occur twice in the rate table.")
    if any(rate.rate_bps > RATE_BPS_MAX for rate in rates):
        faults.append("Savings interest is at most 9% per year.")
    return faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The keys of the accounts in the cooperative's book that a deposit touches."""

    deposit: str
    savings: str
    interest_expense: str
    tax_payable: str
    penalty_income: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """What a deposit pays at one moment, and where the money goes.

    ``principal`` is what leaves the deposit; 0 while it stays. ``is_capitalised`` says
    that the interest is added to the deposit instead of paid to the savings account.
    """

    gross: int
    tax: int
    penalty: int = 0
    principal: int = 0
    is_capitalised: bool = False

    @property
    def net(self) -> int:
        """The interest after tax."""
        return self.gross - self.tax

    def postings(self, book: Book) -> list[tuple[str, str, int]]:
        """Debit account, credit account, amount: gross, tax, principal, penalty.

        The member sees gross interest and tax as lines of their own.
        """
        receiver = book.deposit if self.is_capitalised else book.savings
        lines = [
            (book.interest_expense, receiver, self.gross),
            (receiver, book.tax_payable, self.tax),
            (book.deposit, book.savings, self.principal),
            (book.savings, book.penalty_income, self.penalty),
        ]
        return [line for line in lines if line[2]]


def book_of(cooperative_id: str, deposit_id: str, savings_account: str) -> Book:
    """The accounts of one deposit, by the codes of the chart (domain.md, topic 6)."""
    return Book(
        deposit=ledger_key(cooperative_id, deposit_id),
        savings=savings_account,
        interest_expense=f"{cooperative_id}:5-1000",
        tax_payable=f"{cooperative_id}:2-1400",
        penalty_income=f"{cooperative_id}:4-3000",
    )


LEDGER_CODE: Final = "2-1010"


def ledger_key(cooperative_id: str, deposit_id: str) -> str:
    """The account that holds the deposit's principal.

    It is no account number: payments, which name numbers, cannot reach it.
    """
    return f"{cooperative_id}:{LEDGER_CODE}:{deposit_id}"


DESCRIPTIONS: Final = {
    INTEREST: "Bunga simpanan berjangka",
    MATURITY: "Jatuh tempo simpanan berjangka",
    BREAK: "Pencairan dini simpanan berjangka",
}
PLACEMENT: Final = "Penempatan simpanan berjangka"

ROLLOVER_NAMES: Final = {
    NONE: "Dicairkan ke rekening simpanan",
    PRINCIPAL: "Diperpanjang otomatis (pokok)",
    PRINCIPAL_AND_INTEREST: "Diperpanjang otomatis (pokok dan bunga)",
}
SCHEDULE_NAMES: Final = {MONTHLY: "Setiap bulan", AT_MATURITY: "Saat jatuh tempo"}
