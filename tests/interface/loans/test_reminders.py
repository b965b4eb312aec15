"""Borrowers are reminded before and after a due day, once for each time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from services.loans.operations import reminders, repayments
from services.loans.operations.job_context import JobContext, Peers
from services.loans.operations.repayments import Payment
from tests.factories.loans import Lender
from tests.factories.savings import Calendar, calendar_at

START = date(2026, 8, 10)
FIRST = date(2026, 9, 10)


@pytest.fixture(autouse=True)
def calendar(tmp_path: Path) -> Iterator[Calendar]:
    with calendar_at(tmp_path / "hari-ini", START.isoformat()) as calendar:
        yield calendar


def remind(lender: Lender, day: date) -> int:
    peers = Peers(
        ledger=lender.ledger,
        members=lender.members,
        kyc=lender.kyc,
        insurance=lender.insurance,
    )
    context = JobContext(
        database=lender.database,
        settings=lender.world.settings,
        peers=peers,
        cooperative_id=lender.id,
        business_date=day,
    )
    return reminders.remind(context, None).done


def days_told(lender: Lender, event: str) -> list[int]:
    return [one["days"] for one in lender.events(event)]


def test_each_time_is_told_once_and_only_while_it_is_not_paid(lender: Lender) -> None:
    loan = lender.loan(lender.member(), lender.product(), disbursed_on=START)

    for ago in range(-10, 12):
        day = FIRST + timedelta(days=ago)
        remind(lender, day)
        assert remind(lender, day) == 0

    assert days_told(lender, "instalment_due") == [7, 3, 1]
    assert days_told(lender, "instalment_overdue") == [1, 7]
    told = lender.events("instalment_overdue")[0]
    assert (told["loan_id"], told["instalment"], told["amount"]) == (
        loan.id,
        1,
        310_000,
    )
    payment = Payment(
        loan_id=loan.id,
        amount=310_000,
        channel="bank",
        source_key=lender.key("1-1010"),
    )
    repayments.record(lender.database, lender.asked, lender.actor, payment)
    assert remind(lender, FIRST + timedelta(days=14)) == 0


def test_what_was_missed_is_told_by_its_nearest_time(lender: Lender) -> None:
    lender.loan(lender.member(), lender.product(), disbursed_on=START)

    remind(lender, FIRST - timedelta(days=2))
    remind(lender, FIRST + timedelta(days=20))

    assert days_told(lender, "instalment_due") == [2]
    # By then the second instalment is near: it is told of what is late only.
    assert days_told(lender, "instalment_overdue") == [20]


def test_a_cooperative_reminds_when_it_likes(lender: Lender) -> None:
    lender.loan(lender.member(), lender.product(), disbursed_on=START)
    wanted = {"days_before": [5], "days_after": []}

    chief = lender.staff("pengurus")
    assert lender.call(chief, "put_reminder_settings", wanted) == wanted
    assert lender.call(chief, "get_reminder_settings") == wanted
    for ago in range(-7, 7):
        remind(lender, FIRST + timedelta(days=ago))

    assert days_told(lender, "instalment_due") == [5]
    assert lender.events("instalment_overdue") == []
