"""Instalments are taken from savings once a day, and never more than is due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.loans.models import Autodebit, Loan
from services.loans.operations import autodebits, repayments
from services.loans.operations.job_context import JobContext, Peers
from services.loans.operations.repayments import Payment
from services.loans.store import autodebits as store
from services.loans.store import loans as loans_store
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import autodebits as contract
from services.shared.contracts.loans.repayments import WrongRepaymentAccount
from services.shared.errors import NotFound, OutcomeUnknown, ServiceBusy, StepUpRequired
from tests.factories.loans import Lender, Member, part
from tests.factories.savings import Calendar, calendar_at

START = date(2026, 8, 10)
FIRST = date(2026, 9, 10)
DUE = 310_000
"""The first instalment of Rp 3.000.000 over 12 months at 24 %, menurun."""


@pytest.fixture(autouse=True)
def calendar(tmp_path: Path) -> Iterator[Calendar]:
    with calendar_at(tmp_path / "hari-ini", START.isoformat()) as calendar:
        yield calendar


@pytest.fixture
def member(lender: Lender) -> Member:
    return lender.member()


@pytest.fixture
def loan(lender: Lender, member: Member) -> Loan:
    """What was lent is spent again: the savings are empty."""
    product = lender.product(penalty_bps_per_day=0)
    loan = lender.loan(member, product, disbursed_on=START)
    lender.post((member.savings, lender.key("1-1000"), lender.balance(member.savings)))
    return loan


def save(lender: Lender, member: Member, amount: int) -> None:
    lender.post((lender.key("1-1000"), member.savings, amount))


def consent(lender: Lender, loan: Loan, **more: Any) -> dict[str, Any]:
    wish = {"loan_id": loan.id, "document": "SK-AD/1"} | more
    return lender.call(lender.staff("bendahara"), "consent_to_autodebit", wish)


def context_of(lender: Lender, day: date) -> JobContext:
    return JobContext(
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


def run(lender: Lender, day: date) -> int:
    """The job of a day, step by step; how many debits were tried."""
    done, position = 0, None
    while True:
        step = autodebits.debit(context_of(lender, day), position)
        done += step.done
        position = step.position
        if position is None:
            return done


def outstanding(lender: Lender, loan: Loan) -> int:
    with lender.database.tenant(lender.id) as session:
        found = loans_store.find_loan(session, loan.id)
        assert found is not None
        return found.outstanding


def standing(lender: Lender, loan: Loan) -> Autodebit:
    with lender.database.tenant(lender.id) as session:
        found = store.find_standing(session, loan.id)
        assert found is not None
        return found


def test_what_is_due_is_taken_on_the_due_day_and_no_more(
    lender: Lender, calendar: Calendar, member: Member, loan: Loan
) -> None:
    save(lender, member, 1_000_000)
    consent(lender, loan)

    calendar.turn_to((FIRST - timedelta(days=1)).isoformat())
    assert run(lender, FIRST - timedelta(days=1)) == 0
    calendar.turn_to(FIRST.isoformat())
    assert run(lender, FIRST) == 1

    assert lender.balance(member.savings) == 1_000_000 - DUE
    assert outstanding(lender, loan) == 2_750_000
    [paid] = lender.events("loan_repaid")
    assert (paid["channel"], paid["amount"]) == ("savings", DUE)
    # Once more, and on the days after: nothing is due.
    assert run(lender, FIRST) == 0
    calendar.turn_to((FIRST + timedelta(days=1)).isoformat())
    assert run(lender, FIRST + timedelta(days=1)) == 0
    assert lender.balance(member.savings) == 1_000_000 - DUE
    assert lender.events("autodebit_failed") == []


def test_without_consent_or_after_it_was_revoked_nothing_is_taken(
    lender: Lender, calendar: Calendar, member: Member, loan: Loan
) -> None:
    save(lender, member, 1_000_000)
    calendar.turn_to(FIRST.isoformat())
    assert run(lender, FIRST) == 0
    consent(lender, loan)
    owner = lender.staff("anggota", member_id=member.id)
    ended = lender.call(owner, "revoke_my_autodebit", {"loan_id": loan.id})

    assert ended["revoked_at"] is not None
    assert run(lender, FIRST) == 0
    assert lender.balance(member.savings) == 1_000_000
    with pytest.raises(NotFound):
        lender.call(owner, "revoke_my_autodebit", {"loan_id": loan.id})


def test_a_consent_that_is_revoked_while_the_job_runs_takes_nothing(
    lender: Lender, calendar: Calendar, member: Member, loan: Loan
) -> None:
    save(lender, member, 1_000_000)
    consent(lender, loan)
    calendar.turn_to(FIRST.isoformat())

    def revoke(method: str) -> None:
        if method == "get_balances":
            lender.ledger.after = lambda _method: None
            lender.call(
                lender.staff("bendahara"), "revoke_autodebit", {"loan_id": loan.id}
            )

    lender.ledger.after = revoke
    run(lender, FIRST)

    assert lender.balance(member.savings) == 1_000_000
    # Nor is it told that something could not be taken.
    assert lender.events("autodebit_failed") == []


def test_a_loan_that_ends_while_the_job_runs_is_not_told_of(
    lender: Lender, calendar: Calendar, loan: Loan
) -> None:
    consent(lender, loan)
    calendar.turn_to(FIRST.isoformat())

    def write_off(method: str) -> None:
        if method == "get_balances":
            with lender.database.tenant(lender.id) as session:
                found = loans_store.lock_loan(session, loan.id)
                assert found is not None
                found.status, found.closed_on = "written_off", FIRST

    lender.ledger.after = write_off
    run(lender, FIRST)

    assert lender.events("autodebit_failed") == []


def test_what_is_there_is_taken_and_the_rest_is_told_once(
    lender: Lender, calendar: Calendar, member: Member, loan: Loan
) -> None:
    save(lender, member, 100_000)
    consent(lender, loan)

    for ago in range(3):
        day = FIRST + timedelta(days=ago)
        calendar.turn_to(day.isoformat())
        run(lender, day)
        run(lender, day)

    assert lender.balance(member.savings) == 0
    found = standing(lender, loan)
    assert (found.missing, found.failures) == (DUE - 100_000, 3)
    [told] = lender.events("autodebit_failed")
    assert (told["missing"], told["on"]) == (DUE - 100_000, FIRST.isoformat())

    # The rest is paid; who fails with the next instalment is told again.
    save(lender, member, 250_000)
    day = FIRST + timedelta(days=3)
    calendar.turn_to(day.isoformat())
    run(lender, day)
    assert lender.balance(member.savings) == 40_000
    assert standing(lender, loan).failures == 0
    calendar.turn_to("2026-10-10")
    run(lender, date(2026, 10, 10))
    assert len(lender.events("autodebit_failed")) == 2


def test_who_pays_by_other_means_has_not_failed_any_more(
    lender: Lender, calendar: Calendar, member: Member, loan: Loan
) -> None:
    consent(lender, loan)
    calendar.turn_to(FIRST.isoformat())
    run(lender, FIRST)
    assert standing(lender, loan).failures == 1
    payment = Payment(
        loan_id=loan.id, amount=DUE, channel="bank", source_key=lender.key("1-1010")
    )
    repayments.record(lender.database, lender.asked, lender.actor, payment)

    run(lender, FIRST + timedelta(days=1))

    assert (standing(lender, loan).failures, standing(lender, loan).missing) == (0, 0)


def test_what_the_minimum_balance_keeps_is_not_taken(
    lender: Lender, calendar: Calendar, member: Member, loan: Loan
) -> None:
    save(lender, member, 80_000)
    lender.members.answers["get_minimum_balances"] = {member.savings: 50_000}
    consent(lender, loan)
    calendar.turn_to(FIRST.isoformat())

    run(lender, FIRST)

    assert lender.balance(member.savings) == 50_000
    assert standing(lender, loan).missing == DUE - 30_000


class Killed(BaseException):
    """What no code can catch: the process is gone."""


def die(method: str) -> None:
    if method == "post_journal":
        raise Killed


def test_a_job_that_dies_after_the_journal_debits_nobody_twice(
    lender: Lender, calendar: Calendar, member: Member, loan: Loan
) -> None:
    save(lender, member, 500_000)
    consent(lender, loan)
    calendar.turn_to(FIRST.isoformat())
    lender.ledger.after = die
    with pytest.raises(Killed):
        run(lender, FIRST)
    lender.ledger.after = lambda _method: None
    # Money that comes in between changes nothing of what was decided.
    save(lender, member, 500_000)

    run(lender, FIRST)

    assert lender.balance(member.savings) == 1_000_000 - DUE
    assert outstanding(lender, loan) == 2_750_000
    assert len(lender.events("loan_repaid")) == 1


@pytest.mark.parametrize("there", [DUE, 100_000])
def test_a_job_that_dies_after_it_took_everything_tells_what_is_missing_by_then(
    lender: Lender, calendar: Calendar, member: Member, loan: Loan, there: int
) -> None:
    save(lender, member, there)
    consent(lender, loan)
    calendar.turn_to(FIRST.isoformat())
    lender.ledger.after = die
    with pytest.raises(Killed):
        run(lender, FIRST)
    lender.ledger.after = lambda _method: None

    run(lender, FIRST)

    assert lender.balance(member.savings) == 0
    assert standing(lender, loan).missing == DUE - there
    told = [one["missing"] for one in lender.events("autodebit_failed")]
    assert told == ([DUE - there] if there < DUE else [])


def test_what_a_dead_job_took_is_not_taken_off_what_is_there_once_more(
    lender: Lender, calendar: Calendar, member: Member, loan: Loan
) -> None:
    second = lender.loan(
        member, lender.product(penalty_bps_per_day=0), disbursed_on=START
    )
    lender.post((member.savings, lender.key("1-1000"), lender.balance(member.savings)))
    save(lender, member, 2 * DUE)
    consent(lender, loan)
    consent(lender, second)
    calendar.turn_to(FIRST.isoformat())
    lender.ledger.after = die
    with pytest.raises(Killed):
        run(lender, FIRST)
    lender.ledger.after = lambda _method: None

    assert run(lender, FIRST) == 2

    assert lender.balance(member.savings) == 0
    assert lender.events("autodebit_failed") == []


def test_what_another_payment_has_just_taken_is_not_told_as_missing(
    lender: Lender, calendar: Calendar, member: Member, loan: Loan
) -> None:
    save(lender, member, DUE)
    consent(lender, loan)
    calendar.turn_to(FIRST.isoformat())
    payment = Payment(
        loan_id=loan.id, amount=DUE, channel="savings", source_key=member.savings
    )

    def begin(command: dict[str, Any], **_: Any) -> dict[str, int]:
        # The borrower pays by hand, and the money has moved, but no more than that.
        lender.ledger.after = die
        with pytest.raises(Killed):
            repayments.record(lender.database, lender.asked, lender.actor, payment)
        lender.ledger.after = lambda _method: None
        return dict.fromkeys(command["numbers"], 0)

    lender.members.answers["get_minimum_balances"] = begin
    run(lender, FIRST)

    assert lender.events("autodebit_failed") == []


def test_a_run_of_a_past_day_forgives_nobody_who_has_failed_since(
    lender: Lender, calendar: Calendar, loan: Loan
) -> None:
    consent(lender, loan)
    calendar.turn_to(FIRST.isoformat())
    run(lender, FIRST)

    run(lender, FIRST - timedelta(days=1))
    next_day = FIRST + timedelta(days=1)
    calendar.turn_to(next_day.isoformat())
    run(lender, next_day)

    assert standing(lender, loan).failures == 2
    assert len(lender.events("autodebit_failed")) == 1


def test_while_the_ledger_is_away_the_step_is_taken_again(
    lender: Lender,
    calendar: Calendar,
    member: Member,
    loan: Loan,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save(lender, member, 500_000)
    consent(lender, loan)
    calendar.turn_to(FIRST.isoformat())

    def busy(_command: dict[str, Any], **_: Any) -> dict[str, Any]:
        raise ServiceBusy

    with monkeypatch.context() as patched, pytest.raises(OutcomeUnknown):
        patched.setattr(lender.ledger, "post_journal", busy, raising=False)
        run(lender, FIRST)
    assert standing(lender, loan).tried_on is None
    run(lender, FIRST)

    assert lender.balance(member.savings) == 500_000 - DUE


def test_an_account_that_the_ledger_refuses_does_not_stop_the_others(
    lender: Lender, calendar: Calendar, member: Member, loan: Loan
) -> None:
    save(lender, member, 500_000)
    consent(lender, loan)
    other = lender.member(savings=0)
    second = lender.loan(other, lender.product(), disbursed_on=START)
    consent(lender, second)
    lender.ledger.set_status({"key": member.savings, "status": "frozen"})
    calendar.turn_to(FIRST.isoformat())

    assert run(lender, FIRST) == 2

    assert outstanding(lender, loan) == 3_000_000
    assert outstanding(lender, second) == 2_750_000
    assert standing(lender, loan).missing == DUE


def test_two_loans_on_one_account_take_no_more_than_is_there(
    lender: Lender, calendar: Calendar, member: Member, loan: Loan
) -> None:
    second = lender.loan(
        member, lender.product(penalty_bps_per_day=0), disbursed_on=START
    )
    lender.post((member.savings, lender.key("1-1000"), lender.balance(member.savings)))
    save(lender, member, 400_000)
    consent(lender, loan)
    consent(lender, second)
    calendar.turn_to(FIRST.isoformat())

    assert run(lender, FIRST) == 2

    assert lender.balance(member.savings) == 0
    missing = [standing(lender, one).missing for one in (loan, second)]
    assert sorted(missing) == [0, 2 * DUE - 400_000]


def test_many_consents_are_debited_step_by_step(
    lender: Lender, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autodebits, "AT_ONCE", 2)
    product = lender.product()
    loans = [
        lender.loan(lender.member(), product, disbursed_on=START) for _ in range(5)
    ]
    for one in loans:
        consent(lender, one)
    calendar.turn_to(FIRST.isoformat())

    assert run(lender, FIRST) == 5

    assert {outstanding(lender, one) for one in loans} == {2_750_000}


def test_a_member_consents_with_proof_for_the_own_loan_and_account(
    lender: Lender, neighbour: Lender, member: Member, loan: Loan
) -> None:
    owner = lender.staff("anggota", member_id=member.id)
    wish: dict[str, Any] = {"loan_id": loan.id, "idempotency": part()}
    stranger = lender.staff("anggota", member_id=lender.member().id)
    with pytest.raises(NotFound):
        lender.call(stranger, "consent_to_my_autodebit", wish)
    with pytest.raises(NotFound):
        neighbour.call(
            neighbour.staff("bendahara"), "list_autodebits", {"loan_id": loan.id}
        )
    with pytest.raises(StepUpRequired):
        lender.call(replace(owner, strong_until=0), "consent_to_my_autodebit", wish)
    with pytest.raises(WrongRepaymentAccount):
        lender.call(
            owner, "consent_to_my_autodebit", wish | {"savings_account": "0101"}
        )

    made = lender.call(owner, "consent_to_my_autodebit", wish)

    assert (made["savings_account"], made["document"]) == (member.savings, None)
    again = lender.call(owner, "consent_to_my_autodebit", wish)
    assert again == made | {"replayed": True}
    with pytest.raises(contract.AutodebitStands):
        consent(lender, loan)
    lender.call(owner, "revoke_my_autodebit", {"loan_id": loan.id})
    consent(lender, loan)
    shown = lender.call(owner, "list_my_autodebits", {"loan_id": loan.id})["items"]
    assert [one["revoked_at"] is None for one in shown] == [False, True]


def test_a_loan_that_has_ended_takes_no_consent(
    lender: Lender, member: Member, loan: Loan
) -> None:
    payment = Payment(
        loan_id=loan.id,
        amount=3_000_000,
        channel="bank",
        source_key=lender.key("1-1010"),
        settles=True,
    )
    repayments.record(lender.database, lender.asked, lender.actor, payment)

    with pytest.raises(loans_contract.LoanNotActive):
        consent(lender, loan)
