"""Guarantors: what is held of their savings, what is given back, and what is taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import text

from services.loans.models import Loan, LoanApplication
from services.loans.operations import guarantees
from services.loans.operations.guarantees import holding
from services.shared import clock, identifiers
from services.shared.contracts.ledger import AccountNotActive
from services.shared.contracts.loans import groups as groups_contract
from services.shared.contracts.loans import guarantees as contract
from services.shared.contracts.loans.decisions import OwnLoan
from services.shared.errors import (
    DeadlinePassed,
    NotFound,
    OutcomeUnknown,
    SameProposer,
    ServiceError,
    StepUpRequired,
)
from services.shared.identity import Identity
from tests.factories.applications import Desk, desk_of
from tests.factories.loans import HoldCalls, Lender, Member, part

TODAY = clock.business_date().isoformat()


@pytest.fixture
def desk(lender: Lender) -> Desk:
    return desk_of(lender)


@pytest.fixture
def guarantor(lender: Lender) -> Member:
    return lender.member("Siti Aminah", savings=1_500_000)


@pytest.fixture
def application(lender: Lender) -> LoanApplication:
    return lender.application(lender.member(), lender.product(), "approved")


def promise(
    desk: Desk, application: LoanApplication, who: Member, amount: int = 1_000_000
) -> dict[str, Any]:
    return desk.call(
        "add_guarantee",
        application_id=application.id,
        member_id=who.id,
        savings_account=who.savings,
        amount=amount,
        agreed_on=TODAY,
    )


def hold(lender: Lender, application: LoanApplication, loan_id: str) -> None:
    guarantees.hold_all(
        lender.database, lender.asked, lender.holds, application, loan_id
    )


def lent(
    lender: Lender, application: LoanApplication, *, dpd: int = 0, **columns: Any
) -> Loan:
    """The loan of an application, with what was promised held for it."""
    found = lender.standings[application.member_id]["savings"][0]["number"]
    borrower = Member(
        id=application.member_id, name=application.member_name, savings=found
    )
    loan = lender.loan(
        borrower, lender.product(), application_id=application.id, dpd=dpd, **columns
    )
    hold(lender, application, loan.id)
    return loan


def available(lender: Lender, who: Member) -> int:
    balances = lender.ledger.get_balances({"keys": [who.savings]})
    left: int = balances[who.savings]["available"]
    return left


def held(desk: Desk, application: LoanApplication) -> list[tuple[str, int]]:
    listed = desk.call("list_guarantees", application_id=application.id)
    return [(one["status"], one["held_amount"]) for one in listed["items"]]


def pay_back(lender: Lender, loan: Loan, outstanding: int, status: str) -> None:
    """As if so much had been repaid."""
    with lender.database.tenant(lender.id) as session:
        session.execute(
            text(
                "UPDATE loans SET outstanding = :left, status = :status, closed_on = "
                "CASE WHEN :status = 'active' THEN NULL ELSE current_date END "
                "WHERE id = :id"
            ),
            {"left": outstanding, "status": status, "id": loan.id},
        )


def sweep(lender: Lender) -> None:
    guarantees.ease_due(lender.database)
    with lender.database.hub() as session:
        for table in ("guarantee_holds", "guarantee_calls"):
            session.connection().exec_driver_sql(
                f"UPDATE {table} SET due_at = now() - interval '1 second' "
                "WHERE cooperative_id = %s",
                (lender.id,),
            )
    guarantees.finish_releases(lender.database, lender.holds)
    guarantees.finish_due_calls(lender.database, lambda _id: lender.asked, lender.holds)


# Promising


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"amount": 1_500_001}, contract.GuaranteeShort),
        ({"savings_account": "0000000000000000"}, contract.WrongGuaranteeAccount),
        ({"agreed_on": "2099-01-01"}, ServiceError),
    ],
)
def test_a_promise_is_one_that_can_be_kept(
    desk: Desk,
    application: LoanApplication,
    guarantor: Member,
    change: dict[str, Any],
    refusal: type[Exception],
) -> None:
    command = {
        "application_id": application.id,
        "member_id": guarantor.id,
        "savings_account": guarantor.savings,
        "amount": 1_000_000,
        "agreed_on": TODAY,
    }

    with pytest.raises(refusal):
        desk.call("add_guarantee", **(command | change))


def test_nobody_answers_for_himself_nor_twice_nor_as_a_stranger(
    desk: Desk, application: LoanApplication, guarantor: Member, neighbour: Lender
) -> None:
    lender = desk.lender
    promise(desk, application, guarantor)
    with pytest.raises(contract.AlreadyAGuarantor):
        promise(desk, application, guarantor)
    own = lender.standings[application.member_id]
    own["savings"][0]["available"] = 2_000_000
    borrower = Member(
        id=application.member_id, name="", savings=own["savings"][0]["number"]
    )
    with pytest.raises(contract.GuarantorIsBorrower):
        promise(desk, application, borrower)
    candidate = lender.member(savings=2_000_000, status="candidate")
    with pytest.raises(groups_contract.NotAnActiveMember):
        promise(desk, application, candidate)
    with pytest.raises(NotFound):
        neighbour.call(
            neighbour.staff("teller"),
            "list_guarantees",
            {"application_id": application.id},
        )


def test_a_guarantor_sees_what_is_held_and_whether_the_borrower_is_late(
    desk: Desk, lender: Lender, application: LoanApplication, guarantor: Member
) -> None:
    me = lender.staff("anggota", member_id=guarantor.id)
    promised = promise(desk, application, guarantor)

    def mine() -> dict[str, Any]:
        [one] = lender.call(me, "list_my_guarantees")["items"]
        return dict(one)

    before = mine()
    assert (before["id"], before["held_amount"]) == (promised["id"], 0)
    assert before["loan_text"] == "Belum dicairkan"
    loan = lent(lender, application)
    after = mine()
    assert (after["held_amount"], after["loan_number"]) == (1_000_000, loan.number)
    assert after["loan_text"] == "Tidak ada tunggakan, kolektibilitas lancar"
    with lender.database.tenant(lender.id) as session:
        session.connection().exec_driver_sql(
            "UPDATE loans SET dpd = 95, collectibility = 3 WHERE id = %s", (loan.id,)
        )
    assert mine()["loan_text"] == "Menunggak 95 hari, kolektibilitas kurang lancar"
    # A restructured loan that is paid in time keeps its class for a while.
    with lender.database.tenant(lender.id) as session:
        session.connection().exec_driver_sql(
            "UPDATE loans SET dpd = 0 WHERE id = %s", (loan.id,)
        )
    assert mine()["loan_text"] == "Tidak ada tunggakan, kolektibilitas kurang lancar"
    stranger = lender.staff("anggota", member_id=lender.member().id)
    assert lender.call(stranger, "list_my_guarantees")["items"] == []
    with pytest.raises(contract.GuaranteeNotReady):
        lender.call(me, "decline_my_guarantee", {"guarantee_id": promised["id"]})


def test_a_guarantor_says_no_before_the_committee_has_decided(
    desk: Desk, lender: Lender, guarantor: Member
) -> None:
    queued = lender.application(lender.member(), lender.product())
    promised = promise(desk, queued, guarantor)
    one = {"guarantee_id": promised["id"]}
    stranger = lender.staff("anggota", member_id=lender.member().id)
    with pytest.raises(NotFound):
        lender.call(stranger, "decline_my_guarantee", one)

    me = lender.staff("anggota", member_id=guarantor.id)
    assert lender.call(me, "decline_my_guarantee", one)["status"] == "withdrawn"


def test_a_guarantor_is_not_told_to_wait_for_what_will_not_come(
    desk: Desk, lender: Lender, guarantor: Member
) -> None:
    me = lender.staff("anggota", member_id=guarantor.id)
    declined = lender.application(lender.member(), lender.product())
    refused = lender.application(lender.member(), lender.product())
    one = promise(desk, declined, guarantor)
    lender.call(me, "decline_my_guarantee", {"guarantee_id": one["id"]})
    promise(desk, refused, guarantor)
    with lender.database.tenant(lender.id) as session:
        session.connection().exec_driver_sql(
            "UPDATE loan_applications SET status = 'rejected' WHERE id = %s",
            (refused.id,),
        )

    shown = lender.call(me, "list_my_guarantees")["items"]

    assert [one["loan_text"] for one in shown] == [
        "Penjaminan dibatalkan",
        "Tidak dicairkan",
    ]


def test_a_group_answers_for_each_of_its_members(
    desk: Desk, application: LoanApplication
) -> None:
    others = [desk.lender.member(f"Anggota {n}", savings=600_000) for n in range(2)]
    everybody = [application.member_id, *(one.id for one in others)]
    group = desk.call(
        "create_loan_group",
        name="Kelompok Melati",
        leader_id=others[0].id,
        member_ids=everybody,
    )
    with pytest.raises(groups_contract.AlreadyInAGroup):
        desk.call(
            "create_loan_group",
            name="Kelompok Mawar",
            leader_id=others[0].id,
            member_ids=everybody[1:],
        )

    made = desk.call(
        "add_group_guarantee",
        application_id=application.id,
        group_id=group["id"],
        amount=500_000,
        agreed_on=TODAY,
    )

    assert {one["member_id"] for one in made["items"]} == {one.id for one in others}
    lent(desk.lender, application)
    assert [available(desk.lender, one) for one in others] == [100_000, 100_000]
    # Who answers for a loan stays in the group.
    with pytest.raises(groups_contract.MemberAnswersForLoans):
        desk.call(
            "remove_loan_group_member", group_id=group["id"], member_id=others[1].id
        )


# Holding


def test_what_is_promised_is_held_once_and_moves_nothing(
    desk: Desk, application: LoanApplication, guarantor: Member
) -> None:
    promise(desk, application, guarantor)
    assert available(desk.lender, guarantor) == 1_500_000

    loan = lent(desk.lender, application)
    hold(desk.lender, application, loan.id)

    assert held(desk, application) == [("held", 1_000_000)]
    assert available(desk.lender, guarantor) == 500_000
    assert desk.lender.balance(guarantor.savings) == 1_500_000


def test_what_is_not_there_any_more_refuses_the_loan_and_holds_nothing(
    desk: Desk, application: LoanApplication, guarantor: Member
) -> None:
    lender = desk.lender
    second = lender.member("Rina", savings=1_000_000)
    promise(desk, application, guarantor)
    promise(desk, application, second)
    lender.post((second.savings, lender.key("1-1000"), 300_000))
    loan_id = identifiers.new("loa")

    with pytest.raises(contract.GuaranteeShort):
        hold(lender, application, loan_id)
    guarantees.release_all(lender.database, lender.holds, lender.id, loan_id)

    assert available(lender, guarantor) == 1_500_000
    assert available(lender, second) == 700_000
    assert held(desk, application) == [("agreed", 0), ("agreed", 0)]
    # Another try, with another loan, has holds of its own: what was refused is no
    # obstacle once there is enough.
    lender.post((lender.key("1-1000"), second.savings, 300_000))
    hold(lender, application, identifiers.new("loa"))
    assert held(desk, application) == [("held", 1_000_000), ("held", 1_000_000)]


def test_an_answer_that_is_lost_is_asked_for_again(
    desk: Desk, application: LoanApplication, guarantor: Member
) -> None:
    lender, loan_id = desk.lender, identifiers.new("loa")
    promise(desk, application, guarantor)
    real = lender.holds.places

    def lose(payloads: list[dict[str, Any]]) -> list[Any]:
        real.call_many(payloads)
        return [DeadlinePassed() for _ in payloads]

    losing = guarantees.Holds(places=HoldCalls(lose), resolves=lender.holds.resolves)

    with pytest.raises(OutcomeUnknown):
        guarantees.hold_all(lender.database, lender.asked, losing, application, loan_id)
    assert available(lender, guarantor) == 500_000
    # Given up now it is void, though nobody here has ever heard that it was placed.
    guarantees.release_all(lender.database, lender.holds, lender.id, loan_id)
    assert available(lender, guarantor) == 1_500_000


def test_a_release_that_was_cut_short_is_finished(
    desk: Desk, application: LoanApplication, guarantor: Member
) -> None:
    lender = desk.lender
    promise(desk, application, guarantor)
    loan_id = identifiers.new("loa")
    hold(lender, application, loan_id)
    away = HoldCalls(lambda payloads: [DeadlinePassed() for _ in payloads])

    guarantees.release_all(
        lender.database,
        guarantees.Holds(places=away, resolves=away),
        lender.id,
        loan_id,
    )
    assert available(lender, guarantor) == 500_000
    sweep(lender)

    assert available(lender, guarantor) == 1_500_000


def test_what_is_held_goes_in_step_with_what_is_owed(
    desk: Desk, application: LoanApplication, guarantor: Member
) -> None:
    lender = desk.lender
    promise(desk, application, guarantor)
    loan = lent(lender, application)

    steps = [(2_250_001, 1_000_000), (2_250_000, 750_000), (700_000, 250_000)]
    for outstanding, wanted in steps:
        pay_back(lender, loan, outstanding, "active")
        sweep(lender)
        assert held(desk, application) == [("held", wanted)]
        assert available(lender, guarantor) == 1_500_000 - wanted
    pay_back(lender, loan, 0, "settled")
    sweep(lender)

    assert held(desk, application) == [("released", 0)]
    assert available(lender, guarantor) == 1_500_000


def test_guarantees_of_billions_are_eased_too(
    desk: Desk, application: LoanApplication
) -> None:
    lender = desk.lender
    rich = lender.member("Haji Umar", savings=10**11)
    promise(desk, application, rich, 10**11)
    loan = lent(lender, application, principal=10**11)
    pay_back(lender, loan, 10**11 // 2, "active")

    sweep(lender)

    assert held(desk, application) == [("held", 10**11 // 2)]


def test_a_guarantee_follows_its_loan_into_a_restructuring(
    desk: Desk, application: LoanApplication, guarantor: Member
) -> None:
    lender = desk.lender
    promise(desk, application, guarantor)
    old = lent(lender, application)
    borrower = lender.member()
    new = lender.loan(borrower, lender.product(), restructured_from=old.id)
    pay_back(lender, old, 0, "restructured")

    sweep(lender)

    assert held(desk, application) == [("held", 1_000_000)]
    listed = desk.call("list_guarantees", application_id=application.id)
    assert listed["items"][0]["loan_id"] == new.id


def test_a_guarantee_does_not_ease_before_it_has_followed(
    desk: Desk, application: LoanApplication, guarantor: Member
) -> None:
    lender = desk.lender
    promised = promise(desk, application, guarantor)
    old = lent(lender, application)
    lender.loan(lender.member(), lender.product(), restructured_from=old.id)
    pay_back(lender, old, 0, "restructured")

    # Found before it was restructured, and looked at only after that.
    holding._ease(lender.database, lender.id, promised["id"])

    assert held(desk, application) == [("held", 1_000_000)]


def test_nothing_is_held_for_a_loan_that_became_capital(
    desk: Desk, application: LoanApplication, guarantor: Member
) -> None:
    lender = desk.lender
    promise(desk, application, guarantor)
    loan = lent(lender, application)
    pay_back(lender, loan, 0, "restructured")

    sweep(lender)

    assert held(desk, application) == [("released", 0)]
    assert available(lender, guarantor) == 1_500_000


def test_what_is_held_for_a_payout_that_failed_is_not_held_for_the_next(
    desk: Desk, application: LoanApplication, guarantor: Member
) -> None:
    lender = desk.lender
    promise(desk, application, guarantor)
    failed, next_ = identifiers.new("loa"), identifiers.new("loa")
    hold(lender, application, failed)

    with pytest.raises(OutcomeUnknown):
        hold(lender, application, next_)
    guarantees.release_all(lender.database, lender.holds, lender.id, failed)
    hold(lender, application, next_)

    listed = desk.call("list_guarantees", application_id=application.id)
    assert listed["items"][0]["loan_id"] == next_
    assert available(lender, guarantor) == 500_000


# Calling


def call_of(
    desk: Desk, application: LoanApplication, amount: int, by: Identity
) -> dict[str, Any]:
    listed = desk.call("list_guarantees", application_id=application.id)
    return desk.lender.call(
        by,
        "propose_guarantee_call",
        {
            "guarantee_id": listed["items"][0]["id"],
            "amount": amount,
            "reason": "Tiga angsuran tertunggak",
        },
    )


def approve(lender: Lender, by: Identity, call_id: str) -> dict[str, Any]:
    command = {"call_id": call_id, "idempotency": part("approve")}
    return lender.call(by, "approve_guarantee_call", command)


def test_a_guarantor_is_called_by_two_and_pays_the_loan(
    desk: Desk, application: LoanApplication, guarantor: Member
) -> None:
    lender = desk.lender
    promise(desk, application, guarantor)
    first_due = clock.business_date() - timedelta(days=40)
    loan = lent(
        lender,
        application,
        dpd=40,
        disbursed_on=first_due - timedelta(days=31),
    )
    both = lender.staff("analis", "pengurus")
    call = call_of(desk, application, 310_000, both)
    assert call["status"] == "proposed"

    with pytest.raises(SameProposer):
        approve(lender, both, call["id"])
    with pytest.raises(OwnLoan):
        borrower = lender.staff("bendahara", member_id=application.member_id)
        approve(lender, borrower, call["id"])
    chief = lender.staff("bendahara")
    approved = approve(lender, chief, call["id"])

    assert approved["status"] == "paid"
    assert approve(lender, chief, call["id"])["status"] == "paid"
    assert lender.balance(guarantor.savings) == 1_190_000
    assert lender.balance("2-1350") == 0
    with lender.database.tenant(lender.id) as session:
        row = session.get_one(Loan, loan.id)
        assert row.outstanding < 3_000_000
    # The part that was taken only in part is given up whole: 1.000.000 in four parts,
    # 250.000 and 60.000 of the next are gone.
    assert held(desk, application) == [("held", 500_000)]


def test_nobody_is_called_early_nor_for_more_than_is_held(
    desk: Desk, application: LoanApplication, guarantor: Member
) -> None:
    lender = desk.lender
    promise(desk, application, guarantor)
    lent(lender, application, dpd=29)
    with pytest.raises(contract.LoanNotLateEnough):
        call_of(desk, application, 310_000, desk.analyst)
    with lender.database.tenant(lender.id) as session:
        session.execute(text("UPDATE loans SET dpd = 30"))
    with pytest.raises(contract.CallTooLarge):
        call_of(desk, application, 1_000_001, desk.analyst)

    call = call_of(desk, application, 310_000, desk.analyst)

    with pytest.raises(contract.GuaranteeNotReady):
        call_of(desk, application, 1, desk.analyst)
    weak = replace(lender.staff("bendahara"), strong_until=0)
    with pytest.raises(StepUpRequired):
        approve(lender, weak, call["id"])
    chief = lender.staff("bendahara")
    rejected = lender.call(chief, "reject_guarantee_call", {"call_id": call["id"]})
    assert rejected["status"] == "rejected"
    with pytest.raises(contract.CallNotOpen):
        approve(lender, chief, call["id"])


def test_what_the_loan_does_not_need_any_more_goes_back(
    desk: Desk, application: LoanApplication, guarantor: Member
) -> None:
    lender = desk.lender
    promise(desk, application, guarantor)
    loan = lent(lender, application, dpd=40)
    call = call_of(desk, application, 310_000, desk.analyst)
    pay_back(lender, loan, 0, "settled")

    approved = approve(lender, lender.staff("bendahara"), call["id"])

    assert (approved["status"], approved["fault"]) == ("returned", "loan_not_active")
    assert lender.balance(guarantor.savings) == 1_500_000
    assert lender.balance("2-1350") == 0


def test_a_return_that_is_refused_is_tried_ever_less_often(
    desk: Desk, application: LoanApplication, guarantor: Member
) -> None:
    lender = desk.lender
    promise(desk, application, guarantor)
    loan = lent(lender, application, dpd=40)
    call = call_of(desk, application, 310_000, desk.analyst)
    pay_back(lender, loan, 0, "settled")
    lender.ledger.fault = AccountNotActive()
    approve(lender, lender.staff("bendahara"), call["id"])

    pauses = []
    for _ in range(3):
        sweep(lender)
        with lender.database.tenant(lender.id) as session:
            due_at = session.scalars(text("SELECT due_at FROM guarantee_calls")).one()
        pauses.append((due_at - clock.now()).total_seconds())

    assert all(later > 1.9 * before for before, later in pairwise(pauses))
    lender.ledger.fault = None
    sweep(lender)
    assert lender.balance(guarantor.savings) == 1_500_000


def test_a_call_that_was_cut_short_is_carried_on(
    desk: Desk, application: LoanApplication, guarantor: Member
) -> None:
    lender = desk.lender
    promise(desk, application, guarantor)
    lent(lender, application, dpd=40)
    call = call_of(desk, application, 310_000, desk.analyst)
    lender.ledger.fault = DeadlinePassed()

    # What is held is taken; the repayment does not get through.
    approved = approve(lender, lender.staff("bendahara"), call["id"])
    assert approved["status"] == "paying"
    assert lender.balance("2-1350") == 310_000
    lender.ledger.fault = None
    sweep(lender)

    assert lender.balance("2-1350") == 0
    found = lender.call(desk.analyst, "get_guarantee_call", {"call_id": call["id"]})
    assert found["status"] == "paid"
