"""Repayments with the real database and the real ledger: one journal, to the rupiah."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from services.ledger.operations import disbursements as ledger_fees
from services.loans.domain.loans import Rules, account_key
from services.loans.models import Loan
from services.loans.operations import arrears, repayments
from services.loans.operations.repayments import Payment
from services.loans.store import loans as store
from services.loans.store import repayments as repayments_store
from services.shared import clock, identifiers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import repayments as contract
from services.shared.contracts.loans import waivers
from services.shared.contracts.loans.decisions import OwnLoan
from services.shared.errors import (
    DatabaseUnavailable,
    IdempotencyKeyReused,
    NotFound,
    OutcomeUnknown,
    SameProposer,
    ServiceBusy,
)
from tests.factories.decisions import signed
from tests.factories.loans import Lender, part
from tests.factories.savings import Calendar, calendar_at
from tests.fakes.insurer import PRODUCT, FakeInsurance

START = date(2026, 8, 10)


@pytest.fixture(autouse=True)
def calendar(tmp_path: Path) -> Iterator[Calendar]:
    with calendar_at(tmp_path / "hari-ini", START.isoformat()) as calendar:
        yield calendar


def a_loan(lender: Lender, *, savings: int = 0, **more: Any) -> Loan:
    """Rp 3.000.000 over 12 months at 24 %, menurun, lent on 10 August."""
    member = lender.member(savings=savings)
    return lender.loan(member, lender.product(), disbursed_on=START, **more)


def pay(lender: Lender, loan: Loan, amount: int, **more: Any) -> dict[str, Any]:
    given = {"channel": "bank", "source_key": lender.key("1-1010")} | more
    payment = Payment(loan_id=loan.id, amount=amount, **given)
    return repayments.record(lender.database, lender.asked, lender.actor, payment)


def now(lender: Lender, loan: Loan) -> Loan:
    with lender.database.tenant(lender.id) as session:
        found = store.find_loan(session, loan.id)
        assert found is not None
        return found


def principal_in_the_book(lender: Lender, loan: Loan) -> int:
    return lender.balance(account_key(lender.id, "loan", loan.id))


def test_the_first_instalment_of_the_vector_is_interest_and_principal(
    lender: Lender, calendar: Calendar
) -> None:
    loan = a_loan(lender)
    calendar.turn_to("2026-09-10")
    bank = lender.balance("1-1010")

    paid = pay(lender, loan, 310_000)

    assert (paid["interest"], paid["principal"], paid["penalty"]) == (
        60_000,
        250_000,
        0,
    )
    assert (paid["status"], paid["outstanding"]) == ("posted", 2_750_000)
    assert principal_in_the_book(lender, loan) == 2_750_000
    assert lender.balance("4-1000") == 60_000
    assert lender.balance("1-1010") == bank + 310_000
    assert [one["principal"] for one in lender.events("loan_repaid")] == [250_000]


def test_accrued_interest_is_taken_from_the_receivable(
    lender: Lender, calendar: Calendar
) -> None:
    loan = a_loan(lender)
    lender.post((lender.key("1-1110"), lender.key("4-1000"), 40_000))
    with lender.database.tenant(lender.id) as session:
        found = store.lock_loan(session, loan.id)
        assert found is not None
        found.interest_receivable = 40_000
    calendar.turn_to("2026-09-10")

    pay(lender, loan, 310_000)

    assert lender.balance("1-1110") == 0
    assert lender.balance("4-1000") == 60_000
    assert now(lender, loan).interest_receivable == 0


def test_being_late_costs_and_the_class_is_judged_anew(
    lender: Lender, calendar: Calendar
) -> None:
    loan = a_loan(lender)
    # Thirteen days after the grace of three: 0,1 % a day, at most 1 % a month.
    calendar.turn_to("2026-09-26")

    paid = pay(lender, loan, 313_100)

    assert (paid["penalty"], paid["interest"], paid["principal"]) == (
        3_100,
        60_000,
        250_000,
    )
    assert lender.balance("4-3000") == 3_100
    assert now(lender, loan).dpd == 0


def test_part_of_a_late_instalment_leaves_the_rest_late(
    lender: Lender, calendar: Calendar
) -> None:
    loan = a_loan(lender)
    calendar.turn_to("2026-09-20")
    pay(lender, loan, 100_000)
    calendar.turn_to("2026-09-24")

    left = lender.call(lender.staff("bendahara"), "get_loan", {"loan_id": loan.id})

    # 7 days on 310.000, then 3 more until the cap of 1 % on what was left.
    rest = 310_000 - (100_000 - 2_170)
    assert left["dpd"] == 10
    assert left["due_penalty"] == rest * 30 // 10_000
    assert left["due_total"] == rest + left["due_penalty"]


def test_the_same_payment_twice_is_one(lender: Lender) -> None:
    loan = a_loan(lender)
    id_ = identifiers.new("rep")

    first = pay(lender, loan, 310_000, id=id_)
    again = pay(lender, loan, 310_000, id=id_)

    assert again == first | {"replayed": True}
    assert principal_in_the_book(lender, loan) == 2_750_000
    for other in ({"amount": 310_001}, {"settles": True}, {"reference": "TRF-2"}):
        with pytest.raises(IdempotencyKeyReused):
            pay(lender, loan, **({"amount": 310_000} | other), id=id_)


def test_a_settlement_is_not_repeated_as_a_part_payment(lender: Lender) -> None:
    loan = a_loan(lender)
    id_ = identifiers.new("rep")
    pay(lender, loan, 3_000_000, id=id_, settles=True)

    with pytest.raises(IdempotencyKeyReused):
        pay(lender, loan, 3_000_000, id=id_)


@pytest.mark.parametrize("is_posted", [False, True])
def test_who_is_cut_short_is_followed_by_the_sweep(
    lender: Lender,
    calendar: Calendar,
    is_posted: bool,  # noqa: FBT001  a case
) -> None:
    loan = a_loan(lender)
    if is_posted:
        lender.ledger.after = lost_in_the_network
    else:
        lender.ledger.fault = ServiceBusy()

    with pytest.raises(OutcomeUnknown):
        pay(lender, loan, 310_000)
    with pytest.raises(contract.RepaymentUnderWay):
        pay(lender, loan, 310_000)
    lender.ledger.fault, lender.ledger.after = None, lambda _method: None
    overdue(lender)
    calendar.turn_to("2026-08-11")
    repayments.finish_due(lender.database, lender.ledger.on_behalf_of)
    repayments.finish_due(lender.database, lender.ledger.on_behalf_of)

    assert now(lender, loan).outstanding == 2_750_000
    assert principal_in_the_book(lender, loan) == 2_750_000
    assert len(lender.events("loan_repaid")) == 1


def test_a_bug_with_one_repayment_is_logged_and_does_not_stop_the_others(
    lender: Lender,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken, sound = a_loan(lender), a_loan(lender)
    lender.ledger.fault = ServiceBusy()
    for loan in (broken, sound):
        with pytest.raises(OutcomeUnknown):
            pay(lender, loan, 310_000)
    lender.ledger.fault = None
    overdue(lender)
    post_journal = lender.ledger.post_journal

    def post(command: dict[str, Any], **_: Any) -> dict[str, Any]:
        if command["reference"] == broken.id:
            raise ZeroDivisionError
        return post_journal(command)

    with monkeypatch.context() as patched:
        patched.setattr(lender.ledger, "post_journal", post, raising=False)
        for _ in range(2):
            repayments.finish_due(lender.database, lender.ledger.on_behalf_of)

    assert now(lender, sound).outstanding == 2_750_000
    assert now(lender, broken).outstanding == 3_000_000
    # With its traceback, and once: the broken one waits for its turn.
    assert [bool(one.exc_info) for one in caplog.records] == [True]
    overdue(lender)
    repayments.finish_due(lender.database, lender.ledger.on_behalf_of)
    assert now(lender, broken).outstanding == 2_750_000


def test_a_settlement_that_is_posted_after_midnight_is_still_one(
    lender: Lender, calendar: Calendar
) -> None:
    rules = Rules(penalty_bps_per_day=10, penalty_cap_bps_per_month=300)
    loan = a_loan(lender, rules=rules.to_json())
    calendar.turn_to("2026-09-20")
    arrears.look(lender.database, lender.id, clock.business_date())
    with lender.database.tenant(lender.id) as session:
        due = repayments.payoff(session, loan, clock.business_date())
    lender.ledger.fault = ServiceBusy()
    with pytest.raises(OutcomeUnknown):
        pay(lender, loan, due["total"], settles=True)

    calendar.turn_to("2026-09-21")
    arrears.look(lender.database, lender.id, clock.business_date())
    lender.ledger.fault = None
    overdue(lender)
    repayments.finish_due(lender.database, lender.ledger.on_behalf_of)

    assert now(lender, loan).status == "settled"


def test_what_is_posted_already_is_not_called_undone(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    loan = a_loan(lender)

    def away(*_: Any, **__: Any) -> None:
        raise DatabaseUnavailable

    with monkeypatch.context() as patched, pytest.raises(OutcomeUnknown):
        patched.setattr(repayments_store, "lock_repayment", away)
        pay(lender, loan, 310_000)
    overdue(lender)
    repayments.finish_due(lender.database, lender.ledger.on_behalf_of)

    assert now(lender, loan).outstanding == 2_750_000


def lost_in_the_network(method: str) -> None:
    if method == "post_journal":
        raise ServiceBusy


def overdue(lender: Lender) -> None:
    with lender.database.tenant(lender.id) as session:
        session.connection().exec_driver_sql(
            "UPDATE repayments SET due_at = now() - interval '1 minute'"
        )


def test_what_the_ledger_refuses_pays_nothing_and_does_not_block(
    lender: Lender,
) -> None:
    member = lender.member(savings=100_000)
    loan = lender.loan(member, lender.product(), disbursed_on=START)
    lender.post((member.savings, lender.key("1-1000"), 3_000_000))
    treasurer = lender.staff("bendahara")
    command = {
        "loan_id": loan.id,
        "amount": 310_000,
        "channel": "savings",
        "idempotency": part(),
    }

    for _ in range(2):
        with pytest.raises(ledger_contract.InsufficientFunds):
            lender.call(treasurer, "repay_loan", command)

    assert now(lender, loan).outstanding == 3_000_000
    assert lender.call(
        treasurer,
        "repay_loan",
        command | {"amount": 100_000, "idempotency": part()},
    )["principal"]
    assert lender.balance(member.savings) == 0
    statuses = [
        one["status"]
        for one in lender.call(treasurer, "list_repayments", {"loan_id": loan.id})[
            "items"
        ]
    ]
    assert statuses == ["refused", "posted"]


def test_more_than_is_owed_is_refused(lender: Lender) -> None:
    loan = a_loan(lender)

    with pytest.raises(contract.Overpaid) as refused:
        pay(lender, loan, 3_390_001)

    assert refused.value.details == {"owed": 3_390_000}
    assert pay(lender, loan, 3_390_000)["outstanding"] == 0
    assert now(lender, loan).status == "settled"
    with pytest.raises(loans_contract.LoanNotActive):
        pay(lender, loan, 1)


def test_a_loan_is_paid_off_before_its_time_with_interest_to_the_day(
    lender: Lender, calendar: Calendar
) -> None:
    loan = a_loan(lender, savings=4_000_000)
    lender.post((lender.key("1-1110"), lender.key("4-1000"), 35_000))
    with lender.database.tenant(lender.id) as session:
        found = store.lock_loan(session, loan.id)
        assert found is not None
        found.interest_receivable = 35_000
    calendar.turn_to("2026-08-25")
    borrower = lender.staff("anggota", member_id=loan.member_id)
    quote = lender.call(borrower, "quote_my_settlement", {"loan_id": loan.id})
    # 15 of the 31 days of the first month.
    assert (quote["interest"], quote["total"]) == (29_032, 3_029_032)
    command = {
        "loan_id": loan.id,
        "amount": quote["total"] - 1,
        "settles": True,
        "idempotency": part(),
    }

    with pytest.raises(contract.SettlementChanged):
        lender.call(borrower, "repay_my_loan", command)
    command |= {"amount": quote["total"]}
    paid = lender.call(borrower, "repay_my_loan", command)

    assert paid["is_settlement"]
    assert (now(lender, loan).status, now(lender, loan).outstanding) == ("settled", 0)
    assert principal_in_the_book(lender, loan) == 0
    # What was accrued beyond that day is taken back.
    assert lender.balance("1-1110") == 0
    assert lender.balance("4-1000") == 29_032
    assert len(lender.events("loan_settled")) == 1
    schedule = lender.call(borrower, "get_my_loan_schedule", {"loan_id": loan.id})
    assert all(one["settled_on"] == "2026-08-25" for one in schedule["items"])


def test_recovery_of_a_written_off_loan_is_income(lender: Lender) -> None:
    loan = a_loan(lender, status="written_off", closed_on=START)
    lender.post(
        (lender.key("1-1190"), account_key(lender.id, "loan", loan.id), 3_000_000)
    )

    paid = pay(lender, loan, 310_000)

    assert paid["principal"] == 250_000
    assert lender.total("5-3000") == -310_000
    assert now(lender, loan).status == "written_off"
    owed = lender.call(
        members_service(lender), "get_debt", {"member_id": loan.member_id}
    )
    assert owed == {"outstanding": 2_750_000}
    shown = lender.call(lender.staff("pengurus"), "get_loan", {"loan_id": loan.id})
    assert (shown["due_total"], shown["next_amount"]) == (0, 305_000)


def members_service(lender: Lender) -> Any:
    return replace(lender.staff("pengurus"), service="members")


def test_penalty_is_forgiven_by_two_and_ends_a_loan_that_is_paid(
    lender: Lender, calendar: Calendar
) -> None:
    rules = Rules(
        allocation=("interest", "principal", "penalty"), penalty_bps_per_day=10
    )
    loan = a_loan(lender, count=1, rules=rules.to_json())
    calendar.turn_to("2026-09-20")
    pay(lender, loan, 3_060_000)
    assert now(lender, loan).status == "active"
    proposer, other = lender.staff("bendahara"), lender.staff("pengurus")
    command = {"loan_id": loan.id, "amount": 30_600, "reason": "Gagal panen"}

    with pytest.raises(waivers.WaiverTooHigh):
        lender.call(proposer, "propose_waiver", command | {"amount": 30_601})
    waiver = lender.call(proposer, "propose_waiver", command)
    decision = {"loan_id": loan.id, "waiver_id": waiver["id"]}
    with pytest.raises(SameProposer):
        lender.call(proposer, "approve_waiver", decision)
    borrower = lender.staff("pengurus", member_id=loan.member_id)
    with pytest.raises(OwnLoan):
        lender.call(borrower, "approve_waiver", decision)
    assert lender.call(other, "approve_waiver", decision)["status"] == "approved"

    assert now(lender, loan).status == "settled"
    with pytest.raises(waivers.WaiverDecided):
        lender.call(other, "approve_waiver", decision)


def test_nobody_else_sees_or_pays_a_loan(lender: Lender, neighbour: Lender) -> None:
    loan = a_loan(lender, savings=1_000_000)
    stranger = lender.staff("anggota", member_id="mem_other")

    with pytest.raises(NotFound):
        lender.call(stranger, "get_my_loan", {"loan_id": loan.id})
    with pytest.raises(NotFound):
        lender.call(
            stranger,
            "repay_my_loan",
            {"loan_id": loan.id, "amount": 1_000, "idempotency": part()},
        )
    with pytest.raises(NotFound):
        neighbour.call(neighbour.staff("pengurus"), "get_loan", {"loan_id": loan.id})
    with pytest.raises(NotFound):
        pay(neighbour, loan, 310_000)


def test_a_borrower_sees_how_much_is_left_and_the_card_is_printed(
    lender: Lender, calendar: Calendar
) -> None:
    loan = a_loan(lender)
    calendar.turn_to("2026-09-10")
    pay(lender, loan, 310_000)
    borrower = lender.staff("anggota", member_id=loan.member_id)

    (shown,) = lender.call(borrower, "list_my_loans", {})["items"]

    assert (shown["outstanding"], shown["instalments_paid"]) == (2_750_000, 1)
    assert (shown["next_due_on"], shown["next_amount"]) == ("2026-10-10", 305_000)
    command = {"loan_id": loan.id}
    card = lender.call(borrower, "get_my_loan_card", command)
    assert [one["amount"] for one in card["repayments"]] == [310_000]
    for form, kind in (("pdf", "application/pdf"), ("xlsx", "spreadsheetml")):
        file = lender.call(borrower, "get_my_loan_card", command | {"format": form})
        assert kind in file["media_type"]


def test_cover_ends_with_the_loan_however_often_the_insurer_is_away(
    lender: Lender, calendar: Calendar
) -> None:
    # Agreements are signed on days that were, and moments are never simulated.
    today = calendar.turn_to(clock.business_date(clock.now()))
    FakeInsurance(lender)
    application = signed(lender, lender.product(insurance_product=PRODUCT))
    command = {"application_id": application.id, "idempotency": part()}
    paid_out = lender.call(lender.staff("bendahara"), "disburse", command)
    with lender.database.tenant(lender.id) as session:
        loan = store.find_loan(session, paid_out["loan_id"])
        assert loan is not None
        total = repayments.payoff(session, loan, today)["total"]
    pay(lender, loan, total, settles=True)
    lender.insurance.answers["cancel_policy"] = ServiceBusy()

    repayments.finish_endings(lender.database, of(lender))
    lender.insurance.answers["cancel_policy"] = {"status": "cancelled"}
    with lender.database.tenant(lender.id) as session:
        session.connection().exec_driver_sql(
            "UPDATE policy_endings SET due_at = now() - interval '1 minute'"
        )
    repayments.finish_endings(lender.database, of(lender))
    repayments.finish_endings(lender.database, of(lender))

    lost, told = lender.insurance.called("cancel_policy")
    assert lost == told
    assert (told["reason"], told["refund"]) == ("settled_early", True)


def of(lender: Lender) -> Any:
    return lambda _cooperative_id: lender.insurance


def give_back(lender: Lender, paid_out: dict[str, Any], amount: int) -> None:
    """Premium that the insurer gives back, as the insurance service does and tells."""
    ledger_fees.refund_fee(
        lender.world.ledger,
        {
            "cooperative_id": lender.id,
            "kind": "default_insurance",
            "reference": paid_out["loan_id"],
            "refund_reference": paid_out["policy_id"],
            "amount": amount,
            "reason": "Pelunasan",
        },
    )
    tell_of_refund(lender, paid_out, amount)


def tell_of_refund(lender: Lender, paid_out: dict[str, Any], amount: int) -> None:
    payload = {
        "cooperative_id": lender.id,
        "policy_id": paid_out["policy_id"],
        "loan_id": paid_out["loan_id"],
        "amount": amount,
    }
    repayments.take_refund(lender.database, identifiers.new("evt"), payload)


@pytest.mark.parametrize("agreed", [450_000, 300_000, 0])
def test_premium_comes_back_to_whom_it_was_taken_from_once(
    lender: Lender, calendar: Calendar, agreed: int
) -> None:
    """What had become dearer since the akad was signed was the cooperative's cost."""
    calendar.turn_to(clock.business_date(clock.now()))
    FakeInsurance(lender)
    member = lender.member()
    product = lender.product(insurance_product=PRODUCT, premium_payer="borrower")
    price = lender.insurance.answers["quote_premium"]
    lender.insurance.answers["quote_premium"] = lambda command: (
        price(command) | {"premium": agreed}
    )
    application = signed(lender, product, member, amount=10_000_000)
    lender.insurance.answers["quote_premium"] = price
    command = {"application_id": application.id, "idempotency": part()}
    paid_out = lender.call(lender.staff("bendahara"), "disburse", command)
    saved = lender.balance(member.savings)
    costs = lender.total("5-2200")
    give_back(lender, paid_out, 45_001)
    # Told twice, under another id: it is the premium of one policy.
    tell_of_refund(lender, paid_out, 45_001)
    for _ in range(2):
        repayments.finish_refunds(lender.database, lender.ledger.on_behalf_of)

    own = 45_001 * agreed // 450_000
    assert lender.balance(member.savings) == saved + own
    assert lender.total("5-2200") == costs - (45_001 - own)
    assert lender.total("2-1300") == 0


def test_premium_for_savings_that_are_gone_is_owed_to_the_borrower(
    lender: Lender, calendar: Calendar
) -> None:
    calendar.turn_to(clock.business_date(clock.now()))
    FakeInsurance(lender)
    member = lender.member()
    product = lender.product(insurance_product=PRODUCT, premium_payer="borrower")
    application = signed(lender, product, member, amount=10_000_000)
    command = {"application_id": application.id, "idempotency": part()}
    paid_out = lender.call(lender.staff("bendahara"), "disburse", command)
    saved = lender.balance(member.savings)
    give_back(lender, paid_out, 45_000)
    # Who has settled the loan to leave has no account when the premium comes back.
    lender.ledger.set_status({"key": member.savings, "status": "frozen"})

    for _ in range(3):
        repayments.finish_refunds(lender.database, lender.ledger.on_behalf_of)

    assert lender.balance(member.savings) == saved
    assert lender.balance("2-1100") == 45_000
    assert lender.total("2-1300") == 0


def test_two_at_the_same_time_pay_what_is_owed_once_each(lender: Lender) -> None:
    loan = a_loan(lender)
    start = Barrier(2)
    refused = []

    def attempt() -> None:
        start.wait()
        while True:
            try:
                pay(lender, loan, 1_600_000)
            except contract.RepaymentUnderWay:
                continue
            except contract.Overpaid as error:
                refused.append(error.details["owed"])
            return

    threads = [Thread(target=attempt) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert refused == []
    assert now(lender, loan).outstanding == principal_in_the_book(lender, loan)
    with pytest.raises(contract.Overpaid) as over:
        pay(lender, loan, 1_600_000)
    assert over.value.details == {"owed": 3_390_000 - 3_200_000}


def test_what_is_overpaid_may_make_the_rest_smaller(
    lender: Lender, calendar: Calendar
) -> None:
    product = lender.product(overpayment="principal")
    loan = lender.loan(lender.member(), product, disbursed_on=START)
    calendar.turn_to("2026-09-10")

    paid = pay(lender, loan, 310_000 + 1_100_000)

    assert (paid["interest"], paid["principal"]) == (60_000, 1_350_000)
    chief = lender.staff("pengurus")
    schedule = lender.call(chief, "get_loan_schedule", {"loan_id": loan.id})["items"]
    left = [
        (
            one["principal"] - one["principal_paid"],
            one["interest"] - one["interest_paid"],
        )
        for one in schedule
    ]
    # Eleven instalments remain of 1.650.000; the present month's interest stays.
    assert left[:4] == [(0, 0), (150_000, 55_000), (150_000, 30_000), (150_000, 27_000)]
    assert sum(one["principal"] for one in schedule) == 3_000_000
    assert principal_in_the_book(lender, loan) == 1_650_000


@pytest.mark.parametrize("change", [-1, 1])
def test_instalments_that_do_not_add_up_to_the_loan_are_refused_by_postgresql(
    lender: Lender, change: int
) -> None:
    product = lender.product()
    application = lender.application(lender.member(), product)
    loan = a_loan(lender, application_id=application.id)

    def shift(changes: dict[int, int]) -> None:
        with lender.database.tenant(lender.id) as session:
            for number, amount in changes.items():
                session.connection().exec_driver_sql(
                    "UPDATE instalments SET principal = principal + %s "
                    "WHERE loan_id = %s AND number = %s",
                    (amount, loan.id, number),
                )

    # From one to another is what a payment ahead does: only the end counts.
    shift({1: change, 2: -change})
    with pytest.raises(IntegrityError, match=loan.id):
        shift({1: change})
