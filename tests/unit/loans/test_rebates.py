"""What comes back of the interest to who has always paid in time (R158)."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.loans.domain.loans import Rules
from services.loans.domain.rebates import Paid, rebate_of

DUE = date(2026, 9, 10)


def paid(days_late: int = 0, interest: int = 20_000, penalty: int = 0) -> Paid:
    return Paid(DUE, DUE + timedelta(days=days_late), interest, penalty)


def test_the_last_day_of_grace_is_in_time_and_the_next_is_not() -> None:
    rules = Rules(rebate_bps=500, rebate_grace_days=3)
    assert rebate_of([paid(), paid(days_late=3)], rules) == 2_000
    assert rebate_of([paid(), paid(days_late=4)], rules) == 0


def test_a_penalty_or_an_open_instalment_costs_the_rebate() -> None:
    rules = Rules(rebate_bps=500)
    assert rebate_of([paid(penalty=1)], rules) == 0
    assert rebate_of([paid()._replace(settled_on=None)], rules) == 0


@given(
    interests=st.lists(st.integers(0, 10**9), max_size=60),
    bps=st.integers(0, 10_000),
)
def test_no_more_comes_back_than_was_paid(interests: list[int], bps: int) -> None:
    found = rebate_of([paid(interest=one) for one in interests], Rules(rebate_bps=bps))
    assert 0 <= found <= sum(interests)
    assert found * 10_000 <= sum(interests) * bps
