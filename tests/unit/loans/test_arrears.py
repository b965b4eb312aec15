"""How late a loan is, and what follows of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.loans.domain import arrears
from services.loans.domain.arrears import Settings, Stage

START = date(2026, 1, 31)


@pytest.mark.parametrize(
    ("dpd", "collectibility"),
    [(0, 1), (1, 2), (90, 2), (91, 3), (120, 3), (121, 4), (180, 4), (181, 5)],
)
def test_test_vector_12(dpd: int, collectibility: int) -> None:
    assert arrears.class_of(dpd) == collectibility


def test_a_stage_changes_no_class_and_a_class_no_stage() -> None:
    # C1: two tables, each of them a cooperative's own.
    odd = Settings(
        class_days=(30, 60, 90, 120), stages=(Stage("at_once", 1, "Telepon"),)
    )
    standing = arrears.standing([START], START + timedelta(days=20), odd)
    assert (standing.collectibility, standing.stage) == (1, "at_once")


def test_a_floor_holds_the_class_but_not_the_stage() -> None:
    standing = arrears.standing([START], START, Settings(), class_floor=4)
    assert (standing.collectibility, standing.stage) == (4, arrears.NO_STAGE)


def test_what_is_set_aside_goes_by_the_class() -> None:
    bps = Settings().provision_bps
    provisions = [arrears.provision_of(1_000_000, one, bps) for one in arrears.CLASSES]
    assert provisions == [5_000, 30_000, 150_000, 500_000, 1_000_000]


@given(
    st.integers(0, 10**12),
    st.integers(1, 400),
    st.lists(st.integers(-50, 500), min_size=2),
)
@settings(max_examples=100)
def test_interest_is_earned_little_by_little_and_whole_when_due(
    interest: int, length: int, days: list[int]
) -> None:
    due = START + timedelta(days=length)
    earned = [
        arrears.accrued(interest, START, due, START + timedelta(days=day))
        for day in sorted(days)
    ]
    assert earned == sorted(earned)
    assert all(0 <= one <= interest for one in earned)
    assert arrears.accrued(interest, START, due, START) == 0
    assert arrears.accrued(interest, START, due, due) == interest
