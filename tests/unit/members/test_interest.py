"""The three methods of Kepmen 96/2004: worked examples, and what always holds."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_FLOOR, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.members.domain import interest
from services.members.domain.interest import MonthOfBalances
from services.members.domain.products import METHODS

# The month of the SOM's example (page 70): 150.000 for 2 days, 650.000 for 7, then
# 1.650.000 for 13 and 900.000 for 8.
EXAMPLE = MonthOfBalances(lowest=150_000, balance_days=33_500_000, days=30)

balances = st.lists(st.integers(0, 10**12), min_size=28, max_size=31)
rates = st.integers(0, 900)


def month(days: list[int]) -> MonthOfBalances:
    return MonthOfBalances(lowest=min(days), balance_days=sum(days), days=len(days))


@pytest.mark.parametrize(
    ("method", "gross"),
    [
        pytest.param("lowest", 1_500, id="saldo terendah"),
        pytest.param("average", 11_166, id="saldo rata-rata"),
        pytest.param("daily", 11_013, id="saldo harian, floor of 11.013,70"),
    ],
)
def test_the_worked_examples_at_12_percent(method: str, gross: int) -> None:
    assert interest.gross(method, 1200, EXAMPLE) == gross


@pytest.mark.parametrize("method", METHODS)
def test_an_empty_month_and_a_rate_of_zero_earn_nothing(method: str) -> None:
    assert interest.gross(method, 900, month([0] * 31)) == 0
    assert interest.gross(method, 0, EXAMPLE) == 0


@given(days=balances, rate=rates)
def test_the_lowest_balance_never_earns_more_than_the_average(
    days: list[int], rate: int
) -> None:
    lowest, average, _ = (interest.gross(one, rate, month(days)) for one in METHODS)
    assert lowest <= average


@given(days=balances, rate=rates)
def test_daily_interest_is_the_exact_sum_rounded_down_once(
    days: list[int], rate: int
) -> None:
    exact = sum(Decimal(one) * rate / 10_000 / 365 for one in days)
    rounded = int(exact.quantize(Decimal(1), rounding=ROUND_FLOOR)) if exact else 0

    # Decimals have 28 digits; where they round up to a whole rupiah, ours is right.
    assert interest.gross("daily", rate, month(days)) in {rounded, rounded - 1}
    assert interest.gross("daily", rate, month(days)) * 3_650_000 <= sum(days) * rate


@given(days=balances, rate=rates, more=st.integers(1, 10**9))
def test_more_money_never_earns_less(days: list[int], rate: int, more: int) -> None:
    richer = [one + more for one in days]
    for method in METHODS:
        assert interest.gross(method, rate, month(richer)) >= interest.gross(
            method, rate, month(days)
        )


@given(days=balances)
def test_no_month_at_the_cap_passes_a_twelfth_of_9_percent_by_much(
    days: list[int],
) -> None:
    """31 days of 365 are a little more than a twelfth of a year, and that is all."""
    most = max(days) * 31 * 900 // 3_650_000
    assert all(interest.gross(one, 900, month(days)) <= most for one in METHODS)


@pytest.mark.parametrize(
    ("day", "is_last"),
    [
        pytest.param("2026-02-28", True, id="february"),
        pytest.param("2028-02-28", False, id="february of a leap year"),
        pytest.param("2028-02-29", True, id="leap day"),
        pytest.param("2026-12-31", True, id="december"),
        pytest.param("2026-12-30", False, id="the day before"),
    ],
)
def test_interest_belongs_to_the_last_day_of_a_month(day: str, is_last: bool) -> None:  # noqa: FBT001
    assert interest.is_last_day(date.fromisoformat(day)) == is_last
