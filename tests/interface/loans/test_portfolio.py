"""How the loans of a cooperative do together, and by which tables they are judged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.loans.models import PaymentPromise
from services.loans.operations import arrears, repayments
from services.shared import clock
from services.shared.contracts import files
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.loans import portfolio as contract
from services.shared.errors import MalformedError, NotAllowed, NotFound
from services.shared.presentation import sheets
from tests.factories.loans import Lender, Lending
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


def look(lender: Lender, day: date = TODAY) -> None:
    """What the daily job does."""
    arrears.look(lender.database, lender.id, day)
    arrears.post_planned(lender.database, lender.ledger, lender.id)


def ask(lender: Lender, report: str, **query: Any) -> dict[str, Any]:
    """What the supervisors see."""
    return lender.call(lender.staff("pengawas"), report, query)


def test_npf_is_what_is_more_than_90_days_late_of_all(lender: Lender) -> None:
    # Test vector 13: 62 of 1.000 million.
    member, product = lender.member(), lender.product(rate_bps=0)
    lender.late_loan(member, product, 95, principal=62_000_000)
    lender.late_loan(member, product, 90, principal=38_000_000)
    lender.loan(member, product, principal=900_000_000)
    look(lender)
    found = ask(lender, "get_loan_ratios")
    assert found["npf"] == {"bps": 620, "light": "yellow"}
    assert found["band"] == "Tinggi"
    # Everything lent stands on the members' savings; nothing is set aside yet.
    assert found["ldr"] == {"bps": 10_000, "light": "red"}
    assert found["coverage"] == {"bps": 0, "light": "red"}
    assert found["alarms"] == []


def test_a_policy_asks_for_a_plan_above_its_bound(lender: Lender) -> None:
    member, product = lender.member(), lender.product()
    lender.late_loan(member, product, 200, principal=11_000_000)
    lender.loan(member, product, principal=89_000_000)
    look(lender)
    [alarm] = ask(lender, "get_loan_ratios")["alarms"]
    assert alarm["code"] == "npf_plan"
    assert "kebijakan internal" in alarm["text"]


def test_a_months_end_is_told_as_it_was(lender: Lender, calendar: Calendar) -> None:
    member, product = lender.member(), lender.product()
    lender.late_loan(member, product, 80, principal=10_000_000)
    lender.loan(member, product, principal=30_000_000, disbursed_on=TODAY)
    look(lender)
    look(lender, calendar.turn_to("2026-10-01"))
    now = calendar.turn_to("2026-10-20")
    look(lender, now)

    # On 30 September 95 days: kurang lancar.
    then = ask(lender, "get_loan_ageing", month="2026-09")
    assert then["day"] == "2026-09-30"
    assert [one["outstanding"] for one in then["classes"]] == [
        30_000_000,
        0,
        10_000_000,
        0,
        0,
    ]
    assert then["classes"][2]["provision"] == 1_500_000
    later = ask(lender, "get_loan_ageing")
    assert [one["loans"] for one in later["classes"]] == [0, 1, 1, 0, 0]
    assert {one["stage"]: one["loans"] for one in later["stages"]} == {
        "early_warning": 1,
        "reminder_visit": 0,
        "field_visit": 0,
        "warning_letter": 0,
        "recovery": 1,
    }
    ratios = ask(lender, "get_loan_ratios", month="2026-09")
    assert ratios["npf"]["bps"] == 2500
    assert ratios["allowance"] == 1_500_000 + 150_000
    assert ratios["coverage"]["bps"] == 1650
    points = ask(lender, "get_loan_trend")["points"]
    assert [one["day"] for one in points] == ["2026-09-30", "2026-10-20"]
    with pytest.raises(contract.NoPicture):
        ask(lender, "get_loan_ageing", month="2026-08")


def test_what_came_into_the_book_after_the_months_end_is_not_in_its_picture(
    lender: Lender, calendar: Calendar
) -> None:
    member, product = lender.member(), lender.product()
    lender.loan(member, product, principal=30_000_000)
    look(lender)
    calendar.turn_to("2026-10-01")
    # Taken over on the first, before the daily job: lent months ago and long overdue.
    lender.late_loan(member, product, 200, entered_on=date(2026, 10, 1))
    look(lender, clock.business_date())
    then = ask(lender, "get_loan_ageing", month="2026-09")
    assert (then["loans"], then["outstanding"]) == (1, 30_000_000)
    assert ask(lender, "get_loan_ratios", month="2026-09")["npf"]["bps"] == 0


def test_what_was_put_off_is_beside_the_book_when_it_has_fallen_due(
    lender: Lender, calendar: Calendar
) -> None:
    loan = lender.late_loan(lender.member(), lender.product(), 95)
    with lender.database.tenant(lender.id) as session:
        session.connection().exec_driver_sql(
            "UPDATE loans SET deferred_interest = 90000, deferred_interest_paid = "
            "20000, matures_on = '2026-09-30' WHERE id = %s",
            (loan.id,),
        )
    look(lender)
    assert ask(lender, "get_loan_ageing")["unaccrued_interest"] == 210_000
    look(lender, calendar.turn_to("2026-10-01"))
    then = ask(lender, "get_loan_ageing", month="2026-09")
    assert then["unaccrued_interest"] == 210_000 + 70_000
    assert ask(lender, "get_loan_ageing")["unaccrued_interest"] == 210_000 + 70_000


def test_interest_that_is_no_income_is_told_beside_the_book(
    lender: Lender, calendar: Calendar
) -> None:
    # Rp 3.000.000 over 12 months at 24 %: 60.000, 55.000, 50.000, 45.000, …
    member, product = lender.member(), lender.product()
    lender.late_loan(member, product, 85)
    bad = lender.late_loan(member, product, 95)
    look(lender)
    # Fell due on 12 June, July, August and, one day ago, September.
    report = ask(lender, "get_loan_ageing")
    assert [one["unaccrued_interest"] for one in report["classes"]] == [
        0,
        0,
        210_000,
        0,
        0,
    ]
    assert report["unaccrued_interest"] == 210_000
    book = ledger_contract.INTEREST_RECEIVABLE
    accrued = lender.balance(book)

    # Part of the oldest interest is paid: that much less, and the book is as it was.
    repayments.record(
        lender.database,
        lender.asked,
        lender.actor,
        repayments.Payment(
            loan_id=bad.id,
            amount=41_000,
            channel="bank",
            source_key=lender.key("1-1010"),
        ),
    )
    [paid] = lender.call(
        lender.staff("pengurus"), "list_repayments", {"loan_id": bad.id}
    )["items"]
    assert paid["interest"] > 0
    left = 210_000 - paid["interest"]
    assert ask(lender, "get_loan_ageing")["unaccrued_interest"] == left
    assert lender.balance(book) == accrued

    # What of it still stands in the book is not told twice.
    with lender.database.tenant(lender.id) as session:
        session.connection().exec_driver_sql(
            "UPDATE loans SET interest_receivable = 9000 WHERE id = %s", (bad.id,)
        )
    assert ask(lender, "get_loan_ageing")["unaccrued_interest"] == left - 9000

    # The picture of the month's end keeps it; the other loan is in class 3 by then.
    look(lender, calendar.turn_to("2026-10-01"))
    then = ask(lender, "get_loan_ageing", month="2026-09")
    # 22 June, July, August and September.
    assert then["unaccrued_interest"] == left + 210_000
    book_then = [
        list(one)
        for one in sheets.read(
            files.content_of(
                ask(lender, "get_loan_ageing", month="2026-09", format="xlsx")
            ),
            "Kolektibilitas",
        )
    ]
    assert book_then[3][-1] == str(left + 210_000)


def test_the_portfolio_divides_by_what_loans_have_in_common(
    lender: Lender, neighbour: Lender
) -> None:
    member, product = lender.member(), lender.product("tani")
    lender.late_loan(
        member,
        product,
        120,
        principal=4_000_000,
        sector="pertanian",
        cause="gagal_panen",
        branch_code="CAB-1",
    )
    lender.loan(member, product, principal=6_000_000, sector="pertanian")
    lender.loan(member, product, principal=10_000_000, sector="jasa")
    neighbour.loan(neighbour.member(), neighbour.product(), sector="pertanian")
    look(lender)
    by_sector = ask(lender, "get_loan_breakdown", by="sector")["parts"]
    assert by_sector == [
        {
            "key": "pertanian",
            "loans": 2,
            "outstanding": 10_000_000,
            "share_bps": 5000,
            "npf_loans": 1,
            "npf_outstanding": 4_000_000,
            "npf_bps": 4000,
        },
        {
            "key": "jasa",
            "loans": 1,
            "outstanding": 10_000_000,
            "share_bps": 5000,
            "npf_loans": 0,
            "npf_outstanding": 0,
            "npf_bps": 0,
        },
    ]
    keys = {
        by: [one["key"] for one in ask(lender, "get_loan_breakdown", by=by)["parts"]]
        for by in ("cause", "branch", "officer", "product")
    }
    assert keys == {
        "cause": ["gagal_panen", None],
        "branch": ["CAB-1", None],
        "officer": ["usr_officer"],
        "product": ["tani"],
    }


def test_early_warning_is_for_loans_that_still_perform(lender: Lender) -> None:
    member, product = lender.member(), lender.product()
    late = lender.late_loan(member, product, 3)
    lender.late_loan(member, product, 8)
    lender.late_loan(member, product, 95, class_floor=4, class_floor_until_paid=3)
    renewed = lender.loan(member, product, class_floor=2, class_floor_until_paid=3)
    look(lender)
    first = ask(lender, "list_early_warnings", limit=1)
    rest = ask(lender, "list_early_warnings", limit=1, cursor=first["next_cursor"])
    found = {
        one["loan_id"]: one["reasons"] for one in (*first["items"], *rest["items"])
    }
    assert found == {late.id: ["few_days_late"], renewed.id: ["restructured"]}
    assert rest["next_cursor"] is None


def test_falling_savings_and_broken_promises_are_early_warnings(
    lender: Lender, calendar: Calendar
) -> None:
    product = lender.product()
    calendar.turn_to("2026-07-20")
    spender, saver = (lender.member(savings=2_000_000) for _ in range(2))
    falling, promised = (
        lender.loan(one, product, disbursed_on=date(2026, 6, 1))
        for one in (spender, saver)
    )
    calendar.turn_to("2026-08-20")
    lender.post((spender.savings, lender.key("1-1000"), 4_900_000))
    calendar.turn_to(TODAY)
    look(lender)
    with lender.database.tenant(lender.id) as session:
        session.add(
            PaymentPromise(
                id="ptp_test",
                cooperative_id=lender.id,
                loan_id=promised.id,
                amount=500_000,
                promised_on=date(2026, 9, 1),
                due_on=date(2026, 9, 10),
                state="broken",
                recorded_by="usr_test",
                recorded_at=clock.now(),
            )
        )
    items = ask(lender, "list_early_warnings")["items"]
    assert {one["loan_id"]: one["reasons"] for one in items} == {
        falling.id: ["savings_falling"],
        promised.id: ["promise_broken"],
    }


def test_reports_are_workbooks_too(lender: Lender) -> None:
    lender.late_loan(lender.member(), lender.product(), 100, principal=5_000_000)
    look(lender)
    reports: dict[str, dict[str, Any]] = {
        "get_loan_ageing": {},
        "get_loan_ratios": {},
        "get_loan_trend": {},
        "get_loan_breakdown": {"by": "cause"},
    }
    read = {
        name: list(
            sheets.read(
                files.content_of(ask(lender, name, format="xlsx", **query)), None
            )
        )
        for name, query in reports.items()
    }
    assert read["get_loan_ageing"][3][:4] == ["3", "Kurang lancar", "1", "5000000"]
    assert read["get_loan_ratios"][1] == ["NPF", "100%", "Merah"]
    assert read["get_loan_trend"][1][0] == TODAY.isoformat()
    assert read["get_loan_breakdown"][1][0] == "Belum diketahui"


def test_a_cooperative_judges_by_its_own_tables(lender: Lender) -> None:
    loan = lender.late_loan(lender.member(), lender.product(), 35)
    chair = lender.staff("pengurus")
    given = ask(lender, "get_arrears_settings")
    assert given["class_days"] == [0, 90, 120, 180]
    assert given["provision_bps"] == [50, 300, 1500, 5000, 10_000]
    look(lender)
    given["class_days"] = [30, 40, 50, 60]
    given["stages"] = [{"code": "home_visit", "from_day": 31, "action": "Kunjungan"}]
    given["provision_every"] = "day"
    assert lender.call(chair, "put_arrears_settings", given) == given
    look(lender, TODAY + timedelta(days=10))
    items = ask(lender, "get_loan_history", loan_id=loan.id)["items"]
    assert [(one["dpd"], one["collectibility"], one["stage"]) for one in items] == [
        (45, 3, "home_visit"),
        (35, 2, "field_visit"),
    ]
    # Provided by the day now.
    assert lender.balance("1-1190") == 3_000_000 * 15 // 100
    with pytest.raises(MalformedError):
        lender.call(
            chair, "put_arrears_settings", given | {"class_days": [0, 90, 90, 180]}
        )
    with pytest.raises(NotAllowed):
        lender.call(lender.staff("bendahara"), "put_arrears_settings", given)


def test_members_and_neighbours_see_nothing(lender: Lender, neighbour: Lender) -> None:
    loan = lender.loan(lender.member(), lender.product())
    look(lender)
    with pytest.raises(NotAllowed):
        lender.call(lender.staff("anggota"), "get_loan_ageing")
    with pytest.raises(NotFound):
        ask(neighbour, "get_loan_history", loan_id=loan.id)
    assert ask(neighbour, "get_loan_ageing")["loans"] == 0
