"""A month that ends with too much NPF obliges the cooperative to something (R160)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.loans.operations import arrears
from services.shared import clock
from services.shared.contracts.loans import obligations as contract
from services.shared.errors import NotAllowed, NotFound
from tests.factories.loans import Lender, Lending, part
from tests.factories.savings import Calendar, calendar_at

TODAY = date(2026, 9, 15)


@pytest.fixture(autouse=True)
def calendar(tmp_path: Path) -> Iterator[Calendar]:
    with calendar_at(tmp_path / "hari-ini", TODAY.isoformat()) as calendar:
        yield calendar


@pytest.fixture
def lender(lending: Lending, calendar: Calendar) -> Lender:
    """A cooperative that is active since before the business date."""
    return lending.tenant()


def look(lender: Lender, calendar: Calendar, day: str) -> None:
    """What the daily job does."""
    calendar.turn_to(day)
    arrears.look(lender.database, lender.id, clock.business_date())


def lent(lender: Lender, *, bad: int, whole: int = 100_000_000) -> None:
    """A portfolio of which so much is 200 days late on 15 September."""
    member, product = lender.member(), lender.product()
    lender.late_loan(member, product, 200, principal=bad)
    lender.loan(member, product, principal=whole - bad)


def obligations(lender: Lender, **query: Any) -> list[dict[str, Any]]:
    found = lender.call(lender.staff("pengawas"), "list_npf_obligations", query)
    items: list[dict[str, Any]] = found["items"]
    return items


def test_a_month_that_ends_above_the_bound_asks_for_audit_and_plan_once(
    lender: Lender, calendar: Calendar
) -> None:
    lent(lender, bad=11_000_000)
    look(lender, calendar, "2026-09-30")
    assert obligations(lender) == []
    look(lender, calendar, "2026-10-01")
    look(lender, calendar, "2026-10-01")
    look(lender, calendar, "2026-10-02")

    [found] = obligations(lender)
    assert (found["day"], found["due_on"]) == ("2026-09-30", "2026-10-30")
    assert (found["npf_bps"], found["limit_bps"]) == (1100, 1000)
    assert (found["level"], found["is_overdue"]) == ("plan", False)


def test_exactly_the_bound_asks_for_nothing(lender: Lender, calendar: Calendar) -> None:
    lent(lender, bad=10_000_000)
    look(lender, calendar, "2026-10-01")
    assert obligations(lender) == []


def test_above_the_second_bound_the_licence_is_at_risk(
    lender: Lender, calendar: Calendar
) -> None:
    lent(lender, bad=15_100_000)
    look(lender, calendar, "2026-10-01")
    [found] = obligations(lender)
    assert found["level"] == "licence_risk"
    alarms = lender.call(lender.staff("pengurus"), "get_loan_ratios")["alarms"]
    assert [one["code"] for one in alarms] == [
        "npf_plan",
        "npf_licence_risk",
        "npf_obligation",
    ]
    assert "30 Oktober 2026" in alarms[-1]["text"]


def test_what_is_not_done_in_time_is_overdue_until_it_is_closed(
    lender: Lender, calendar: Calendar, neighbour: Lender
) -> None:
    lent(lender, bad=12_000_000)
    look(lender, calendar, "2026-10-01")
    calendar.turn_to("2026-10-30")
    assert not obligations(lender)[0]["is_overdue"]
    calendar.turn_to("2026-10-31")
    assert obligations(lender, is_open=True)[0]["is_overdue"]
    alarms = lender.call(lender.staff("pengurus"), "get_loan_ratios")["alarms"]
    assert alarms[-1]["code"] == "npf_obligation_overdue"
    done = {"day": "2026-09-30", "note": "Audit selesai", "document": "BA/2026/7"}

    with pytest.raises(NotAllowed):
        lender.call(lender.staff("pengawas"), "close_npf_obligation", done)
    with pytest.raises(NotFound):
        neighbour.call(neighbour.staff("pengurus"), "close_npf_obligation", done)
    chair = lender.staff("pengurus")
    sent_twice = done | {"idempotency": part()}
    closed = lender.call(chair, "close_npf_obligation", sent_twice)
    again = lender.call(chair, "close_npf_obligation", sent_twice)
    assert again == closed | {"replayed": True}
    with pytest.raises(contract.ObligationClosed):
        lender.call(chair, "close_npf_obligation", done)

    assert (closed["is_overdue"], closed["closed_by"]) == (False, chair.subject)
    assert closed["document"] == "BA/2026/7"
    assert obligations(lender, is_open=True) == []
    assert obligations(lender, is_open=False) == [closed]
    alarms = lender.call(chair, "get_loan_ratios")["alarms"]
    assert [one["code"] for one in alarms] == ["npf_plan"]


def test_every_month_obliges_anew_and_the_list_goes_back_page_by_page(
    lender: Lender, calendar: Calendar
) -> None:
    lent(lender, bad=12_000_000)
    look(lender, calendar, "2026-10-01")
    look(lender, calendar, "2026-11-01")
    reader = lender.staff("pengawas")
    first = lender.call(reader, "list_npf_obligations", {"limit": 1})
    rest = lender.call(
        reader, "list_npf_obligations", {"limit": 1, "cursor": first["next_cursor"]}
    )
    days = [one["day"] for one in (*first["items"], *rest["items"])]
    assert days == ["2026-10-31", "2026-09-30"]
    assert rest["next_cursor"] is None
