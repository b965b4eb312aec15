"""What a claim demands, by when, and what is believed of an insurer's answer."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.insurance.domain import claims
from services.insurance.domain.insurers import Reading

TODAY = date(2026, 11, 22)


def judged(approved: int | None = None, **reading: Any) -> str:
    return claims.judge(
        Reading(**reading),
        claimed=1_000,
        approved=approved,
        occurred_on=date(2026, 11, 1),
        today=TODAY,
    ).status


def test_the_share_that_is_not_covered_stays_with_the_borrower() -> None:
    assert claims.claimed_amount(7_500_000, 100_001, 7_500) == 5_700_000
    assert claims.claimed_amount(7_500_000, 100_001, 10_000) == 7_600_001


@pytest.mark.parametrize("amount", [None, -1, 0, 1_001])
def test_an_amount_that_was_not_claimed_is_disputed(amount: int | None) -> None:
    assert judged(status="approved", amount=amount) == "disputed"
    assert judged(status="paid", amount=amount, paid_on=TODAY) == "disputed"


def test_what_was_approved_is_what_is_paid() -> None:
    paid: dict[str, Any] = {"status": "paid", "paid_on": TODAY}

    assert judged(1_000, amount=1_000, **paid) == "paid"
    assert judged(600, amount=600, **paid) == "paid"
    assert judged(600, amount=1_000, **paid) == "disputed"
    assert judged(600, amount=599, **paid) == "disputed"
    assert judged(600, status="approved", amount=600) == "approved"
    assert judged(600, status="approved", amount=599) == "disputed"


@pytest.mark.parametrize("day", [None, date(2026, 10, 31), date(2026, 11, 23)])
def test_a_payment_on_an_impossible_day_is_disputed(day: date | None) -> None:
    assert judged(status="paid", amount=1_000, paid_on=day) == "disputed"


def test_a_default_waits_and_a_death_does_not() -> None:
    terms = {"waiting_days": 90, "claim_days": 30}

    assert claims.opens_on("default", date(2026, 1, 1), 90) == date(2026, 4, 1)
    assert claims.deadline("default", date(2026, 1, 1), **terms) == date(2026, 5, 1)
    assert claims.opens_on("death", date(2026, 1, 1), 90) == date(2026, 1, 1)
    assert claims.deadline("death", date(2026, 1, 1), **terms) == date(2026, 1, 31)


def test_a_draft_is_reminded_of_once_per_mark() -> None:
    told: list[tuple[int, int]] = []
    reminded = None
    for days_left in range(20, -3, -1):
        mark = claims.reminder(days_left, reminded)
        if mark is not None:
            told.append((days_left, mark))
            reminded = mark

    assert told == [(14, 14), (7, 7), (3, 3), (1, 1)]
    assert claims.reminder(2, None) == 3
