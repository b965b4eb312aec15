"""Working days of Indonesia (R18; domain.md, test vector 14)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared import calendar

DAYS = st.dates(min_value=date(2024, 1, 1), max_value=date(2028, 12, 31))


@pytest.mark.parametrize(
    ("is_worked", "deadline"),
    [
        pytest.param(True, date(2026, 12, 28), id="national holidays only"),
        pytest.param(False, date(2026, 12, 29), id="collective leave is a holiday"),
    ],
)
def test_three_working_days_over_christmas(
    is_worked: bool,  # noqa: FBT001
    deadline: date,
) -> None:
    asked = date(2026, 12, 22)

    assert (
        calendar.after_working_days(asked, 3, collective_leave_is_worked=is_worked)
        == deadline
    )


@pytest.mark.parametrize(
    ("day", "is_working"),
    [
        pytest.param(date(2026, 11, 20), True, id="Friday"),
        pytest.param(date(2026, 11, 21), False, id="Saturday"),
        pytest.param(date(2026, 11, 22), False, id="Sunday"),
        pytest.param(date(2026, 12, 25), False, id="Christmas"),
        pytest.param(date(2026, 8, 17), False, id="Independence Day"),
        pytest.param(date(2026, 12, 24), True, id="collective leave"),
    ],
)
def test_which_days_are_worked(
    day: date,
    is_working: bool,  # noqa: FBT001
) -> None:
    assert calendar.is_working_day(day) is is_working


def test_the_day_of_the_request_does_not_count() -> None:
    monday = date(2026, 11, 16)

    assert calendar.after_working_days(monday, 0) == monday
    assert calendar.after_working_days(monday, 1) == date(2026, 11, 17)


@given(day=DAYS, count=st.integers(min_value=1, max_value=15))
def test_a_deadline_is_a_working_day_and_the_count_comes_back(
    day: date, count: int
) -> None:
    deadline = calendar.after_working_days(day, count)

    assert calendar.is_working_day(deadline)
    assert calendar.working_days_until(day, deadline) == count
    assert calendar.working_days_until(day, deadline - timedelta(days=1)) == count - 1


def test_nothing_is_left_of_a_deadline_that_is_over() -> None:
    assert calendar.working_days_until(date(2026, 11, 20), date(2026, 11, 2)) == 0
