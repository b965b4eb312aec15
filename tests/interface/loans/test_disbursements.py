"""Loans are paid out with everything that belongs to them, or not at all.

Killing means raising in between: after every commit and after every answer of another
service. What is left then is what a process that died would leave.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy.orm import Session

from services.ledger.operations import wallets
from services.loans.models import Guarantee, LoanProduct
from services.loans.operations import disbursements, guarantees
from services.shared import clock, identifiers
from services.shared.contracts import files
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.insurance import policies
from services.shared.contracts.loans import ApplicationNotReady
from services.shared.contracts.loans import decisions as decisions_contract
from services.shared.contracts.loans import disbursements as contract
from services.shared.contracts.loans import guarantees as guarantees_contract
from services.shared.contracts.loans import queue as queue_contract
from services.shared.errors import (
    BusUnavailable,
    DeadlinePassed,
    NotAuthenticated,
    NotFound,
    OutcomeUnknown,
    RequestInProgress,
    SameProposer,
    ServiceError,
)
from services.shared.identity import Identity
from services.shared.persistence.database import Database
from tests.factories.decisions import ANALYST, signed
from tests.factories.loans import Lender, Member, part
from tests.fakes.insurer import PRODUCT, FakeInsurance

PRINCIPAL = 10_000_000


def insured(lender: Lender, **terms: Any) -> LoanProduct:
    """A product with cover, all costs borne by the cooperative unless told."""
    return lender.product(insurance_product=PRODUCT, **terms)


def disburse(
    lender: Lender,
    application_id: str,
    *,
    by: Identity | None = None,
    key: str | None = None,
    **body: Any,
) -> dict[str, Any]:
    command = {
        "application_id": application_id,
        "idempotency": part("disburse", key),
    } | body
    return lender.call(by or lender.staff("bendahara"), "disburse", command)


def sweep(lender: Lender) -> None:
    """What the timer does, once everything left behind is due."""
    for _ in range(3):
        with lender.database.hub() as session:
            for table in ("disbursements", "guarantee_holds"):
                session.connection().exec_driver_sql(
                    f"UPDATE {table} SET due_at = now() - interval '1 second' "
                    "WHERE cooperative_id = %s",
                    (lender.id,),
                )
        disbursements.finish_due(
            lender.database, lambda _coop: lender.asked, lambda _coop: lender.holds
        )
    guarantees.finish_releases(lender.database, lender.holds)


def guaranteed(
    lender: Lender, application_id: str, amount: int, savings: int | None = None
) -> Member:
    """A member who answers for a loan with savings, by default with all of them."""
    guarantor = lender.member("Sari", savings=amount if savings is None else savings)
    with lender.database.tenant(lender.id) as session:
        session.add(
            Guarantee(
                id=identifiers.new("gua"),
                cooperative_id=lender.id,
                application_id=application_id,
                member_id=guarantor.id,
                member_name=guarantor.name,
                savings_account=guarantor.savings,
                group_id=None,
                amount=amount,
                status="agreed",
                loan_id=None,
                agreed_on=clock.business_date(),
                created_by="usr_clerk",
                created_at=clock.now(),
            )
        )
    return guarantor


def held_of(lender: Lender, member: Member) -> int:
    """What of the member's savings is held."""
    balances = lender.ledger.get_balances({"keys": [member.savings]})
    held: int = balances[member.savings]["pending"]
    return held


def fees(lender: Lender, loan_id: str = "") -> dict[str, int]:
    """What was charged, for one loan or at all, by kind; each at most once."""
    page = wallets.list_fees(lender.world.ledger, lender.id, limit=200, cursor=None)
    found = [fee for fee in page["items"] if loan_id in {"", fee["reference"]}]
    charged = {fee["kind"]: fee["amount"] for fee in found}
    assert len(charged) == len(found)
    return charged


def counted(lender: Lender, table: str) -> int:
    with lender.database.tenant(lender.id) as session:
        return int(
            session.connection()
            .exec_driver_sql(f"SELECT count(*) FROM {table}")
            .scalar_one()
        )


def status_of(lender: Lender, application_id: str) -> str:
    with lender.database.tenant(lender.id) as session:
        return str(
            session.connection()
            .exec_driver_sql(
                "SELECT status FROM loan_applications WHERE id = %s", (application_id,)
            )
            .scalar_one()
        )


def test_everything_of_a_loan_is_one_journal(lender: Lender) -> None:
    insurance = FakeInsurance(lender)
    member = lender.member()
    application = signed(lender, insured(lender), member, amount=PRINCIPAL)
    wallet = lender.total("1-1020")

    paid = disburse(lender, application.id)

    # Vector 1: 0.5 % of ten million, and 4.5 % a year for twelve months.
    assert (paid["fee"], paid["premium"]) == (50_000, 450_000)
    assert fees(lender) == {"disbursement": 50_000, "default_insurance": 450_000}
    assert wallet - lender.total("1-1020") == 500_000
    assert lender.total("5-2200") == 500_000
    assert lender.balance(member.savings) == PRINCIPAL
    assert lender.total("1-1100") == PRINCIPAL
    assert (paid["status"], paid["received"]) == ("done", PRINCIPAL)
    assert paid["terbilang"] == "sepuluh juta rupiah"
    policy = insurance.policies[paid["loan_id"]]
    assert (policy["status"], policy["fee"]) == ("active", paid["loan_id"])
    reader = lender.staff("pengawas")
    loan = lender.call(reader, "get_loan", {"loan_id": paid["loan_id"]})
    assert (loan["number"], loan["outstanding"]) == (paid["loan_number"], PRINCIPAL)
    [event] = lender.events("loan_disbursed")
    assert (event["loan_id"], event["amount"]) == (paid["loan_id"], PRINCIPAL)
    proof = lender.call(
        reader,
        "get_loan_disbursement",
        {"loan_id": paid["loan_id"], "format": "pdf"},
    )
    assert files.content_of(proof).startswith(b"%PDF")
    listed = lender.call(reader, "list_disbursements", {"status": "done"})
    assert [one["id"] for one in listed["items"]] == [paid["id"]]


def test_fees_go_by_what_is_paid_out_and_for_how_long(lender: Lender) -> None:
    rich = lender.world.tenant(cash=1_000_000_000, wallet=50_000_000)
    FakeInsurance(rich)
    product = insured(rich)
    # Vector 1 of domain.md. The last one was applied for as Skoring (C8).
    for amount, count, fee, premium, terms in (
        (10_000_000, 18, 50_000, 675_000, {}),
        (10_000_000, 24, 50_000, 900_000, {}),
        (10_000_001, 12, 100_000, 450_000, {}),
        (50_000_000, 12, 500_000, 2_250_000, {}),
        (50_000_001, 12, 750_000, 2_250_000, {}),
        (75_000_000, 12, 1_125_000, 3_375_000, {}),
        (12_000_000, 12, 50_000, 450_000, {"amount": 10_000_000}),
    ):
        application = signed(rich, product, amount=amount, count=count, terms=terms)
        wallet, costs = rich.total("1-1020"), rich.total("5-2200")

        paid = disburse(rich, application.id)

        assert fees(rich, paid["loan_id"]) == {
            "disbursement": fee,
            "default_insurance": premium,
        }
        assert wallet - rich.total("1-1020") == fee + premium
        assert rich.total("5-2200") - costs == fee + premium


def test_what_the_borrower_bears_is_taken_out_of_the_loan(lender: Lender) -> None:
    FakeInsurance(lender)
    member = lender.member()
    product = insured(
        lender,
        administration_amount=25_000,
        fee_payer="borrower",
        premium_payer="borrower",
    )
    application = signed(lender, product, member, amount=PRINCIPAL)
    wallet = lender.total("1-1020")

    paid = disburse(lender, application.id)

    assert paid["received"] == PRINCIPAL - 25_000 - 50_000 - 450_000
    assert lender.balance(member.savings) == paid["received"]
    assert lender.total("4-2000") == -(25_000 + 50_000)
    # The premium went through: nothing is held, and only the hub's fee is a cost.
    assert lender.total("2-1300") == 0
    assert lender.total("5-2200") == 50_000
    assert wallet - lender.total("1-1020") == 500_000


def test_the_premium_is_that_of_the_product_from_the_quote_to_the_ledger(
    lender: Lender,
) -> None:
    insurance = FakeInsurance(lender)
    insurance.rate_bps = 325
    product = insured(lender, premium_payer="borrower")
    terms = {"code": product.code, "amount": PRINCIPAL, "count": 12}

    quote = lender.call(lender.staff("teller"), "quote_loan", terms)
    paid = disburse(lender, signed(lender, product, amount=PRINCIPAL).id)

    assert (quote["passed_premium"], quote["received"]) == (325_000, 9_675_000)
    assert (paid["passed_premium"], paid["received"]) == (325_000, 9_675_000)
    assert fees(lender)["default_insurance"] == 325_000
    assert insurance.policies[paid["loan_id"]]["premium"] == 325_000
    assert lender.total("2-1300") == 0


def test_another_premium_than_was_quoted_stops_it(lender: Lender) -> None:
    insurance = FakeInsurance(lender)
    application = signed(lender, insured(lender), amount=PRINCIPAL)

    def change(method: str) -> None:
        if method == "quote_premium":
            insurance.rate_bps += 1

    insurance.after = change
    with pytest.raises(ledger_contract.FeeChanged):
        disburse(lender, application.id)

    assert insurance.statuses() == ["cancelled"]
    assert fees(lender) == {}


def test_a_repeated_request_pays_once(lender: Lender) -> None:
    FakeInsurance(lender)
    application = signed(lender, insured(lender))
    by = lender.staff("bendahara")

    first = disburse(lender, application.id, by=by, key="sekali")
    again = disburse(lender, application.id, by=by, key="sekali")

    assert again == first | {"replayed": True}
    with pytest.raises(ApplicationNotReady):
        disburse(lender, application.id, by=by)
    assert counted(lender, "loans") == 1


def test_two_at_the_same_time_pay_once(lender: Lender) -> None:
    application = signed(lender, lender.product())
    outcomes: list[Any] = []
    start = Barrier(2)

    def attempt() -> None:
        start.wait()
        try:
            outcomes.append(disburse(lender, application.id)["status"])
        except ServiceError as error:
            outcomes.append(error.code)

    threads = [Thread(target=attempt) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["application_not_ready", "done"]
    assert counted(lender, "loans") == 1


def test_a_short_wallet_leaves_nothing_behind(lender: Lender) -> None:
    poor = lender.world.tenant(wallet=100_000)
    insurance = FakeInsurance(poor)
    member = poor.member()
    application = signed(poor, insured(poor), member, amount=PRINCIPAL)
    by = poor.staff("bendahara")

    for _ in range(2):
        with pytest.raises(ledger_contract.InsufficientWalletBalance):
            disburse(poor, application.id, by=by, key="pertama")

    assert insurance.statuses() == ["cancelled"]
    assert poor.balance(member.savings) == 0
    assert (fees(poor), counted(poor, "loans")) == ({}, 0)
    assert status_of(poor, application.id) == "signed"
    top_up(poor, 1_000_000)
    assert disburse(poor, application.id, by=by, key="kedua")["status"] == "done"
    assert insurance.statuses() == ["active", "cancelled"]


def test_cash_is_not_lent_twice_nor_out_of_the_reserve(lender: Lender) -> None:
    # What is in the wallet was paid by bank: 14 million less 1 are there.
    small = lender.world.tenant(cash=14_000_000, wallet=1_000_000)
    settings = {"tiers": [{"through": None, "quorum": 1}], "cash_reserve": 1_000_000}
    small.call(small.staff("pengurus"), "put_lending_settings", settings)
    product = small.product()
    first = signed(small, product, amount=7_000_000)
    second = signed(small, product, amount=7_000_000)

    disburse(small, first.id)
    with pytest.raises(contract.InsufficientCash) as refusal:
        disburse(small, second.id)

    assert refusal.value.details["available"] == 14_000_000 - 1_000_000 * 2 - 7_000_000
    assert status_of(small, second.id) == "signed"


def test_cash_is_not_lent_twice_by_two_who_have_read_the_same_book(
    lender: Lender,
) -> None:
    # Paying out moves no cash: it is promised, and what is promised is summed up under
    # the lock. So a trial balance that was read before it is as good as one within.
    small = lender.world.tenant(cash=14_000_000, wallet=1_000_000)
    settings = {"tiers": [{"through": None, "quorum": 1}], "cash_reserve": 1_000_000}
    small.call(small.staff("pengurus"), "put_lending_settings", settings)
    product = small.product()
    wanted = [signed(small, product, amount=7_000_000) for _ in range(2)]
    both_have_read = Barrier(2)
    ends: list[str] = []

    def wait(method: str) -> None:
        if method == "get_trial_balance":
            both_have_read.wait(timeout=10)

    def attempt(application_id: str) -> None:
        try:
            disburse(small, application_id, reason="Keduanya sekaligus")
        except contract.InsufficientCash as refusal:
            ends.append(refusal.code)
        else:
            ends.append("paid")

    small.ledger.after = wait
    threads = [Thread(target=attempt, args=(one.id,)) for one in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ends) == ["insufficient_cash", "paid"]


def test_an_unwilling_insurer_stops_it_and_an_absent_one_too(lender: Lender) -> None:
    insurance = FakeInsurance(lender)
    application = signed(lender, insured(lender))

    insurance.faults["reserve_policy"] = policies.InsurerRefused()
    with pytest.raises(policies.InsurerRefused):
        disburse(lender, application.id)
    insurance.faults["reserve_policy"] = policies.InsurerUnavailable()
    with pytest.raises(policies.InsurerUnavailable):
        disburse(lender, application.id)

    assert status_of(lender, application.id) == "signed"
    assert (fees(lender), counted(lender, "loans")) == ({}, 0)


def test_a_guarantor_who_has_spent_it_stops_it(lender: Lender) -> None:
    insurance = FakeInsurance(lender)
    application = signed(lender, insured(lender))
    guarantor = guaranteed(lender, application.id, 900_000, savings=899_999)

    with pytest.raises(guarantees_contract.GuaranteeShort):
        disburse(lender, application.id)

    assert held_of(lender, guarantor) == 0
    assert insurance.statuses() == ["cancelled"]
    assert status_of(lender, application.id) == "signed"


def test_nobody_pays_out_the_loans_of_another_cooperative(
    lender: Lender, neighbour: Lender
) -> None:
    application = signed(lender, lender.product())
    paid = disburse(lender, application.id)

    with pytest.raises(NotFound):
        disburse(neighbour, application.id)
    reader = neighbour.staff("pengawas")
    with pytest.raises(NotFound):
        neighbour.call(reader, "get_loan_disbursement", {"loan_id": paid["loan_id"]})
    assert neighbour.call(reader, "list_disbursements")["items"] == []


def test_an_insurer_that_is_away_afterwards_is_told_later(lender: Lender) -> None:
    insurance = FakeInsurance(lender)
    application = signed(lender, insured(lender))
    insurance.faults["activate_policy"] = BusUnavailable()

    paid = disburse(lender, application.id, key="sekali")
    assert paid["status"] == "finishing"
    sweep(lender)
    again = disburse(lender, application.id, key="sekali")
    assert again == paid | {"replayed": True}
    del insurance.faults["activate_policy"]
    sweep(lender)

    assert insurance.statuses() == ["active"]
    assert counted(lender, "disbursements WHERE status = 'done'") == 1


def test_who_verified_a_loan_does_not_pay_it_out(lender: Lender) -> None:
    member = lender.member()
    application = signed(lender, lender.product(), member)

    with pytest.raises(SameProposer):
        disburse(lender, application.id, by=lender.staff("bendahara", subject=ANALYST))
    with pytest.raises(decisions_contract.OwnLoan):
        disburse(
            lender, application.id, by=lender.staff("bendahara", member_id=member.id)
        )


def test_what_is_missing_before_the_payout_is_named(lender: Lender) -> None:
    application = signed(lender, lender.product(requires_training=True))

    with pytest.raises(decisions_contract.ApplicationIncomplete) as refusal:
        disburse(lender, application.id)

    assert refusal.value.details["missing"] == ["training"]


def test_the_line_is_kept_unless_a_reason_is_given(lender: Lender) -> None:
    board = lender.staff("pengurus")
    lender.call(
        board,
        "put_queue_settings",
        {
            "verification_discipline": "fcfs",
            "orders_disbursements": True,
            "disbursement_discipline": "fcfs",
        },
    )
    product = lender.product()
    first, second = signed(lender, product), signed(lender, product)

    with pytest.raises(queue_contract.NotNextInLine):
        disburse(lender, second.id)
    assert disburse(lender, second.id, reason="Biaya rumah sakit")["status"] == "done"
    assert disburse(lender, first.id)["status"] == "done"


def test_a_first_due_day_that_was_agreed_on_holds(lender: Lender) -> None:
    harvest = clock.business_date() + timedelta(days=100)
    application = signed(
        lender, lender.product(), count=3, akad={"first_due_on": harvest.isoformat()}
    )

    paid = disburse(lender, application.id)

    assert due_dates(lender, paid["loan_id"])[0] == harvest


# Killed in between


class Killed(BaseException):
    """The process is gone: nothing catches this."""


@dataclass
class Doom:
    """Kills at the point that it is set for; counts the points that were passed."""

    at: int
    passed: int = 0

    def point(self, _where: str = "") -> None:
        self.passed += 1
        if self.passed == self.at:
            raise Killed


@dataclass
class DyingDatabase:
    """A database whose process may die after any of its commits."""

    real: Database
    doom: Doom

    @contextmanager
    def tenant(self, cooperative_id: str) -> Generator[Session]:
        with self.real.tenant(cooperative_id) as session:
            yield session
        self.doom.point()


def kill_while_paying(
    lender: Lender, insurance: FakeInsurance, application_id: str, at: int
) -> bool:
    """Pay out and die at a point; whether it was reached."""
    doom = Doom(at=at)
    by = lender.staff("bendahara", subject="usr_treasurer")
    lender.ledger.after = doom.point
    insurance.after = doom.point
    try:
        disbursements.disburse(
            DyingDatabase(lender.database, doom),  # type: ignore[arg-type]
            lender.asked,
            lender.holds,
            lender.actor,
            by,
            {
                "application_id": application_id,
                "reason": "",
                "savings_account": None,
                "idempotency": part("disburse", f"kunci-{at}"),
            },
        )
    except Killed:
        return True
    except ServiceError:
        return False
    finally:
        lender.ledger.after = insurance.after = lambda _method: None
    return False


POINTS = range(1, 40)


def test_killed_anywhere_it_happens_whole_or_not_at_all(lender: Lender) -> None:
    rich = lender.world.tenant(cash=1_000_000_000, wallet=50_000_000)
    insurance = FakeInsurance(rich)
    product = insured(rich, premium_payer="borrower")
    for at in POINTS:
        member = rich.member()
        application = signed(rich, product, member, amount=PRINCIPAL)
        guarantor = guaranteed(rich, application.id, 900_001)
        own = f"WHERE application_id = '{application.id}'"

        was_killed = kill_while_paying(rich, insurance, application.id, at)
        begun = counted(rich, f"disbursements {own}")
        sweep(rich)

        assert status_of(rich, application.id) == (
            "disbursed" if begun else "signed"
        ), at
        again = disburse(rich, application.id, key=f"kunci-{at}")
        assert again["status"] == "done"
        assert again.get("replayed", False) == bool(begun)
        assert counted(rich, f"loans {own}") == counted(rich, f"disbursements {own}")
        assert counted(rich, f"loans {own}") == 1
        assert rich.total("1-1100") == at * PRINCIPAL
        assert rich.balance(member.savings) == PRINCIPAL - 450_000
        assert held_of(rich, guarantor) == 900_001
        assert insurance.policies[again["loan_id"]]["status"] == "active"
        assert fees(rich, again["loan_id"]) == {
            "disbursement": 50_000,
            "default_insurance": 450_000,
        }
        assert len(rich.events("loan_disbursed")) == at
        if not was_killed:
            break
    else:
        pytest.fail("a payout has fewer points than that")
    assert insurance.statuses() == ["active"] * at
    assert at > 12


def test_killed_while_it_is_refused_nothing_stays(lender: Lender) -> None:
    poor = lender.world.tenant(wallet=100_000)
    insurance = FakeInsurance(poor)
    product = insured(poor)
    for at in POINTS:
        member = poor.member()
        application = signed(poor, product, member, amount=PRINCIPAL)
        guarantor = guaranteed(poor, application.id, 900_001)

        was_killed = kill_while_paying(poor, insurance, application.id, at)
        sweep(poor)

        assert status_of(poor, application.id) == "signed", at
        assert set(insurance.statuses()) <= {"cancelled"}, at
        assert poor.balance(member.savings) == held_of(poor, guarantor) == 0
        assert (fees(poor), counted(poor, "loans")) == ({}, 0)
        assert not counted(poor, "disbursements WHERE status <> 'refused'")
        if not was_killed:
            break
    else:
        pytest.fail("a payout has fewer points than that")
    assert at > 12


def test_a_lost_answer_of_the_ledger_is_no_refusal(lender: Lender) -> None:
    application = signed(lender, lender.product())

    def lose(method: str) -> None:
        if method == "post_disbursement":
            raise DeadlinePassed

    lender.ledger.after = lose
    with pytest.raises(OutcomeUnknown):
        disburse(lender, application.id, key="sekali")
    lender.ledger.after = lambda _method: None
    assert status_of(lender, application.id) == "disbursing"

    assert disburse(lender, application.id, key="sekali")["status"] == "done"
    assert counted(lender, "loans") == 1


def test_what_says_nothing_about_an_earlier_attempt_is_no_refusal(
    lender: Lender,
) -> None:
    application = signed(lender, lender.product())

    def lose(method: str) -> None:
        if method == "post_disbursement":
            raise DeadlinePassed

    lender.ledger.after = lose
    with pytest.raises(OutcomeUnknown):
        disburse(lender, application.id, key="sekali")
    for fault in (NotAuthenticated(), ledger_contract.JournalIdReused()):
        lender.ledger.after, lender.ledger.fault = lambda _method: None, fault
        sweep(lender)
        assert status_of(lender, application.id) == "disbursing"
    lender.ledger.fault = None

    sweep(lender)
    assert disburse(lender, application.id, key="sekali")["status"] == "done"
    assert counted(lender, "loans") == 1


def test_the_same_request_twice_at_once_is_one_in_progress(lender: Lender) -> None:
    insurance = FakeInsurance(lender)
    application = signed(lender, insured(lender))
    told: list[Any] = []

    def second(method: str) -> None:
        # The first has asked what it costs and not begun yet.
        if method == "quote_premium" and not told:
            told.append(None)
            told[0] = kill_while_paying(lender, insurance, application.id, 9)

    insurance.after = second
    with pytest.raises(RequestInProgress):
        disburse(lender, application.id, key="kunci-9")
    assert told == [True]


def test_a_repeated_request_does_not_meddle_with_the_first(lender: Lender) -> None:
    insurance = FakeInsurance(lender)
    application = signed(lender, insured(lender))
    assert kill_while_paying(lender, insurance, application.id, 9)

    with pytest.raises(RequestInProgress):
        disburse(lender, application.id, key="kunci-9")
    sweep(lender)

    assert disburse(lender, application.id, key="kunci-9")["replayed"]


def due_dates(lender: Lender, loan_id: str) -> list[Any]:
    with lender.database.tenant(lender.id) as session:
        return [
            row[0]
            for row in session.connection().exec_driver_sql(
                "SELECT due_on FROM instalments WHERE loan_id = %s ORDER BY number",
                (loan_id,),
            )
        ]


def top_up(lender: Lender, amount: int) -> None:
    wallets.top_up_wallet(
        lender.world.ledger,
        cooperative_id=lender.id,
        amount=amount,
        reference="VA-2",
        idempotency=part(),
    )
