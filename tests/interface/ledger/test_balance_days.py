"""The balances at the ends of days, from which interest is computed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.ledger.operations import statements
from tests.factories.ledger import Ledger, a_journal, today

FIRST = date(2026, 11, 1)
LAST = date(2026, 11, 30)


def on(ledger: Ledger, key: str, cooperative: str, day: date, amount: int) -> None:
    """A deposit, or a withdrawal if negative, on a business date."""
    cash = ledger.cash(cooperative)
    pair = (cash, key) if amount > 0 else (key, cash)
    ledger.post_one(a_journal((*pair, abs(amount)), business_date=day))


def days(
    ledger: Ledger,
    cooperative: str,
    *keys: str,
    first: date = FIRST,
    last: date = LAST,
    floor: int = 0,
) -> dict[str, dict[str, Any]]:
    return statements.get_balance_days(
        ledger.database, cooperative, keys=keys, from_=first, to=last, floor=floor
    )


@pytest.fixture
def cooperative(ledger: Ledger) -> str:
    return ledger.cooperative()


@pytest.fixture
def savings(ledger: Ledger, cooperative: str) -> str:
    return ledger.savings(cooperative)


def test_the_worked_example_of_the_methods(
    ledger: Ledger, cooperative: str, savings: str
) -> None:
    """150.000 for 2 days, 650.000 for 7, 1.650.000 for 13, 900.000 for 8."""
    for day, amount in ((1, 150_000), (3, 500_000), (10, 1_000_000), (23, -750_000)):
        on(ledger, savings, cooperative, FIRST.replace(day=day), amount)

    assert days(ledger, cooperative, savings)[savings] == {
        "lowest": 150_000,
        "balance_days": 33_500_000,
        "closing": 900_000,
        "status": "active",
    }


def test_what_was_there_before_counts_and_what_comes_later_does_not(
    ledger: Ledger, cooperative: str, savings: str
) -> None:
    on(ledger, savings, cooperative, FIRST - timedelta(days=40), 1000)
    on(ledger, savings, cooperative, LAST + timedelta(days=1), 5000)

    found = days(ledger, cooperative, savings)[savings]

    assert (found["lowest"], found["balance_days"]) == (1000, 30_000)
    assert found["closing"] == 1000


def test_days_are_business_dates_whatever_the_order_of_posting(
    ledger: Ledger, cooperative: str, savings: str
) -> None:
    on(ledger, savings, cooperative, LAST, 500)
    on(ledger, savings, cooperative, FIRST, 1000)

    found = days(ledger, cooperative, savings)[savings]

    assert (found["lowest"], found["balance_days"]) == (1000, 30_500)


def test_a_day_counts_by_the_balance_at_its_end(
    ledger: Ledger, cooperative: str, savings: str
) -> None:
    on(ledger, savings, cooperative, FIRST, 1000)
    on(ledger, savings, cooperative, FIRST, -900)
    on(ledger, savings, cooperative, FIRST, 700)

    assert days(ledger, cooperative, savings, last=FIRST)[savings]["lowest"] == 800


def test_days_below_the_floor_count_as_empty(
    ledger: Ledger, cooperative: str, savings: str
) -> None:
    on(ledger, savings, cooperative, FIRST, 1000)
    on(ledger, savings, cooperative, FIRST + timedelta(days=1), 500)

    found = days(ledger, cooperative, savings, floor=1500)[savings]

    assert (found["lowest"], found["balance_days"]) == (0, 29 * 1500)


def test_an_account_without_postings_is_empty_throughout(
    ledger: Ledger, cooperative: str, savings: str
) -> None:
    found = days(ledger, cooperative, savings)[savings]

    assert (found["lowest"], found["balance_days"], found["closing"]) == (0, 0, 0)


def test_another_cooperatives_accounts_are_left_out(
    ledger: Ledger, cooperative: str, savings: str
) -> None:
    stranger = ledger.cooperative()

    assert days(ledger, stranger, savings) == {}


def test_many_accounts_are_told_at_once(ledger: Ledger, cooperative: str) -> None:
    keys = [ledger.savings(cooperative, balance=n * 100) for n in range(1, 6)]

    found = days(ledger, cooperative, *keys, first=today(), last=today())

    assert [found[key]["closing"] for key in keys] == [100, 200, 300, 400, 500]


def test_balances_near_the_largest_do_not_overflow(
    ledger: Ledger, cooperative: str, savings: str
) -> None:
    for _ in range(3):
        on(ledger, savings, cooperative, FIRST, 10**15)

    assert days(ledger, cooperative, savings)[savings]["balance_days"] == 9 * 10**16
