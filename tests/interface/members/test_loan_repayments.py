"""Money for loans that members takes: cash with a slip, and virtual accounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from services.members.operations import loan_notices, loan_repayments, slips
from services.shared import identifiers
from services.shared.contracts import files
from services.shared.contracts.loans import LoanNotActive
from services.shared.contracts.loans import repayments as contract
from services.shared.errors import (
    IdempotencyKeyReused,
    NotFound,
    OutcomeUnknown,
    ServiceBusy,
)
from services.shared.identity import Identity
from tests.factories.counter import Counter, later, staff
from tests.factories.members import Tenant
from tests.factories.papers import text_of
from tests.factories.payments import PHONE, Desk, open_desk
from tests.fakes.answering_peer import FakePeer

LOAN = "loa_1"
NUMBER = "PINJ/2026/11/1"


@pytest.fixture
def counter(tenant: Tenant) -> Counter:
    return Counter(tenant=tenant)


@pytest.fixture
def teller(tenant: Tenant) -> Identity:
    return staff(tenant, "teller")


def a_lender(tenant: Tenant, member_id: str = "mem_budi") -> FakePeer:
    """A loans service with one loan, which posts what it records."""
    key = f"{tenant.id}:1-1100"

    def record(command: dict[str, Any]) -> dict[str, Any]:
        journal_id = f"jrn_{command['id'].removeprefix('rep_')}"
        posted = tenant.ledger.post_journal(
            {
                "id": journal_id,
                "kind": "loan_repayment",
                "description": "Angsuran",
                "business_date": "2026-11-22",
                "reference": command["loan_id"],
                "postings": [[command["source_key"], key, command["amount"]]],
            }
        )
        replayed = {"replayed": True} if posted.get("replayed") else {}
        return {"id": command["id"], "journal_id": journal_id, "outstanding": 7} | (
            replayed
        )

    peer = FakePeer()
    peer.answers["get_payable"] = {
        "loan_id": LOAN,
        "number": NUMBER,
        "member_id": member_id,
        "member_name": "Budi Santoso",
        "account_key": f"{key}:{LOAN}",
        "due": 310_000,
        "settlement": 3_000_000,
        "owed": 3_390_000,
    }
    peer.answers["record_repayment"] = record
    return peer


def take(
    counter: Counter, loans: FakePeer, teller: Identity, key: str = "k-1", **body: Any
) -> dict[str, Any]:
    wanted = {"loan_id": LOAN, "amount": 310_000, "settles": False, "reference": None}
    command = counter.keyed("/v1/loans/loa_1/repayments", wanted | body, key)
    return loan_repayments.take(
        counter.tenant.world.members, loans, counter.tenant.id, command, teller
    )


def slip_of(counter: Counter, paid: dict[str, Any], form: str) -> dict[str, Any]:
    command = {"journal_id": paid["journal_id"], "number": None, "format": form}
    return slips.get_slip(counter.tenant.world.members, counter.tenant.id, command)


def test_cash_goes_into_the_tellers_drawer_once_and_has_a_slip(
    counter: Counter, teller: Identity
) -> None:
    loans = a_lender(counter.tenant)
    counter.open_shift(teller, float_amount=1_000_000)

    paid = take(counter, loans, teller)
    again = take(counter, loans, teller)

    [drawer] = counter.drawers()
    assert drawer["balance"] == 1_310_000
    assert again == paid | {"replayed": True}
    assert paid["slip_number"].startswith("SLIP/")
    told = loans.called("record_repayment")[0]
    assert (told["channel"], told["settles"]) == ("cash", False)
    assert slip_of(counter, paid, "json")["balance"] == 7
    paper = text_of(files.content_of(slip_of(counter, paid, "pdf")))
    for words in ("Slip Angsuran Pinjaman", NUMBER, "tiga ratus sepuluh ribu", "Sisa"):
        assert words in paper


def test_what_loans_refuses_leaves_no_slip_and_may_be_tried_again(
    counter: Counter, teller: Identity
) -> None:
    loans = a_lender(counter.tenant)
    works = loans.answers["record_repayment"]
    loans.answers["record_repayment"] = contract.Overpaid(details={"owed": 1})

    with pytest.raises(contract.Overpaid):
        take(counter, loans, teller)
    loans.answers["record_repayment"] = works

    assert take(counter, loans, teller)["slip_number"]


def test_who_is_cut_short_is_followed_by_the_sweep(
    counter: Counter, teller: Identity
) -> None:
    loans = a_lender(counter.tenant)
    works = loans.answers["record_repayment"]
    loans.answers["record_repayment"] = ServiceBusy()
    shift = counter.open_shift(teller)
    with pytest.raises(OutcomeUnknown):
        take(counter, loans, teller, settles=True)
    loans.answers["record_repayment"] = works

    database = counter.tenant.world.members
    with later():
        assert loan_repayments.finish_due(database, loans.on_behalf_of) == 1
        assert loan_repayments.finish_due(database, loans.on_behalf_of) == 0

    [drawer] = counter.drawers()
    assert drawer["balance"] == 1_310_000
    assert loans.called("record_repayment")[-1]["settles"]
    assert shift["drawer_id"] in loans.called("record_repayment")[-1]["source_key"]


def test_what_was_left_and_cannot_be_paid_any_more_ends(
    counter: Counter, teller: Identity
) -> None:
    loans = a_lender(counter.tenant)
    shift = counter.open_shift(teller)
    loans.answers["record_repayment"] = ServiceBusy()
    with pytest.raises(OutcomeUnknown):
        take(counter, loans, teller)

    database = counter.tenant.world.members
    for hours, refusal in ((1, contract.RepaymentUnderWay()), (2, LoanNotActive())):
        assert is_busy(counter, shift["id"])
        loans.answers["record_repayment"] = refusal
        with later(hours):
            loan_repayments.finish_due(database, loans.on_behalf_of)

    # A drawer is not counted while something of it is under way.
    assert not is_busy(counter, shift["id"])


def is_busy(counter: Counter, shift_id: str) -> bool:
    with counter.tenant.world.members.tenant(counter.tenant.id) as session:
        return slips.is_shift_busy(session, shift_id)


def test_a_settlement_that_is_repeated_is_the_one_that_was_paid(
    counter: Counter, teller: Identity
) -> None:
    loans = a_lender(counter.tenant)
    counter.open_shift(teller)
    paid = take(counter, loans, teller, settles=True)
    loans.answers["get_payable"] = LoanNotActive()

    assert take(counter, loans, teller, settles=True) == paid | {"replayed": True}
    with pytest.raises(IdempotencyKeyReused):
        take(counter, loans, teller, settles=True, amount=1)
    with pytest.raises(LoanNotActive):
        take(counter, loans, teller, key="k-2", settles=True)


@pytest.fixture
def desk(tenant: Tenant) -> Iterator[Desk]:
    opened, stops = open_desk(tenant)
    yield opened
    for stop in stops:
        stop()


def test_a_virtual_account_pays_a_loan(desk: Desk) -> None:
    member = desk.tenant.member("Budi Santoso", phone=PHONE, email="budi@contoh.id")
    desk.loans = a_lender(desk.tenant, member["id"])
    wish = {"member_id": member["id"], "purpose": "loan", "loan_id": LOAN}
    with pytest.raises(contract.Overpaid):
        desk.ask(**wish, amount=3_390_001)
    payment = desk.ask(**wish, amount=310_000)

    desk.pay(payment)
    desk.sweep()

    assert desk.show(payment)["state"] == "credited"
    assert desk.held() == 0
    told = desk.loans.called("record_repayment")[0]
    assert told["source_key"] == f"{desk.tenant.id}:2-1350"


def test_a_repeated_request_gets_its_account_though_the_loan_is_paid_off_since(
    desk: Desk,
) -> None:
    member = desk.tenant.member("Budi Santoso", phone=PHONE, email="budi@contoh.id")
    desk.loans = a_lender(desk.tenant, member["id"])
    wish = {"member_id": member["id"], "purpose": "loan", "loan_id": LOAN}
    first = desk.ask("bayar-1", **wish, amount=310_000)
    desk.loans.answers["get_payable"] = LoanNotActive()

    again = desk.ask("bayar-1", **wish, amount=310_000)

    assert again == first | {"replayed": True}
    with pytest.raises(LoanNotActive):
        desk.ask("bayar-2", **wish, amount=310_000)


def test_what_a_loan_does_not_take_is_held_for_a_person(desk: Desk) -> None:
    member = desk.tenant.member("Budi Santoso", phone=PHONE, email="budi@contoh.id")
    desk.loans = a_lender(desk.tenant, member["id"])
    desk.loans.answers["record_repayment"] = contract.Overpaid(details={"owed": 1})
    payment = desk.ask(
        member_id=member["id"], purpose="loan", loan_id=LOAN, amount=310_000
    )

    desk.pay(payment)
    desk.sweep()

    shown = desk.show(payment)
    assert (shown["state"], shown["fault"]) == ("unallocated", "overpaid")
    assert desk.held() == 310_000


def test_nobody_is_asked_to_pay_the_loan_of_another(desk: Desk) -> None:
    member = desk.tenant.member("Ani", phone=PHONE, email="ani@contoh.id")
    desk.loans = a_lender(desk.tenant, "mem_budi")

    with pytest.raises(NotFound):
        desk.ask(member_id=member["id"], purpose="loan", loan_id=LOAN, amount=20_000)


@pytest.mark.parametrize(
    "template",
    [loan_notices.DUE, loan_notices.OVERDUE, loan_notices.AUTODEBIT_FAILED],
)
def test_the_borrower_gets_one_e_mail(tenant: Tenant, template: str) -> None:
    member = tenant.member("Budi Santoso", email="budi@contoh.id")
    payload: dict[str, Any] = {
        "cooperative_id": tenant.id,
        "loan_id": "loa_1",
        "number": "PINJ/2026/8/1",
        "member_id": member["id"],
    }
    if template == loan_notices.AUTODEBIT_FAILED:
        payload |= {"missing": 210_000, "on": "2026-09-10"}
    else:
        payload |= {
            "instalment": 1,
            "due_on": "2026-09-10",
            "days": 7,
            "amount": 310_000,
            "penalty": 930,
        }
    database, settings = tenant.world.members, tenant.world.settings
    event_id = identifiers.new("evt")

    for _ in range(2):
        loan_notices.tell(database, settings, template, event_id, payload)

    with database.hub() as session:
        rows = session.connection().exec_driver_sql(
            "SELECT template FROM notifications WHERE cooperative_id = %s "
            "AND template = %s",
            (tenant.id, template),
        )
        assert len(rows.all()) == 1
