"""What lending moves leads from every opening balance to the closing one (R159)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.loans.models import Loan
from services.loans.operations import arrears, recovery, repayments
from services.loans.operations.repayments import Payment
from services.shared import clock
from services.shared.contracts import files
from services.shared.contracts.loans.verification import DateInTheFuture
from services.shared.errors import MalformedError, NotAllowed
from services.shared.presentation import sheets
from tests.factories.loans import Lender, Lending
from tests.factories.savings import Calendar, calendar_at

# A Monday.
START = date(2026, 1, 12)


@pytest.fixture(autouse=True)
def calendar(tmp_path: Path) -> Iterator[Calendar]:
    with calendar_at(tmp_path / "hari-ini", START.isoformat()) as calendar:
        yield calendar


@pytest.fixture
def lender(lending: Lending, calendar: Calendar) -> Lender:
    """A cooperative that is active since before the business date."""
    return lending.tenant()


def ask(lender: Lender, first: date, last: date, **query: Any) -> dict[str, Any]:
    command = {"from": first.isoformat(), "to": last.isoformat()} | query
    return lender.call(lender.staff("pengawas"), "get_loan_cash_flow", command)


def lend(lender: Lender, *, principal: int = 3_000_000, **more: Any) -> Loan:
    """A loan on an application, paid out today, over 12 months at 24 %."""
    member, product = lender.member(), lender.product()
    application = lender.application(member, product, amount=principal)
    return lender.loan(
        member, product, principal=principal, application_id=application.id, **more
    )


def settle(lender: Lender, loan: Loan) -> None:
    """Pay a loan off before its time."""
    asked = {"loan_id": loan.id}
    quote = lender.call(lender.staff("pengurus"), "quote_settlement", asked)
    pay(lender, loan, quote["total"], settles=True)


def pay(
    lender: Lender,
    loan: Loan,
    amount: int,
    channel: str = "bank",
    *,
    settles: bool = False,
) -> None:
    payment = Payment(
        loan_id=loan.id,
        amount=amount,
        channel=channel,
        source_key=lender.key("1-1010"),
        settles=settles,
    )
    repayments.record(lender.database, lender.asked, lender.actor, payment)


def run_day(lender: Lender) -> None:
    arrears.look(lender.database, lender.id, clock.business_date())
    arrears.post_planned(lender.database, lender.ledger, lender.id)
    with lender.database.hub() as session:
        session.connection().exec_driver_sql("UPDATE loan_journals SET due_at = now()")
    recovery.follow_due(lender.database, lender.ledger.on_behalf_of)


def today() -> date:
    return clock.business_date()


def reconciles(period: dict[str, Any]) -> bool:
    """Whether the movements of a period lead from its opening to its closing."""
    moved = (
        period["disbursed"]
        + period["taken_over"]
        + period["restructured"]
        - period["repaid"]
        - period["written_off"]
    )
    loans = period["new_loans"] - period["ended_loans"]
    received = period["received"]
    return bool(
        period["opening"] + moved == period["closing"]
        and period["opening_loans"] + loans == period["closing_loans"]
        and sum(value for name, value in received.items() if name != "total")
        == received["total"]
        == sum(one["amount"] for one in period["channels"])
        and received["principal"] == period["repaid"]
        and period["net"] == received["total"] - period["disbursed"]
    )


@dataclass
class Life:
    """A portfolio whose position is written down on every day that changes it."""

    lender: Lender
    calendar: Calendar
    seen: dict[date, tuple[int, int]] = field(default_factory=dict)

    def on(self, day: str) -> None:
        """What comes next happens on this day."""
        self.calendar.turn_to(day)
        run_day(self.lender)

    def write_down(self) -> None:
        """How the loans stand at the end of this day, told by the loans themselves."""
        with self.lender.database.tenant(self.lender.id) as session:
            row = session.execute(
                text(
                    "SELECT coalesce(sum(outstanding), 0)::bigint, count(*) FROM loans "
                    "WHERE status = 'active'"
                )
            ).one()
        self.seen[clock.business_date()] = (row[0], row[1])

    def at_the_end_of(self, day: date) -> tuple[int, int]:
        """How the loans stood when a day was over."""
        known = [one for one in self.seen if one <= day]
        return self.seen[max(known)] if known else (0, 0)


def live(lender: Lender, calendar: Calendar) -> Life:
    """Everything that can happen to loans, over eight months."""
    life, chair = Life(lender, calendar), lender.staff("pengurus")
    good, bad, hopeless = (lend(lender) for _ in range(3))
    early = lend(lender, principal=1_200_000)
    life.write_down()
    life.on("2026-02-05")
    # Lent long ago elsewhere: what is left of it comes into the book.
    brought = lender.loan(lender.member(), lender.product(), principal=2_400_000)
    with lender.database.tenant(lender.id) as session:
        session.execute(
            text(
                "UPDATE loans SET principal = 5000000, disbursed_on = '2025-06-01' "
                "WHERE id = :id"
            ),
            {"id": brought.id},
        )
    life.write_down()
    life.on("2026-02-12")
    pay(lender, good, 310_000, "cash")
    pay(lender, bad, 310_000)
    pay(lender, early, 300_000)
    life.write_down()
    life.on("2026-03-02")
    settle(lender, early)
    pay(lender, brought, 200_000, "va")
    life.write_down()
    life.on("2026-06-01")
    _restructure(lender, bad, "capitalise_interest", {"count": 18})
    other = lend(lender, principal=1_000_000)
    life.write_down()
    life.on("2026-08-20")
    _restructure(lender, other, "convert_to_equity", {})
    life.write_down()
    life.on("2026-09-01")
    lender.call(chair, "put_recovery_settings", SETTINGS)
    pay(lender, hopeless, 200_000, "insurance")
    made = lender.call(
        chair,
        "propose_write_off",
        {
            "loan_id": hopeless.id,
            "reason": "Pindah tanpa alamat",
            "consent_by": "Siti Aminah",
            "consent_on": "2026-08-30",
            "consent_document": "BA-7",
        },
    )
    lender.call(
        lender.staff("pengurus"),
        "approve_write_off",
        {"loan_id": hopeless.id, "write_off_id": made["id"]},
    )
    run_day(lender)
    life.write_down()
    life.on("2026-09-10")
    pay(lender, hopeless, 150_000, "cash")
    pay(lender, good, 620_000)
    life.write_down()
    return life


SETTINGS = {
    "claim_after_days": 90,
    "floor_price_bps": 7000,
    "auction_from": 50_000_000,
    "write_off_after_months": 6,
}
PROOF = {"business_financials": "1", "field_minutes": "2", "good_faith": "3"}


def _restructure(
    lender: Lender, loan: Loan, method: str, terms: dict[str, Any]
) -> None:
    proposal = {
        "loan_id": loan.id,
        "method": method,
        "terms": terms,
        "reason": "Omzet turun",
        "cause": "usaha_macet",
        "is_going_concern": True,
        "documents": PROOF,
    }
    treasurer = lender.staff("bendahara")
    made = lender.call(treasurer, "propose_restructuring", proposal)
    one = {"loan_id": loan.id, "restructuring_id": made["id"]}
    lender.call(lender.staff("komite"), "approve_restructuring", one)
    signed = {"signed_on": clock.business_date().isoformat(), "signed_by": "Budi"}
    lender.call(treasurer, "sign_restructuring", one | signed)


def test_every_period_leads_from_how_loans_stood_to_how_they_stood(
    lender: Lender, calendar: Calendar, neighbour: Lender
) -> None:
    life = live(lender, calendar)
    lend(neighbour)
    today, chance = clock.business_date(), random.Random(159)
    whole = (START - timedelta(days=20), today)
    ranges = [whole, (today, today)]
    for _ in range(25):
        first = START + timedelta(days=chance.randint(-10, 240))
        if first <= today:
            last = first + timedelta(days=chance.randint(0, (today - first).days))
            ranges.append((first, last))
    for first, last in ranges:
        for by in ("week", "month"):
            report = ask(lender, first, last, by=by)
            before = life.at_the_end_of(first - timedelta(days=1))
            assert (report["whole"]["opening"], report["whole"]["opening_loans"]) == (
                before
            )
            for one in (*report["periods"], report["whole"]):
                assert reconciles(one), one
                ends = date.fromisoformat(one["to"])
                stood = life.at_the_end_of(ends)
                assert (one["closing"], one["closing_loans"]) == stood, one


def test_the_movements_are_told_by_what_they_are(
    lender: Lender, calendar: Calendar
) -> None:
    live(lender, calendar)
    whole = ask(lender, START, clock.business_date())["whole"]
    assert (whole["opening"], whole["opening_loans"]) == (0, 0)
    assert whole["disbursed"] == 3 * 3_000_000 + 1_200_000 + 1_000_000
    # Not the five million that were lent elsewhere.
    assert whole["taken_over"] == 2_400_000
    # The insurer has paid penalty and interest of the oldest instalment, and the rest
    # was principal.
    assert 2_850_000 < whole["written_off"] < 3_000_000
    # One debt became equity; the other grew by the interest that was added.
    assert -1_000_000 < whole["restructured"] < 0
    assert whole["received"]["recovered"] == 150_000
    # Six began and one took the place of another; settled, replaced twice, given up.
    assert (whole["new_loans"], whole["ended_loans"]) == (7, 4)
    channels = {one["channel"]: one["amount"] for one in whole["channels"]}
    assert channels["insurance"] == 200_000
    assert (channels["cash"], channels["va"]) == (310_000 + 150_000, 200_000)
    assert whole["closing"] == sum(
        one["outstanding"]
        for one in lender.call(
            lender.staff("pengawas"), "list_loans", {"status": "active"}
        )["items"]
    )


def test_what_came_in_stands_beside_what_the_schedules_asked_for(
    lender: Lender, calendar: Calendar
) -> None:
    loan = lend(lender)
    calendar.turn_to("2026-02-12")
    pay(lender, loan, 310_000)
    calendar.turn_to("2026-03-20")
    report = ask(lender, START, clock.business_date(), weeks_ahead=8)
    # 12 February, 12 March (paid late or not at all), and the next on 13 April.
    asked = [one["scheduled"] for one in report["periods"]]
    assert asked == [0, 310_000, 305_000]
    assert [one["received"]["total"] for one in report["periods"]] == [0, 310_000, 0]
    due = report["due"]
    assert (due["from"], due["to"]) == (None, "2026-03-20")
    assert (due["instalments"], due["total"]) == (1, 305_000)
    assert len(report["ahead"]) == 8
    falls = {one["from"]: one["total"] for one in report["ahead"] if one["instalments"]}
    assert falls == {"2026-04-11": 300_000, "2026-05-09": 295_000}


def test_a_schedule_asks_only_while_its_loan_is_in_the_book(
    lender: Lender, calendar: Calendar
) -> None:
    early = lend(lender)
    calendar.turn_to("2026-02-12")
    settle(lender, early)
    calendar.turn_to("2026-03-20")
    # Taken over today, and late before that.
    lender.late_loan(lender.member(), lender.product(), 60, entered_on=today())
    report = ask(lender, START, today(), weeks_ahead=6)
    # Of the early one the first instalment alone, on the day of its end.
    first = 250_000 + 60_000
    assert [one["scheduled"] for one in report["periods"]] == [0, first, 0]
    # What the other has not paid is due, and its next one is to come.
    assert report["due"]["instalments"] == 3
    assert sum(one["instalments"] for one in report["ahead"]) == 1


def test_what_was_put_off_is_expected_with_the_last_instalment(
    lender: Lender, calendar: Calendar
) -> None:
    lend(lender, count=2, deferred_interest=90_000, deferred_interest_paid=20_000)
    calendar.turn_to("2026-02-20")
    report = ask(lender, START, today(), weeks_ahead=4)
    # The second of two instalments falls due on 12 March.
    [last] = [one for one in report["ahead"] if one["total"]]
    assert (last["from"], last["to"]) == ("2026-03-07", "2026-03-13")
    assert (last["instalments"], last["principal"]) == (1, 1_500_000)
    assert last["interest"] == 30_000 + 70_000
    calendar.turn_to("2026-03-20")
    report = ask(lender, START, today())
    asked = [one["scheduled"] for one in report["periods"]]
    assert asked == [0, 1_560_000, 1_530_000 + 90_000]
    assert report["due"]["total"] == 1_560_000 + 1_530_000 + 70_000


def test_weeks_begin_on_monday_and_are_cut_to_the_report(lender: Lender) -> None:
    report = ask(lender, date(2025, 12, 30), START, by="week")
    assert [(one["from"], one["to"]) for one in report["periods"]] == [
        ("2025-12-30", "2026-01-04"),
        ("2026-01-05", "2026-01-11"),
        ("2026-01-12", "2026-01-12"),
    ]


@pytest.mark.parametrize(
    ("first", "last", "by"),
    [
        (START, START - timedelta(days=1), "month"),
        (START - timedelta(days=371), START, "week"),
        (START - timedelta(days=1830), START, "month"),
        (date.min, date.max, "month"),
    ],
)
def test_absurd_periods_are_refused(
    lender: Lender, first: date, last: date, by: str
) -> None:
    with pytest.raises(MalformedError):
        ask(lender, first, last, by=by)


def test_the_future_is_no_report(lender: Lender) -> None:
    with pytest.raises(DateInTheFuture):
        ask(lender, START, START + timedelta(days=1))
    with pytest.raises(MalformedError):
        ask(lender, START, START, weeks_ahead=27)
    with pytest.raises(NotAllowed):
        lender.call(
            lender.staff("anggota"),
            "get_loan_cash_flow",
            {"from": "2026-01-12", "to": "2026-01-12"},
        )


def test_it_is_a_paper_and_a_workbook_too(lender: Lender, calendar: Calendar) -> None:
    loan = lend(lender)
    calendar.turn_to("2026-02-12")
    pay(lender, loan, 310_000)
    today = clock.business_date()
    paper = ask(lender, START, today, format="pdf")
    assert files.content_of(paper).startswith(b"%PDF")
    book = files.content_of(ask(lender, START, today, format="xlsx"))
    header, *_, whole = sheets.read(book, "Arus kas")
    told = dict(zip(header, whole, strict=True))
    assert told["Dicairkan"] == "3000000"
    assert (told["Saldo akhir"], told["Bunga"]) == ("2750000", "60000")
    assert list(sheets.read(book, "Saluran"))[1] == ["Bank", "310000"]
    assert list(sheets.read(book, "Perkiraan"))[1][0] == "Sudah jatuh tempo"
