"""Schedules to the rupiah: the vectors of domain.md, and what holds for any loan."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.loans.domain import rates, schedules
from services.loans.domain.schedules import ImpossibleSchedule, Terms
from services.shared import calendar

FIRST = date(2024, 12, 1)


def terms(**more: object) -> Terms:
    known: dict[str, object] = {
        "method": "menurun",
        "frequency": "monthly",
        "principal": 3_000_000,
        "rate_bps": 2400,
        "count": 12,
        "shifts_holidays": False,
    }
    return Terms(**(known | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "first", "second", "last", "interest"),
    [
        ("flat", 310_000, 310_000, 310_000, 720_000),
        ("menurun", 310_000, 305_000, 255_000, 390_000),
        ("anuitas", 283_679, 283_679, 283_675, 404_144),
    ],
)
def test_three_million_over_a_year_at_24_percent(
    method: str, first: int, second: int, last: int, interest: int
) -> None:
    made = schedules.schedule(terms(method=method), FIRST)

    assert (made[0].amount, made[1].amount, made[-1].amount) == (first, second, last)
    assert schedules.total_interest(made) == interest
    if method == "anuitas":
        assert made[0].principal == 223_679


def test_what_is_left_over_goes_to_the_last_instalment() -> None:
    made = schedules.schedule(
        terms(method="flat", principal=1_000_000, rate_bps=0, count=3), FIRST
    )

    assert [one.principal for one in made] == [333_333, 333_333, 333_334]


def test_a_day_of_the_month_is_cut_to_its_end_and_comes_back() -> None:
    made = schedules.schedule(terms(count=3), date(2024, 1, 31))

    assert [one.due_on.isoformat() for one in made] == [
        "2024-01-31",
        "2024-02-29",
        "2024-03-31",
    ]


def test_a_seasonal_loan_repays_at_harvests() -> None:
    made = schedules.schedule(
        terms(method="musiman", count=8, harvest_every=4), date(2024, 1, 15)
    )

    assert [one.principal for one in made] == [0, 0, 0, 1_500_000] * 2
    assert [one.interest for one in made] == [60_000] * 4 + [30_000] * 4


def test_grace_repays_no_principal() -> None:
    made = schedules.schedule(terms(grace_count=3, count=9), FIRST)

    assert [one.principal for one in made[:4]] == [0, 0, 0, 500_000]


@pytest.mark.parametrize(
    ("flat_bps", "count", "effective"),
    [
        (1200, 12, 2146),
        (1200, 24, 2157),
        (1200, 36, 2120),
        (1800, 12, 3172),
        (1800, 24, 3146),
        (1800, 36, 3059),
        (2400, 12, 4170),
        (2400, 24, 4088),
        (2400, 36, 3943),
    ],
)
def test_what_a_flat_rate_really_costs(
    flat_bps: int, count: int, effective: int
) -> None:
    made = schedules.schedule(
        terms(method="flat", rate_bps=flat_bps, count=count, principal=12_000_000),
        FIRST,
    )

    found = rates.effective_bps(made, 12_000_000, "monthly")

    assert found == effective
    assert not rates.is_over_cap(
        rate_bps=flat_bps, effective_rate_bps=found, basis="nominal"
    )
    assert rates.is_over_cap(
        rate_bps=flat_bps, effective_rate_bps=found, basis="effective"
    ) == (effective > 2400)


def test_a_deduction_makes_a_loan_dearer() -> None:
    made = schedules.schedule(terms(method="anuitas"), FIRST)

    whole = rates.effective_bps(made, 3_000_000, "monthly")

    assert whole == 2400
    assert rates.effective_bps(made, 2_900_000, "monthly") > whole


@st.composite
def any_terms(draw: st.DrawFn) -> Terms:
    count = draw(st.integers(1, 120))
    return Terms(
        method=draw(st.sampled_from(schedules.METHODS)),
        frequency=draw(st.sampled_from(schedules.FREQUENCIES)),
        principal=draw(st.integers(1, 10**12)),
        rate_bps=draw(st.integers(0, 2400)),
        count=count,
        grace_count=draw(st.integers(0, count - 1)),
        harvest_every=draw(st.integers(1, count)),
        rounding_unit=draw(st.sampled_from(schedules.ROUNDING_UNITS)),
        shifts_holidays=draw(st.booleans()),
    )


@settings(max_examples=100, deadline=None)
@given(asked=any_terms(), day=st.dates(date(2024, 1, 1), date(2026, 12, 31)))
def test_every_schedule_ends_at_zero(asked: Terms, day: date) -> None:
    try:
        made = schedules.schedule(asked, day)
    except ImpossibleSchedule:
        return

    assert sum(one.principal for one in made) == asked.principal
    assert len(made) == asked.count
    assert all(one.principal >= 0 and one.interest >= 0 for one in made)
    assert made[-1].principal > 0
    days = [one.due_on for one in made]
    assert days == sorted(days)
    assert days[0] >= day
    if asked.shifts_holidays:
        assert all(calendar.is_collection_day(one) for one in days)
