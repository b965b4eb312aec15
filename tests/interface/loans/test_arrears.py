"""Arrears by the day: how late a loan is, what it costs, what the book says of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import eventlet
import pytest
from sqlalchemy import text

from services.ledger.operations import periods
from services.loans.domain import arrears as domain
from services.loans.domain import penalties
from services.loans.domain.loans import Rules
from services.loans.models import Instalment, Loan, Repayment
from services.loans.operations import arrears
from services.loans.operations.job_context import JobContext, Peers
from services.loans.store import arrears as store
from services.loans.store import loans as loans_store
from services.shared import clock
from services.shared.errors import BusUnavailable
from tests.factories.loans import Lender, Lending
from tests.factories.savings import Calendar, calendar_at

STARTED = date(2026, 8, 1)


@pytest.fixture(autouse=True)
def calendar(tmp_path: Path) -> Iterator[Calendar]:
    with calendar_at(tmp_path / "hari-ini", STARTED.isoformat()) as calendar:
        yield calendar


@pytest.fixture
def lender(lending: Lending, calendar: Calendar) -> Lender:
    """A cooperative that is active since before the business date."""
    return lending.tenant()


def run_job(lender: Lender, day: date) -> None:
    """All steps of the job for a day."""
    context = JobContext(
        database=lender.database,
        settings=lender.world.settings,
        peers=Peers(
            ledger=lender.ledger,
            members=lender.members,
            kyc=lender.kyc,
            insurance=lender.insurance,
        ),
        cooperative_id=lender.id,
        business_date=day,
    )
    step = arrears.run(context, None)
    while step.position is not None:
        step = arrears.run(context, step.position)


def change(lender: Lender, statement: str, **values: Any) -> None:
    """Change rows as another area of the service would."""
    with lender.database.tenant(lender.id) as session:
        session.execute(text(statement), values)


def loan_of(lender: Lender, loan_id: str) -> Loan:
    with lender.database.tenant(lender.id) as session:
        loan = loans_store.find_loan(session, loan_id)
        assert loan is not None
        session.expunge_all()
    return loan


def instalments_of(lender: Lender, loan_id: str) -> list[Instalment]:
    with lender.database.tenant(lender.id) as session:
        found = list(loans_store.instalments_of(session, loan_id))
        session.expunge_all()
    return found


def pay_first(lender: Lender, loan: Loan, count: int, day: date) -> None:
    """Pay the first instalments of a loan in full, without any money."""
    change(
        lender,
        "UPDATE instalments SET principal_paid = principal, interest_paid = interest, "
        "settled_on = :day WHERE loan_id = :loan AND number <= :count",
        loan=loan.id,
        count=count,
        day=day,
    )


def history(lender: Lender, loan: Loan, reason: str = "change") -> list[Any]:
    with lender.database.tenant(lender.id) as session:
        rows = session.execute(
            text(
                "SELECT day, collectibility, stage, dpd, outstanding FROM loan_days "
                "WHERE loan_id = :loan AND reason = :reason ORDER BY id"
            ),
            {"loan": loan.id, "reason": reason},
        )
        return [tuple(row) for row in rows]


def test_class_and_stage_go_by_days_each_by_its_own_table(lender: Lender) -> None:
    # Test vector 12.
    member, product = lender.member(), lender.product()
    expected = {
        0: (1, "none"),
        1: (2, "early_warning"),
        8: (2, "reminder_visit"),
        90: (2, "warning_letter"),
        91: (3, "recovery"),
        120: (3, "recovery"),
        121: (4, "recovery"),
        180: (4, "recovery"),
        181: (5, "recovery"),
    }
    loans = {dpd: lender.late_loan(member, product, dpd) for dpd in expected}
    run_job(lender, STARTED)
    for dpd, loan in loans.items():
        found = loan_of(lender, loan.id)
        assert (found.dpd, found.collectibility, found.stage) == (dpd, *expected[dpd])
        assert domain.class_of(dpd) == found.collectibility
        assert found.oldest_due_on == STARTED - timedelta(days=dpd)


def test_whatever_was_paid_sql_says_what_the_rules_say_one_by_one(
    lender: Lender,
) -> None:
    chance = random.Random(7)
    member = lender.member()
    product = lender.product(penalty_bps_per_day=10, penalty_grace_days=3)
    loans = [
        lender.loan(
            member,
            product,
            principal=chance.randint(500_000, 50_000_000),
            count=chance.randint(1, 12),
            disbursed_on=STARTED - timedelta(days=chance.randint(0, 300)),
        )
        for _ in range(25)
    ]
    for loan in loans:
        _pay_at_random(lender, loan, chance)
        if chance.random() < 0.4:
            change(
                lender,
                "UPDATE loans SET class_floor = :floor, class_floor_until_paid = 3 "
                "WHERE id = :loan",
                floor=chance.randint(2, 5),
                loan=loan.id,
            )
    charged: dict[tuple[str, int], int] = {}
    for day in (STARTED, STARTED + timedelta(days=1), STARTED + timedelta(days=40)):
        run_job(lender, day)
        for loan in loans:
            _compare(lender, loan.id, day, charged)


def _pay_at_random(lender: Lender, loan: Loan, chance: random.Random) -> None:
    for one in instalments_of(lender, loan.id):
        what = chance.choice(("all", "all", "part", "none"))
        if what == "none":
            continue
        is_all = what == "all"
        paid_on = one.due_on + timedelta(days=chance.randint(-20, 40))
        change(
            lender,
            "UPDATE instalments SET principal_paid = :principal, "
            "interest_paid = :interest, settled_on = :settled, "
            "penalty_base = :base, penalty = :base, penalty_from = :since "
            "WHERE loan_id = :loan AND number = :number",
            loan=loan.id,
            number=one.number,
            principal=one.principal if is_all else chance.randint(0, one.principal - 1),
            interest=one.interest if is_all else chance.randint(0, one.interest),
            settled=paid_on if is_all else None,
            base=chance.randint(0, 5_000),
            since=None if is_all or paid_on <= one.due_on else paid_on,
        )


def _compare(
    lender: Lender, loan_id: str, day: date, charged: dict[tuple[str, int], int]
) -> None:
    """One loan by the functions of the domain, instalment by instalment."""
    loan, instalments = loan_of(lender, loan_id), instalments_of(lender, loan_id)
    unpaid = [one for one in instalments if one.settled_on is None]
    is_kept = any(one.number <= 3 for one in unpaid)
    standing = domain.standing(
        [one.due_on for one in unpaid],
        day,
        domain.Settings(),
        loan.class_floor if is_kept else None,
    )
    assert standing == domain.Standing(
        oldest_due_on=loan.oldest_due_on,
        dpd=loan.dpd,
        collectibility=loan.collectibility,
        stage=loan.stage,
    )
    earned = 0
    for before, one in zip([None, *instalments], instalments, strict=False):
        since = before.due_on if before else loan.disbursed_on
        if one.settled_on is None:
            sofar = domain.accrued(one.interest, since, one.due_on, day)
            earned += max(sofar - one.interest_paid, 0)
        _compare_penalty(one, loan, day, charged)
    expected = 0 if standing.collectibility >= domain.NON_PERFORMING else earned
    assert loan.interest_receivable == expected


def _compare_penalty(
    one: Instalment, loan: Loan, day: date, charged: dict[tuple[str, int], int]
) -> None:
    place = (one.loan_id, one.number)
    expected = charged.get(place, one.penalty_base)
    if one.settled_on is None and one.due_on < day:
        grown = penalties.penalty_on(
            day,
            due_on=one.due_on,
            overdue=one.principal
            + one.interest
            - one.principal_paid
            - one.interest_paid,
            base=one.penalty_base,
            since=one.penalty_from,
            rules=Rules.of(loan.rules),
        )
        expected = max(expected, grown)
    charged[place] = one.penalty
    assert one.penalty == expected


def test_interest_is_earned_by_the_day_until_the_loan_is_non_performing(
    lender: Lender,
) -> None:
    # 3.000.000 menurun 24 %: 60.000 of interest in the first month of 31 days.
    loan = lender.loan(lender.member(), lender.product(), disbursed_on=STARTED)
    run_job(lender, STARTED + timedelta(days=10))
    earned = 60_000 * 10 // 31
    assert loan_of(lender, loan.id).interest_receivable == earned
    assert lender.balance("1-1110") == lender.balance("4-1000") == earned

    # Days on which nothing ran are made up for by one run.
    run_job(lender, STARTED + timedelta(days=31))
    assert lender.balance("1-1110") == lender.balance("4-1000") == 60_000

    run_job(lender, STARTED + timedelta(days=31 + 91))
    assert loan_of(lender, loan.id).collectibility == 3
    assert loan_of(lender, loan.id).interest_receivable == 0
    assert lender.balance("1-1110") == lender.balance("4-1000") == 0


def test_a_run_that_died_half_way_or_comes_twice_moves_nothing_twice(
    lender: Lender,
) -> None:
    loan = lender.loan(lender.member(), lender.product(), disbursed_on=STARTED)
    day = STARTED + timedelta(days=10)
    lender.ledger.fault = BusUnavailable("the ledger is away")
    with pytest.raises(BusUnavailable):
        run_job(lender, day)
    assert lender.balance("1-1110") == 0
    lender.ledger.fault = None

    def lose(method: str) -> None:
        raise BusUnavailable(f"the answer of {method} was lost")

    lender.ledger.after = lose
    with pytest.raises(BusUnavailable):
        run_job(lender, day)
    lender.ledger.after = lambda _method: None
    for _ in range(2):
        run_job(lender, day)
    earned = loan_of(lender, loan.id).interest_receivable
    assert lender.balance("1-1110") == earned == 60_000 * 10 // 31
    assert len(history(lender, loan)) == 1


def test_a_day_in_the_past_undoes_nothing(lender: Lender) -> None:
    loan = lender.loan(lender.member(), lender.product(), disbursed_on=STARTED)
    run_job(lender, STARTED + timedelta(days=40))
    run_job(lender, STARTED + timedelta(days=20))
    assert loan_of(lender, loan.id).dpd == 9


def test_interest_of_a_loan_that_is_being_paid_is_left_alone(lender: Lender) -> None:
    loan = lender.loan(lender.member(), lender.product(), disbursed_on=STARTED)
    run_job(lender, STARTED + timedelta(days=10))
    before = loan_of(lender, loan.id).interest_receivable
    with lender.database.tenant(lender.id) as session:
        session.add(_a_payment_under_way(loan))
    run_job(lender, STARTED + timedelta(days=40))
    found = loan_of(lender, loan.id)
    assert (found.dpd, found.interest_receivable) == (9, before)


def test_what_is_paid_while_the_job_looks_is_seen(lender: Lender) -> None:
    loan = lender.loan(lender.member(), lender.product(), disbursed_on=STARTED)
    run_job(lender, STARTED + timedelta(days=10))
    day = STARTED + timedelta(days=30)
    with lender.database.tenant(lender.id) as session:
        loans_store.lock_loan(session, loan.id)
        looking = eventlet.spawn(arrears.look, lender.database, lender.id, day)
        eventlet.sleep(0.3)
        session.execute(
            text(
                "WITH paid AS (UPDATE instalments SET interest_paid = interest "
                "WHERE loan_id = :loan AND number = 1) "
                "UPDATE loans SET interest_receivable = 0 WHERE id = :loan"
            ),
            {"loan": loan.id},
        )
    assert looking.wait() == 1
    assert loan_of(lender, loan.id).interest_receivable == 0
    [accrued] = [one for one in _journals(lender) if one["kind"] == "accrual"]
    assert accrued["business_date"] == STARTED + timedelta(days=10)


def test_a_month_ends_with_a_picture_and_provisions_of_its_last_day(
    lender: Lender, calendar: Calendar
) -> None:
    member, product = lender.member(), lender.product()
    late = lender.late_loan(member, product, 91, principal=10_000_000)
    good = lender.loan(member, product, principal=4_000_000, disbursed_on=STARTED)
    run_job(lender, date(2026, 8, 31))
    assert lender.balance("1-1190") == 0
    calendar.turn_to("2026-09-02")
    run_job(lender, date(2026, 9, 2))
    # On 31 August 121 days: diragukan, 50 %; the other lancar, 0,5 %.
    assert history(lender, late, "month_end") == [
        (date(2026, 8, 31), 4, "recovery", 121, 10_000_000)
    ]
    assert lender.balance("1-1190") == 5_000_000 + 20_000
    assert lender.balance("5-3000") == 5_000_000 + 20_000
    [provision] = [one for one in _journals(lender) if one["kind"] == "provision"]
    assert provision["booked_on"] == date(2026, 8, 31)

    # A loan that ended keeps no provision.
    pay_first(lender, good, 12, date(2026, 9, 5))
    change(
        lender,
        "UPDATE loans SET status = 'settled', closed_on = '2026-09-05', outstanding = 0"
        " WHERE id = :loan",
        loan=good.id,
    )
    calendar.turn_to("2026-10-01")
    run_job(lender, date(2026, 10, 1))
    assert lender.balance("1-1190") == 5_000_000
    assert lender.balance("1-1110") == 0


def test_what_a_closed_day_refuses_is_booked_today(
    lender: Lender, calendar: Calendar
) -> None:
    lender.loan(lender.member(), lender.product(), disbursed_on=STARTED)
    calendar.turn_to("2026-09-03")
    periods.close_period(lender.world.ledger, lender.id, date(2026, 8, 31))
    run_job(lender, date(2026, 9, 3))
    provided, accrued = _journals(lender)
    assert (provided["business_date"], provided["booked_on"]) == (
        date(2026, 8, 31),
        date(2026, 9, 3),
    )
    assert provided["state"] == accrued["state"] == "posted"
    assert lender.balance("1-1190") == 3_000_000 * 50 // 10_000


def test_a_restructured_loan_keeps_its_class_until_three_instalments_are_paid(
    lender: Lender,
) -> None:
    loan = lender.loan(lender.member(), lender.product(), disbursed_on=STARTED)
    change(
        lender,
        "UPDATE loans SET class_floor = 4, class_floor_until_paid = 3 WHERE id = :loan",
        loan=loan.id,
    )
    for paid, expected in ((0, 4), (2, 4), (3, 1)):
        pay_first(lender, loan, paid, STARTED)
        run_job(lender, STARTED + timedelta(days=1 + paid))
        assert loan_of(lender, loan.id).collectibility == expected
    assert [row[1] for row in history(lender, loan)] == [4, 1]


def test_a_payment_looks_at_its_own_loan_only(lender: Lender) -> None:
    member, product = lender.member(), lender.product()
    paid, other = (lender.late_loan(member, product, 95) for _ in range(2))
    run_job(lender, STARTED)
    pay_first(lender, paid, 12, STARTED)
    with lender.database.tenant(lender.id) as session:
        loans_store.lock_loan(session, paid.id)
        store.refresh(session, lender.id, STARTED, [paid.id])
    assert loan_of(lender, paid.id).collectibility == 1
    assert loan_of(lender, other.id).collectibility == 3
    assert [row[1] for row in history(lender, paid)] == [3, 1]


def _journals(lender: Lender) -> list[dict[str, Any]]:
    with lender.database.tenant(lender.id) as session:
        rows = session.execute(
            text("SELECT * FROM arrears_journals ORDER BY business_date, kind")
        )
        return [dict(row._mapping) for row in rows]


def _a_payment_under_way(loan: Loan) -> Repayment:
    """Its journal is on its way to the ledger."""
    now = clock.now()
    return Repayment(
        id="rep_test",
        cooperative_id=loan.cooperative_id,
        loan_id=loan.id,
        channel="bank",
        source_key="test",
        reference=None,
        amount=10_000,
        penalty=0,
        interest=10_000,
        principal=0,
        fee=0,
        receivable=10_000,
        reversed_receivable=0,
        allocation={},
        is_settlement=False,
        is_recovery=False,
        status="posting",
        fault=None,
        business_date=STARTED,
        outstanding=None,
        requested_by="usr_test",
        created_at=now,
        due_at=now,
        posted_at=None,
    )
