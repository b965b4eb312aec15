"""What a time deposit earns and what breaking it costs, in whole rupiah."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.members.domain import deposits
from services.members.domain.deposits import Payout, Rate, Term

START = date(2026, 1, 31)
TERMS = st.builds(
    Term,
    principal=st.integers(min_value=1, max_value=10**15),
    rate_bps=st.integers(min_value=0, max_value=900),
    months=st.integers(min_value=1, max_value=120),
    starts_on=st.dates(min_value=date(2000, 1, 1), max_value=date(2090, 1, 1)),
)


def term(principal: int = 10_000_000, rate_bps: int = 700, months: int = 3) -> Term:
    return Term(principal=principal, rate_bps=rate_bps, months=months, starts_on=START)


@pytest.mark.parametrize(
    ("months", "rate_bps", "interest"),
    [(3, 700, 175_000), (6, 800, 400_000), (12, 900, 900_000)],
    ids=["3 months at 7%", "6 months at 8%", "12 months at 9%"],
)
def test_whole_months_earn_a_twelfth_of_the_year_each(
    months: int, rate_bps: int, interest: int
) -> None:
    assert term(months=months, rate_bps=rate_bps).interest_through(months) == interest


def test_interest_is_rounded_down() -> None:
    # 1.000.001 x 7% / 12 = 5.833,33...
    assert term(principal=1_000_001).interest_through(1) == 5_833


@pytest.mark.parametrize(
    ("day", "earned"),
    [
        (START, 0),
        (date(2026, 1, 1), 0),
        # 10.000.000 x 7% x 10/365 = 19.178,08
        (date(2026, 2, 10), 19_178),
        (date(2026, 2, 28), 58_333),
        # One month and 3 days: 58.333,33 + 5.753,42 = 64.086,76
        (date(2026, 3, 3), 64_086),
        (date(2026, 4, 29), 172_283),
        (date(2026, 4, 30), 175_000),
        (date(2027, 1, 1), 175_000),
    ],
)
def test_days_beyond_whole_months_are_days_of_365(day: date, earned: int) -> None:
    assert term().interest_until(day) == earned


def test_a_term_ends_on_the_same_day_or_at_the_end_of_a_shorter_month() -> None:
    assert [term().due_on(month) for month in (1, 2, 3, 13)] == [
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
        date(2027, 2, 28),
    ]
    assert deposits.add_months(date(2027, 11, 30), 3) == date(2028, 2, 29)


@given(TERMS)
def test_monthly_interest_adds_up_to_what_the_term_earns(one: Term) -> None:
    monthly = [
        one.interest_through(month) - one.interest_through(month - 1)
        for month in range(1, one.months + 1)
    ]

    assert sum(monthly) == one.interest_through(one.months)
    assert min(monthly) >= 0
    assert one.interest_until(one.matures_on) == one.interest_through(one.months)


@given(TERMS, st.integers(min_value=0, max_value=4000))
def test_interest_never_falls_from_one_day_to_the_next(one: Term, days: int) -> None:
    day = date.fromordinal(one.starts_on.toordinal() + days)
    next_day = date.fromordinal(day.toordinal() + 1)

    assert one.interest_until(day) <= one.interest_until(next_day)


@pytest.mark.parametrize(
    ("interest", "penalty"),
    [(0, 0), (175_000, 17_500), (4, 0), (5, 1), (14, 1), (15, 2)],
)
def test_breaking_costs_a_tenth_of_the_interest_half_up(
    interest: int, penalty: int
) -> None:
    assert deposits.penalty(interest, 1000) == penalty


RATES = (
    Rate(term_months=3, amount_from=1, rate_bps=600),
    Rate(term_months=3, amount_from=50_000_000, rate_bps=700),
    Rate(term_months=12, amount_from=1, rate_bps=900),
)


@pytest.mark.parametrize(
    ("months", "amount", "rate_bps"),
    [
        (3, 49_999_999, 600),
        (3, 50_000_000, 700),
        (12, 50_000_000, 900),
        (6, 1_000_000, None),
    ],
)
def test_a_higher_amount_reaches_a_higher_rate(
    months: int, amount: int, rate_bps: int | None
) -> None:
    rate = deposits.rate_for(RATES, term_months=months, amount=amount)

    assert (rate.rate_bps if rate else None) == rate_bps


def test_a_rate_table_says_each_thing_once_and_at_most_nine_percent() -> None:
    assert deposits.faults_of_table(RATES) == []
    assert deposits.faults_of_table([RATES[0], RATES[0]]) != []
    too_high = Rate(term_months=3, amount_from=1, rate_bps=901)
    assert deposits.faults_of_table([too_high]) != []


AMOUNTS = st.integers(min_value=0, max_value=10**15)


PAYOUTS = st.builds(
    lambda gross, principal, is_capitalised: Payout(
        gross=gross,
        tax=gross // 10,
        penalty=gross // 10,
        principal=principal,
        is_capitalised=is_capitalised,
    ),
    AMOUNTS,
    AMOUNTS,
    st.booleans(),
)


@given(PAYOUTS)
def test_what_a_payout_posts_is_what_it_says(payout: Payout) -> None:
    book = deposits.book_of("coop_1", "dep_1", "0101100000000017")
    moved = dict.fromkeys(
        (book.deposit, book.savings, book.interest_expense, book.tax_payable), 0
    ) | {book.penalty_income: 0}
    for debit, credit, amount in payout.postings(book):
        moved[debit] -= amount
        moved[credit] += amount

    to_member = moved[book.deposit] + moved[book.savings]
    assert to_member == payout.net - payout.penalty
    assert moved[book.interest_expense] == -payout.gross
    assert moved[book.tax_payable] == payout.tax


def test_a_deposit_is_kept_where_no_payment_can_name_it() -> None:
    assert not deposits.ledger_key("coop_1", "dep_1").isdigit()
