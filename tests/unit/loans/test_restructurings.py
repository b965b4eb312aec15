"""New terms for a loan: nothing that is owed appears or disappears."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from services.loans.domain import restructurings as domain
from services.loans.domain import schedules
from services.loans.domain.restructurings import Arrears, Wanted
from services.loans.domain.schedules import Terms

FIRST = date(2026, 12, 22)

WANTED = st.builds(
    Wanted,
    count=st.none() | st.integers(1, 60),
    rate_bps=st.none() | st.integers(0, 2400),
    grace_count=st.none() | st.integers(1, 12),
    harvest_every=st.none() | st.integers(1, 12),
    reduced_count=st.none() | st.integers(1, 24),
    reduced_amount=st.none() | st.integers(1, 2_000_000),
)
TERMS = st.builds(
    Terms,
    method=st.sampled_from(schedules.METHODS),
    frequency=st.just(schedules.MONTHLY),
    principal=st.integers(10_000, 50_000_000),
    rate_bps=st.integers(0, 2400),
    count=st.integers(1, 36),
)
ARREARS = st.builds(
    Arrears,
    interest=st.integers(0, 5_000_000),
    penalty=st.integers(0, 500_000),
    deferred=st.integers(0, 500_000),
)
KINDS = st.sampled_from(
    [kind for kind in domain.METHOD_NAMES if kind != domain.CONVERT_TO_EQUITY]
)


@settings(max_examples=100)
@given(KINDS, WANTED, TERMS, ARREARS)
def test_all_that_was_owed_is_in_the_new_loan(
    kind: str, wanted: Wanted, terms: Terms, arrears: Arrears
) -> None:
    try:
        made = domain.plan(kind, wanted, terms, arrears, FIRST)
    except (domain.UnfitTerms, schedules.ImpossibleSchedule):
        reject()
    paid = sum(one.principal for one in made.instalments)
    assert paid == made.terms.principal == terms.principal + made.capitalised
    owed = arrears.interest + arrears.penalty + arrears.deferred
    assert made.capitalised + made.deferred >= owed
    assert all(one.principal >= 0 and one.interest >= 0 for one in made.instalments)
    assert [one.number for one in made.instalments] == list(
        range(1, made.terms.count + 1)
    )
    days = [one.due_on for one in made.instalments]
    assert days == sorted(set(days))


def test_two_years_after_a_leap_day_and_after_any_other() -> None:
    assert domain.latest_maturity(date(2028, 2, 29)) == date(2030, 2, 28)
    assert domain.latest_maturity(date(2026, 11, 22)) == date(2028, 11, 22)


@pytest.mark.parametrize(
    ("kind", "wanted", "missing"),
    [
        (domain.LONGER_TENOR, Wanted(count=12), "count"),
        (domain.LOWER_RATE, Wanted(rate_bps=2400), "rate_bps"),
        (domain.SEASONAL, Wanted(), "harvest_every"),
        (domain.GRACE_PERIOD, Wanted(), "grace_count"),
        (domain.LOWER_INSTALMENT, Wanted(reduced_count=3), "reduced_amount"),
        (domain.CAPITALISE_INTEREST, Wanted(), "interest"),
    ],
)
def test_what_does_not_help_is_no_restructuring(
    kind: str, wanted: Wanted, missing: str
) -> None:
    terms = Terms(
        method=schedules.DECLINING,
        frequency=schedules.MONTHLY,
        principal=3_000_000,
        rate_bps=2400,
        count=12,
    )
    with pytest.raises(domain.UnfitTerms) as refused:
        domain.plan(kind, wanted, terms, Arrears(interest=0, penalty=0), FIRST)
    assert refused.value.what == missing
