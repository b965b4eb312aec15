"""Loans that fail: tasks, letters, claims, sales of collateral, write-offs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.loans.models import Appraisal, Collateral, Loan
from services.loans.operations import (
    arrears,
    claims,
    collections,
    proceeds,
    recovery,
)
from services.loans.operations.job_context import JobContext, Peers
from services.loans.store import loans as loans_store
from services.shared import clock, identifiers
from services.shared.contracts.insurance.claims import ClaimTooEarly
from services.shared.contracts.ledger import AccountNotActive
from services.shared.contracts.loans import collections as collections_contract
from services.shared.contracts.loans import executions as executions_contract
from services.shared.contracts.loans import write_offs as write_offs_contract
from services.shared.contracts.loans.claims import NotInsured
from services.shared.contracts.loans.decisions import OwnLoan
from services.shared.errors import BusUnavailable, NotFound, SameProposer
from tests.factories.applications import desk_of
from tests.factories.loans import Lender, Lending, part
from tests.factories.savings import Calendar, calendar_at

STARTED = date(2025, 1, 6)


@pytest.fixture(autouse=True)
def calendar(tmp_path: Path) -> Iterator[Calendar]:
    with calendar_at(tmp_path / "hari-ini", STARTED.isoformat()) as calendar:
        yield calendar


@pytest.fixture
def lender(lending: Lending, calendar: Calendar) -> Lender:
    """A cooperative that is active since before the business date."""
    return lending.tenant()


def context_of(lender: Lender) -> JobContext:
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
        business_date=clock.business_date(),
    )


def run_day(lender: Lender) -> None:
    """Everything that runs by itself on a day."""
    arrears.run(context_of(lender), None)
    collections.run(context_of(lender), None)
    sweep(lender)


def sweep(lender: Lender) -> None:
    with lender.database.hub() as session:
        for table in ("loan_journals", "loan_proceeds", "claim_requests"):
            session.connection().exec_driver_sql(
                f"UPDATE {table} SET due_at = now() - interval '1 hour' "
                "WHERE cooperative_id = %s",
                (lender.id,),
            )
    claims.ask_due(lender.database, lender.insurance.on_behalf_of)
    proceeds.apply_due(lender.database, lambda _: lender.asked)
    recovery.follow_due(lender.database, lender.ledger.on_behalf_of)
    claims.report_recoveries(lender.database, lender.insurance.on_behalf_of)


def loan_of(lender: Lender, loan_id: str) -> Loan:
    with lender.database.tenant(lender.id) as session:
        loan = loans_store.find_loan(session, loan_id)
        assert loan is not None
        session.expunge_all()
    return loan


def tasks_of(lender: Lender, loan_id: str, state: str = "open") -> dict[str, Any]:
    found = lender.call(
        lender.staff("analis"),
        "list_collection_tasks",
        {"loan_id": loan_id, "state": state},
    )
    return {one["code"]: one for one in found["items"]}


def warn(lender: Lender, loan: Loan, through: int = 3) -> None:
    for level in range(through + 1):
        lender.call(
            lender.staff("analis"),
            "issue_collection_letter",
            {"loan_id": loan.id, "level": level},
        )


def pay(lender: Lender, loan_id: str, amount: int) -> dict[str, Any]:
    return lender.call(
        lender.staff("bendahara"),
        "repay_loan",
        {
            "loan_id": loan_id,
            "amount": amount,
            "channel": "bank",
            "idempotency": part(),
        },
    )


def claim_paid(lender: Lender, loan_id: str, amount: int, claim: str) -> str:
    """The event of a payout arrives, and its sweep has run."""
    event_id = identifiers.new("evt")
    payload = {
        "cooperative_id": lender.id,
        "claim_id": claim,
        "policy_id": "pol_1",
        "loan_id": loan_id,
        "cause": "default",
        "status": "paid",
        "amount": amount,
        "paid_on": clock.business_date().isoformat(),
    }
    claims.take_payment(lender.database, event_id, payload)
    claims.take_payment(lender.database, event_id, payload)
    sweep(lender)
    return event_id


DUE = date(2025, 2, 6)


def insured_loan(lender: Lender) -> Loan:
    """1.2 million over a year; the first of twelve instalments is due on `DUE`."""
    product = lender.product(
        insurance_product="jiwa_kredit", rate_bps=1200, penalty_bps_per_day=0
    )
    lender.insurance.answers["open_claim"] = {"id": "clm_1"}
    lender.insurance.answers["record_recovery"] = {}
    return lender.loan(
        lender.member(), product, principal=1_200_000, count=12, disbursed_on=STARTED
    )


def test_a_default_is_followed_step_by_step_until_the_insurer_pays(
    lender: Lender, calendar: Calendar
) -> None:
    loan = insured_loan(lender)
    calendar.turn_to((DUE + timedelta(days=1)).isoformat())
    run_day(lender)
    assert set(tasks_of(lender, loan.id)) == {"early_warning"}
    calendar.turn_to((DUE + timedelta(days=61)).isoformat())
    run_day(lender)
    assert set(tasks_of(lender, loan.id)) == {"warning_letter", "offer_restructuring"}
    assert not lender.insurance.called("open_claim")

    calendar.turn_to((DUE + timedelta(days=91)).isoformat())
    run_day(lender)
    run_day(lender)
    assert set(tasks_of(lender, loan.id)) == {
        "recovery",
        "offer_restructuring",
        "restructuring_deadline",
    }
    deadline = tasks_of(lender, loan.id)["restructuring_deadline"]
    assert deadline["due_on"] == (DUE + timedelta(days=105)).isoformat()
    [claim] = lender.insurance.called("open_claim")
    assert claim["reference"] == loan.id
    assert (claim["cause"], claim["occurred_on"]) == ("default", DUE.isoformat())
    # Of four instalments the interest of 12, 11, 10 and 9 thousand was due.
    assert (claim["outstanding_principal"], claim["outstanding_interest"]) == (
        1_200_000,
        42_000,
    )

    # The insurer pays less than everything: what is due first, then principal.
    before = lender.balance("1-1010")
    claim_paid(lender, loan.id, 900_000, "clm_1")
    assert lender.balance("1-1010") == before + 900_000
    assert loan_of(lender, loan.id).outstanding == 1_200_000 - (900_000 - 42_000)
    assert lender.balance(recovery.key_of(loan)) == 342_000


class Killed(BaseException):
    """What no code can catch: the process is gone."""


def die(_method: str) -> None:
    raise Killed


def test_a_write_off_and_the_recovery_after_it(
    lender: Lender, calendar: Calendar
) -> None:
    loan = insured_loan(lender)
    calendar.turn_to((DUE + timedelta(days=91)).isoformat())
    run_day(lender)
    claim_paid(lender, loan.id, 900_000, "clm_1")
    # Nobody pays: it gets to class 5, all of it is set aside, and it is written off.
    calendar.turn_to((date(2026, 3, 31)).isoformat())
    run_day(lender)
    boss, other = lender.staff("pengurus"), lender.staff("pengurus")
    wish = {
        "loan_id": loan.id,
        "reason": "Anggota pindah tanpa alamat",
        "consent_by": "Siti Aminah",
        "consent_on": "2026-03-30",
        "consent_document": "BA-7",
    }
    with pytest.raises(write_offs_contract.WriteOffTooEarly) as refused:
        lender.call(boss, "propose_write_off", wish)
    assert "months" in refused.value.details["missing"]
    calendar.turn_to((date(2026, 9, 1)).isoformat())
    run_day(lender)
    late = loan_of(lender, loan.id)
    assert (late.collectibility, late.provision) == (5, 342_000)
    made = lender.call(boss, "propose_write_off", wish)
    one = {"loan_id": loan.id, "write_off_id": made["id"]}
    with pytest.raises(SameProposer):
        lender.call(boss, "approve_write_off", one)
    with pytest.raises(write_offs_contract.PengurusOnly):
        lender.call(lender.staff("bendahara"), "approve_write_off", one)
    borrower = lender.staff("pengurus", member_id=loan.member_id)
    with pytest.raises(OwnLoan):
        lender.call(borrower, "approve_write_off", one)
    approval = one | {"idempotency": part("approve")}
    # Killed after the decision: whoever asks again gets the answer, not a refusal.
    lender.ledger.after = die
    with pytest.raises(Killed):
        lender.call(other, "approve_write_off", approval)
    lender.ledger.after = lambda _method: None
    again = lender.call(other, "approve_write_off", approval)
    assert (again["status"], again["replayed"]) == ("approved", True)
    sweep(lender)
    gone = loan_of(lender, loan.id)
    assert (gone.status, gone.outstanding, gone.provision) == (
        "written_off",
        342_000,
        0,
    )
    assert lender.balance(recovery.key_of(loan)) == 0
    assert lender.total("1-1190") == 0
    assert lender.total("1-1110") == 0
    assert tasks_of(lender, loan.id) != {}
    run_day(lender)
    assert tasks_of(lender, loan.id) == {}

    # Collected all the same: income again, and the insurer hears of it, up to what
    # it had paid.
    cost = lender.total("5-3000")
    pay(lender, loan.id, 100_000)
    sweep(lender)
    sweep(lender)
    assert lender.total("5-3000") == cost - 100_000
    [told] = lender.insurance.called("record_recovery")
    assert (told["claim_id"], told["amount"]) == ("clm_1", 100_000)


def test_what_the_insurer_pays_too_much_is_the_members(lender: Lender) -> None:
    member = lender.member()
    loan = lender.loan(member, lender.product(), principal=1_000_000)
    held, bank = lender.balance(member.savings), lender.balance("1-1010")
    claim_paid(lender, loan.id, 1_500_000, "clm_2")
    paid = loan_of(lender, loan.id)
    assert (paid.status, paid.outstanding) == ("settled", 0)
    assert lender.balance(member.savings) == held + 500_000
    assert lender.balance("1-1010") == bank + 1_500_000
    # The same claim in another event is the same money.
    claim_paid(lender, loan.id, 1_500_000, "clm_2")
    assert lender.balance("1-1010") == bank + 1_500_000


def test_a_payout_is_put_in_place_though_the_ledger_was_away(lender: Lender) -> None:
    member = lender.member()
    loan = lender.loan(member, lender.product(), principal=1_000_000)
    bank = lender.balance("1-1010")
    lender.ledger.fault = BusUnavailable()
    claim_paid(lender, loan.id, 1_200_000, "clm_3")
    assert loan_of(lender, loan.id).status == "active"
    lender.ledger.fault = None

    def lose(method: str) -> None:
        if method == "post_journal":
            raise BusUnavailable

    lender.ledger.after = lose
    sweep(lender)
    lender.ledger.after = lambda _method: None
    sweep(lender)
    sweep(lender)
    assert loan_of(lender, loan.id).status == "settled"
    assert lender.balance("1-1010") == bank + 1_200_000
    assert lender.balance(member.savings) == 1_200_000


def test_what_is_over_is_owed_to_whom_it_belongs_without_an_account(
    lender: Lender,
) -> None:
    loan = lender.loan(
        lender.member(),
        lender.product(),
        principal=1_000_000,
        savings_account="9999999999999999",
    )
    owed = lender.total("2-1100")
    claim_paid(lender, loan.id, 1_500_000, "clm_6")
    sweep(lender)
    assert lender.total("2-1100") == owed - 500_000


def test_who_looks_after_a_loan_hears_that_it_is_not_covered(lender: Lender) -> None:
    loan = lender.loan(lender.member(), lender.product())
    told = {"cooperative_id": lender.id, "policy_id": "pol_1", "loan_id": loan.id}
    event_id = identifiers.new("evt")

    for event in (event_id, event_id, identifiers.new("evt")):
        claims.take_refused_cover(lender.database, event, told)
    claims.take_refused_cover(
        lender.database, identifiers.new("evt"), told | {"loan_id": "loa_asing"}
    )

    assert "tidak dijamin" in tasks_of(lender, loan.id)["not_covered"]["action"]
    reader = lender.staff("pengawas")
    shown = lender.call(reader, "get_loan", {"loan_id": loan.id})
    assert (shown["status"], shown["outstanding"]) == ("active", loan.principal)


def test_death_and_force_majeure_are_claimed_at_once(lender: Lender) -> None:
    member = lender.member()
    insured = lender.product(insurance_product="jiwa_kredit")
    first = lender.loan(member, insured)
    bare = lender.loan(member, lender.product())
    lender.insurance.answers["open_claim"] = {"id": "clm_4"}
    for _ in range(2):
        claims.take_departure(
            lender.database,
            identifiers.new("evt"),
            {
                "cooperative_id": lender.id,
                "member_id": member.id,
                "number": "1",
                "kind": "deceased",
            },
        )
    sweep(lender)
    [claim] = lender.insurance.called("open_claim")
    assert (claim["reference"], claim["cause"]) == (first.id, "death")
    told = {"occurred_on": STARTED.isoformat(), "description": "Banjir besar"}
    caller = lender.staff("pengurus")
    with pytest.raises(NotInsured):
        lender.call(caller, "report_force_majeure", told | {"loan_id": bare.id})
    lender.insurance.answers["open_claim"] = ClaimTooEarly()
    asked = lender.call(caller, "report_force_majeure", told | {"loan_id": first.id})
    assert (asked["status"], asked["fault"]) == ("waiting", "claim_too_early")
    lender.insurance.answers["open_claim"] = {"id": "clm_5"}
    sweep(lender)
    found = lender.call(caller, "list_claim_requests", {"loan_id": first.id})
    assert {one["cause"]: one["claim_id"] for one in found["items"]} == {
        "death": "clm_4",
        "force_majeure": "clm_5",
    }
    assert loan_of(lender, first.id).cause == "bencana_alam"


def motorcycle(
    lender: Lender, *, principal: int = 50_000_000, value: int = 18_000_000
) -> tuple[Loan, str]:
    """A loan that is four months late, and what secures it (R156)."""
    member, product = lender.member(), lender.product(rate_bps=1200)
    application = lender.application(member, product, amount=principal)
    loan = lender.loan(
        member,
        product,
        principal=principal,
        count=10,
        disbursed_on=date(2024, 9, 6),
        application_id=application.id,
    )
    collateral_id = identifiers.new("col")
    with lender.database.tenant(lender.id) as session:
        session.add(
            Collateral(
                id=collateral_id,
                cooperative_id=lender.id,
                application_id=application.id,
                kind="vehicle_bpkb",
                details=b"-",
                status="bound",
                accepted_value=value // 2,
                bound_on=date(2024, 9, 6),
                ended_on=None,
                created_by="usr_test",
                created_at=clock.now(),
            )
        )
        session.flush()
        session.add(
            Appraisal(
                id=identifiers.new("apr"),
                cooperative_id=lender.id,
                collateral_id=collateral_id,
                market_value=value,
                haircut_bps=5000,
                accepted_value=value // 2,
                appraised_on=date(2024, 9, 1),
                appraised_by="KJPP",
                recorded_by="usr_test",
                recorded_at=clock.now(),
            )
        )
    run_day(lender)
    return loan, collateral_id


def sale(lender: Lender, loan: Loan, execution: dict[str, Any], **facts: Any) -> Any:
    return lender.call(
        lender.staff("bendahara"),
        "propose_sale",
        {
            "loan_id": loan.id,
            "execution_id": execution["id"],
            "way": "kpknl_auction",
            "sold_on": clock.business_date().isoformat(),
            "proceeds": 15_000_000,
            "costs": 2_250_000,
            "remainder_count": 24,
        }
        | facts,
    )


def started(lender: Lender, loan: Loan, collateral_id: str) -> dict[str, Any]:
    return lender.call(
        lender.staff("bendahara"),
        "start_execution",
        {
            "loan_id": loan.id,
            "collateral_id": collateral_id,
            "mediation": "Mediasi di balai desa",
            "mediated_on": "2025-01-02",
        },
    )


def test_the_price_less_its_costs_pays_and_the_rest_is_owed_without_interest(
    lender: Lender,
) -> None:
    loan, collateral_id = motorcycle(lender)
    execution = started(lender, loan, collateral_id)
    with pytest.raises(executions_contract.WarningsMissing):
        sale(lender, loan, execution)
    warn(lender, loan)
    with pytest.raises(executions_contract.BelowFloorPrice) as refused:
        sale(lender, loan, execution, proceeds=12_000_000)
    assert refused.value.details["floor"] == 12_600_000
    proposed = sale(lender, loan, execution)
    assert proposed["warnings"] == ["auction_uneconomic"]
    quote = lender.call(
        lender.staff("bendahara"), "quote_settlement", {"loan_id": loan.id}
    )
    before = lender.balance("1-1010")
    one = {"loan_id": loan.id, "execution_id": execution["id"]}
    approval = one | {"idempotency": part("approve")}
    borrower = lender.staff("komite", member_id=loan.member_id)
    with pytest.raises(OwnLoan):
        lender.call(borrower, "approve_sale", approval)
    approver = lender.staff("komite")
    # Killed after the decision: whoever asks again carries it on.
    lender.ledger.after = die
    with pytest.raises(Killed):
        lender.call(approver, "approve_sale", approval)
    lender.ledger.after = lambda _method: None
    done = lender.call(approver, "approve_sale", approval)
    assert done.pop("replayed")
    again = lender.call(approver, "approve_sale", approval)
    assert again == done | {"replayed": True}

    net = 15_000_000 - 2_250_000
    assert (done["status"], done["applied"], done["surplus"]) == ("done", net, 0)
    assert lender.balance("1-1010") == before + net
    rest = loan_of(lender, done["remainder_loan_id"])
    # The oldest instalment first: of 12.75 million penalties and the interest of three
    # instalments are paid, and the rest is principal. The interest of today's waits.
    interest = 500_000 + 450_000 + 400_000
    assert rest.principal == 50_000_000 - (net - interest - quote["penalty"])
    assert rest.deferred_interest == 350_000
    assert (rest.kind, rest.rate_bps, rest.count) == ("remainder", 0, 24)
    # The class that the loan had when it was replaced: the oldest was paid by then.
    assert (rest.dpd, rest.collectibility, rest.class_floor) == (0, 2, 2)
    assert lender.total("1-1100") == 0
    assert lender.total("1-1500") == rest.principal
    old = loan_of(lender, loan.id)
    assert (old.status, rest.restructured_from) == ("restructured", loan.id)

    # It is paid like a loan, out of 1-1500.
    pay(lender, rest.id, 1_000_000)
    assert lender.total("1-1500") == rest.principal - 1_000_000


def test_a_good_price_settles_and_the_rest_is_the_members(lender: Lender) -> None:
    loan, collateral_id = motorcycle(lender, principal=5_000_000)
    warn(lender, loan)
    execution = started(lender, loan, collateral_id)
    proposed = sale(lender, loan, execution, way="voluntary_sale", costs=0)
    assert proposed["warnings"] == []
    quote = lender.call(
        lender.staff("bendahara"), "quote_settlement", {"loan_id": loan.id}
    )
    one = {"loan_id": loan.id, "execution_id": execution["id"]}
    savings = loan.savings_account or ""
    held = lender.balance(savings)
    done = lender.call(lender.staff("pengurus"), "approve_sale", one)
    assert done["surplus"] == 15_000_000 - quote["total"]
    assert lender.balance(savings) == held + done["surplus"]
    assert done["remainder_loan_id"] is None
    assert loan_of(lender, loan.id).status == "settled"
    assert lender.total("1-1100") == 0


def test_the_photo_of_a_visit_is_a_paper_of_the_same_application(
    lender: Lender, neighbour: Lender
) -> None:
    product = lender.product()
    own, other = (lender.application(lender.member(), product) for _ in range(2))
    loan = lender.loan(lender.member(), product, application_id=own.id)
    bare = lender.loan(lender.member(), product)
    strange = neighbour.application(neighbour.member(), neighbour.product())

    def photo_of(desk: Lender, application_id: str) -> str:
        [uploaded] = desk_of(desk).hand_in_papers(application_id, "collateral_photo")
        return str(uploaded["id"])

    def visit(visited: Loan, photo: str) -> dict[str, Any]:
        command = {
            "loan_id": visited.id,
            "visited_on": clock.business_date().isoformat(),
            "officer": "Rina",
            "finding": "Kios tutup sejak pekan lalu",
            "photo_document_id": photo,
        }
        return lender.call(lender.staff("analis"), "record_collection_visit", command)

    mine = photo_of(lender, own.id)
    assert visit(loan, mine)["photo_document_id"] == mine
    for photo in (
        photo_of(lender, other.id),
        photo_of(neighbour, strange.id),
        "ado_nothing",
    ):
        with pytest.raises(NotFound):
            visit(loan, photo)
    with pytest.raises(NotFound):
        visit(bare, mine)


def test_letters_follow_each_other_and_promises_are_judged(
    lender: Lender, calendar: Calendar
) -> None:
    loan = lender.late_loan(lender.member(), lender.product(), 40)
    officer = lender.staff("analis")
    run_day(lender)
    with pytest.raises(collections_contract.LetterOutOfOrder):
        lender.call(
            officer, "issue_collection_letter", {"loan_id": loan.id, "level": 2}
        )
    sent = lender.call(
        officer, "issue_collection_letter", {"loan_id": loan.id, "level": 1}
    )
    assert sent["number"].startswith("SP/2025/01/")
    assert sent["content"]["dpd"] == 40
    paper = lender.call(
        officer,
        "get_collection_letter",
        {"loan_id": loan.id, "letter_id": sent["id"], "format": "pdf"},
    )
    assert paper["name"].endswith(".pdf")
    task = tasks_of(lender, loan.id)["field_visit"]
    assert task["assignee"] == "usr_officer"
    seen = lender.call(
        officer,
        "record_collection_visit",
        {
            "loan_id": loan.id,
            "visited_on": STARTED.isoformat(),
            "officer": "Rina",
            "finding": "Kios tutup sejak pekan lalu",
            "latitude": "-6.200000",
            "longitude": "106.800000",
        },
    )
    listed = lender.call(officer, "list_collection_visits", {"loan_id": loan.id})
    assert listed["items"] == [seen]
    lender.call(
        officer,
        "finish_collection_task",
        {"task_id": task["id"], "outcome": "Sudah dikunjungi"},
    )
    for amount, days in ((50_000, 3), (60_000_000, 3)):
        lender.call(
            officer,
            "record_payment_promise",
            {
                "loan_id": loan.id,
                "amount": amount,
                "due_on": (STARTED + timedelta(days=days)).isoformat(),
            },
        )
    pay(lender, loan.id, 50_000)
    calendar.turn_to((STARTED + timedelta(days=4)).isoformat())
    run_day(lender)
    given = lender.call(officer, "list_payment_promises", {"loan_id": loan.id})
    assert [one["state"] for one in given["items"]] == ["kept", "broken"]
    # What was done is not asked for again while the same instalment is open.
    assert "field_visit" not in tasks_of(lender, loan.id)
    assert "field_visit" in tasks_of(lender, loan.id, "done")


def test_nobody_reaches_into_another_cooperative(
    lender: Lender, lending: Lending
) -> None:
    neighbour = lending.tenant()
    loan = lender.late_loan(lender.member(), lender.product(), 40)
    run_day(lender)
    [task] = tasks_of(lender, loan.id).values()
    stranger = neighbour.staff("pengurus", "analis")
    for method, command in (
        ("finish_collection_task", {"task_id": task["id"], "outcome": "x"}),
        ("issue_collection_letter", {"loan_id": loan.id, "level": 0}),
        ("set_arrears_cause", {"loan_id": loan.id, "cause": "kesehatan"}),
        ("list_write_offs", {"loan_id": loan.id}),
        (
            "report_force_majeure",
            {
                "loan_id": loan.id,
                "occurred_on": "2025-01-01",
                "description": "Banjir",
            },
        ),
    ):
        with pytest.raises(NotFound):
            neighbour.call(stranger, method, command)


def test_the_book_and_the_loans_say_the_same_after_a_restructuring(
    lender: Lender, calendar: Calendar
) -> None:
    loan = lender.late_loan(lender.member(), lender.product(), 60)
    run_day(lender)
    assert lender.total("1-1110") == loan_of(lender, loan.id).interest_receivable > 0
    made = lender.call(
        lender.staff("bendahara"),
        "propose_restructuring",
        {
            "loan_id": loan.id,
            "method": "capitalise_interest",
            "terms": {"count": 18},
            "reason": "Panen gagal",
            "cause": "gagal_panen",
            "is_going_concern": True,
            "documents": {
                "business_financials": "DOK-1",
                "field_minutes": "BA-2",
                "good_faith": "SP-3",
            },
        },
    )
    one = {"loan_id": loan.id, "restructuring_id": made["id"]}
    lender.call(lender.staff("komite"), "approve_restructuring", one)
    calendar.turn_to((STARTED + timedelta(days=1)).isoformat())
    run_day(lender)
    done = lender.call(
        lender.staff("bendahara"),
        "sign_restructuring",
        one | {"signed_on": STARTED.isoformat(), "signed_by": "Budi"},
    )
    assert done["content"]["capitalised"] > 0
    calendar.turn_to((STARTED + timedelta(days=2)).isoformat())
    run_day(lender)
    calendar.turn_to((STARTED + timedelta(days=40)).isoformat())
    run_day(lender)
    old, new = loan_of(lender, loan.id), loan_of(lender, done["new_loan_id"])
    assert old.interest_receivable == 0
    assert lender.total("1-1110") == new.interest_receivable > 0
    assert lender.total("1-1100") == new.outstanding
    assert -lender.total("1-1190") == old.provision + new.provision
    assert tasks_of(lender, done["new_loan_id"])["restructuring_report"]["due_on"] == (
        (STARTED + timedelta(days=7)).isoformat()
    )


def test_a_journal_that_is_refused_is_tried_ever_less_often(lender: Lender) -> None:
    loan = lender.loan(lender.member(), lender.product(), disbursed_on=STARTED)
    postings = [[lender.key("5-3000"), recovery.key_of(loan), 1_000]]
    with lender.database.tenant(lender.id) as session:
        recovery.plan(session, loan, "loan_write_off", "Hapus buku", postings)
    lender.ledger.fault = AccountNotActive()

    pauses = []
    for _ in range(3):
        sweep(lender)
        with lender.database.tenant(lender.id) as session:
            due_at = session.scalars(text("SELECT due_at FROM loan_journals")).one()
        pauses.append((due_at - clock.now()).total_seconds())
    lender.ledger.fault = None
    sweep(lender)

    assert all(later > 1.9 * before for before, later in pairwise(pauses))
    assert lender.balance("5-3000") == 1_000
