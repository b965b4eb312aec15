"""What cover costs and what an early end gives back."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.insurance.domain import premiums
from services.ledger.domain.fees import YEAR, FeeRate


@pytest.mark.parametrize(
    ("months", "premium"), [(12, 450_000), (18, 675_000), (24, 900_000)]
)
def test_the_premium_is_that_of_the_requirements(months: int, premium: int) -> None:
    assert premiums.premium(10_000_000, rate_bps=450, months=months) == premium


@settings(max_examples=100)
@given(st.integers(1, 10**12), st.integers(1, 600))
def test_the_premium_is_what_the_ledger_charges(principal: int, months: int) -> None:
    fee = FeeRate(
        kind="default_insurance",
        rule="R42",
        valid_from=date(2026, 1, 1),
        rate_bps=450,
        per=YEAR,
    )

    assert premiums.premium(principal, rate_bps=450, months=months) == fee.amount(
        base_amount=principal, months=months
    )


def test_a_product_may_charge_begun_years_whole() -> None:
    assert premiums.charged_months(18, rounds_years_up=True) == 24
    assert premiums.charged_months(24, rounds_years_up=True) == 24
    assert premiums.charged_months(18, rounds_years_up=False) == 18


@pytest.mark.parametrize(
    ("on", "refund"),
    [
        # The first month has begun at once: 11/12 of 450.000, of that 80 %.
        (date(2026, 1, 31), 330_000),
        (date(2026, 2, 27), 330_000),
        (date(2026, 2, 28), 300_000),
        (date(2026, 7, 30), 180_000),
        (date(2027, 1, 31), 0),
        (date(2030, 1, 1), 0),
    ],
)
def test_what_is_not_earned_goes_back_by_the_month(on: date, refund: int) -> None:
    starts_on = date(2026, 1, 31)

    assert refund == premiums.refund(
        450_000, months=12, starts_on=starts_on, on=on, refund_bps=8_000
    )


@settings(max_examples=100)
@given(
    st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    st.integers(0, 800),
    st.integers(1, 60),
    st.integers(0, 10**9),
)
def test_no_refund_is_more_than_the_premium_and_none_grows(
    starts_on: date, days: int, months: int, paid: int
) -> None:
    def refund(after: int) -> int:
        on = date.fromordinal(starts_on.toordinal() + after)
        return premiums.refund(
            paid, months=months, starts_on=starts_on, on=on, refund_bps=10_000
        )

    assert 0 <= refund(days + 1) <= refund(days) <= paid
