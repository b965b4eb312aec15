"""What may be lent, against figures that were worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.loans.domain import limits
from services.loans.domain.limits import (
    Assessment,
    LendingLimit,
    ServiceRatio,
    Turnover,
)

AMOUNTS = st.integers(1, 10**12)


def lending(**more: int | bool) -> LendingLimit:
    given_: dict[str, int | bool] = {
        "is_related": False,
        "own_capital": 100_000_000,
        "outstanding": 0,
        "amount": 1,
        "limit_bps": 1500,
    }
    return LendingLimit(**(given_ | more))  # type: ignore[arg-type]


def assessed(**more: object) -> Assessment:
    given_ = {
        "service_ratio": None,
        "turnover": None,
        "lending_limit": lending(),
        "service_ratio_is_hard": True,
    }
    return Assessment(**(given_ | more))  # type: ignore[arg-type]


def test_thirty_percent_of_the_income_is_within_and_a_rupiah_more_is_not() -> None:
    # 310.000 of the loan and 1.490.000 elsewhere are 1.800.000: 30 % of 6.000.000.
    at_limit = ServiceRatio(
        instalment=310_000, obligations=1_490_000, income=6_000_000, limit_bps=3000
    )
    over = ServiceRatio(
        instalment=310_001, obligations=1_490_000, income=6_000_000, limit_bps=3000
    )

    assert (at_limit.ratio_bps, at_limit.is_within) == (3000, True)
    assert (over.ratio_bps, over.is_within) == (3001, False)


def test_a_business_carries_half_of_a_months_turnover() -> None:
    within = Turnover(amount=7_500_000, monthly_turnover=15_000_001, limit_bps=5000)
    over = Turnover(amount=7_500_001, monthly_turnover=15_000_001, limit_bps=5000)

    assert within.highest == 7_500_000
    assert within.is_within
    assert not over.is_within


def test_all_that_a_borrower_owes_counts_with_the_new_loan() -> None:
    # 15 % of 100 million are 15 million.
    assert lending(outstanding=12_000_000, amount=3_000_000).is_within
    assert not lending(outstanding=12_000_000, amount=3_000_001).is_within
    related = lending(is_related=True, limit_bps=1000)
    assert related.highest == 10_000_000


@pytest.mark.parametrize(
    ("given_", "breaches", "warnings"),
    [
        ({}, [], []),
        ({"own_capital": 0}, ["own_capital"], []),
        ({"own_capital": -5}, ["own_capital"], []),
        ({"amount": 15_000_001}, [], ["other_limit"]),
        (
            {"is_related": True, "limit_bps": 1000},
            [],
            ["pengurus_consent", "pengawas_consent"],
        ),
        (
            {"is_related": True, "limit_bps": 1000, "amount": 10_000_001},
            ["related_limit"],
            ["pengurus_consent", "pengawas_consent"],
        ),
    ],
)
def test_related_parties_are_a_hard_stop_others_a_question(
    given_: dict[str, int | bool], breaches: list[str], warnings: list[str]
) -> None:
    found = assessed(lending_limit=lending(**given_))

    assert (found.breaches, found.warnings) == (breaches, warnings)


def test_a_cooperative_may_let_a_higher_service_ratio_pass() -> None:
    heavy = ServiceRatio(instalment=31, obligations=0, income=100, limit_bps=3000)

    assert assessed(service_ratio=heavy).breaches == ["service_ratio"]
    soft = assessed(service_ratio=heavy, service_ratio_is_hard=False)
    assert (soft.breaches, soft.warnings) == ([], ["service_ratio"])


def test_own_capital_is_neither_penyertaan_nor_this_years_surplus() -> None:
    lines = [
        {"code": "1-1000", "debit": 500, "credit": 0},
        {"code": "3-1000", "debit": 0, "credit": 100},
        {"code": "3-1100", "debit": 0, "credit": 70},
        {"code": "3-2000", "debit": 20, "credit": 0},
        {"code": "3-3000", "debit": 0, "credit": 1000},
        {"code": "3-4000", "debit": 0, "credit": 30},
        {"code": "3-5000", "debit": 0, "credit": 1000},
        {"code": "3-6000", "debit": 0, "credit": 5},
    ]

    assert limits.own_capital(lines) == 185


def test_instalments_of_every_frequency_are_compared_by_the_month() -> None:
    assert limits.a_month(100_000, "monthly") == 100_000
    # 365 days are 52,14 weeks: 4,345 of them a month.
    assert limits.a_month(100_000, "weekly") == 434_524
    assert limits.a_month(10_000, "daily") == 304_167


@settings(max_examples=100)
@given(AMOUNTS, AMOUNTS, AMOUNTS, st.integers(1, 10_000))
def test_what_is_shown_agrees_with_what_is_decided(
    instalment: int, obligations: int, income: int, limit_bps: int
) -> None:
    ratio = ServiceRatio(
        instalment=instalment,
        obligations=obligations,
        income=income,
        limit_bps=limit_bps,
    )
    turnover = Turnover(amount=instalment, monthly_turnover=income, limit_bps=limit_bps)

    assert ratio.is_within == (ratio.ratio_bps <= limit_bps)
    assert turnover.is_within == (instalment <= turnover.highest)
