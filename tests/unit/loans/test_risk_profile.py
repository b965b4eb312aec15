"""The marks between low and high risk (R162)."""

from __future__ import annotations

from datetime import date

import pytest

from services.loans.domain import risk_profile as domain

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("capital", "level"),
    [
        (1_000_000_001, "low"),
        (1_000_000_000, "medium"),
        (500_000_000, "medium"),
        (499_999_999, "high"),
        (-1, "high"),
    ],
)
def test_capital_on_the_mark_is_medium(capital: int, level: str) -> None:
    assert domain.of_capital(capital) == level


@pytest.mark.parametrize(
    ("staff", "level"),
    [
        (None, "unknown"),
        (0, "high"),
        (1, "high"),
        (2, "medium"),
        (3, "medium"),
        (4, "low"),
    ],
)
def test_certified_staff_on_the_mark_is_medium(staff: int | None, level: str) -> None:
    assert domain.of_staff(staff) == level


@pytest.mark.parametrize(
    ("founded_on", "level"),
    [
        (None, "unknown"),
        (date(2021, 2, 28), "low"),
        # Five years are over on the first of March.
        (date(2021, 3, 1), "medium"),
        (date(2023, 3, 1), "medium"),
        (date(2023, 3, 2), "high"),
        # A day that its third year does not have.
        (date(2024, 2, 29), "high"),
    ],
)
def test_age_is_counted_to_the_day(founded_on: date | None, level: str) -> None:
    assert domain.of_age(founded_on, TODAY) == level


def test_farming_is_all_that_grows() -> None:
    lent = {"pertanian": 2, "perikanan": 2, "peternakan": 1, "perdagangan": 4}
    assert domain.dominating(lent) == ("farming", 5)
    assert domain.dominating({"perdagangan": 4, "jasa": 3}) == ("trade", 4)
    assert domain.dominating({"jasa": 3, "": 2, "perdagangan": 4}) == ("other", 5)
    assert domain.dominating({}) is None
    # Of two that are as large the riskier one is told.
    assert domain.dominating({"perdagangan": 4, "pertanian": 4}) == ("farming", 4)
