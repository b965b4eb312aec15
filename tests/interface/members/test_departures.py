"""How memberships end, with the real ledger behind them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from services.members import operations
from services.members.operations import departures, dues
from services.members.operations.departures import Peers
from services.members.store import dues as dues_store
from services.shared import clock, identifiers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import loans as loans_contract
from services.shared.contracts import members as members_contract
from services.shared.contracts.members import dues as dues_contract
from services.shared.contracts.members import membership as contract
from services.shared.errors import (
    DeadlinePassed,
    NotFound,
    SameProposer,
    ServiceBusy,
)
from services.shared.identity import Actor
from tests.factories.counter import Counter
from tests.factories.members import PAGE, Tenant, World, idempotency
from tests.factories.membership import ask_contributions, audited, pay


class Loans:
    """A loans service that knows one debt, or does not answer."""

    def __init__(self, outstanding: int = 0, *, is_away: bool = False) -> None:
        self.outstanding = outstanding
        self.is_away = is_away

    def get_debt(self, command: dict[str, Any]) -> dict[str, Any]:
        loans_contract.GetDebt().load(command)
        if self.is_away:
            raise DeadlinePassed
        return {"outstanding": self.outstanding}


@pytest.fixture
def saver(tenant: Tenant) -> str:
    """A member who has paid contributions of 120.000."""
    ask_contributions(tenant, pokok=100_000, wajib=20_000)
    member_id: str = tenant.register_member()["id"]
    for kind in ("pokok", "wajib"):
        pay(tenant, member_id, kind)
    operations.activate_member(tenant.world.members, tenant.actor, member_id)
    return member_id


def peers(tenant: Tenant, loans: Loans | None = None) -> Peers:
    return Peers(ledger=tenant.ledger, loans=loans or Loans())


def approver(tenant: Tenant) -> Actor:
    return replace(tenant.actor, subject="usr_ketua")


def propose(
    tenant: Tenant, member_id: str, kind: str = "resigned", **more: Any
) -> dict[str, Any]:
    command = {
        "member_id": member_id,
        "kind": kind,
        "reason": "Pindah ke luar kota",
        "channel": "cash",
        "idempotency": None,
    }
    return departures.propose_departure(
        tenant.world.members, peers(tenant), tenant.actor, command | more
    )


def approve(
    tenant: Tenant, departure_id: str, loans: Loans | None = None
) -> dict[str, Any]:
    return departures.approve_departure(
        tenant.world.members, peers(tenant, loans), approver(tenant), departure_id
    )


def sweep(tenant: Tenant, monkeypatch: pytest.MonkeyPatch, minutes: int = 2) -> None:
    """What the timer does, some minutes later."""
    later = clock.now() + timedelta(minutes=minutes)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        departures.finish_departures(
            tenant.world.members, lambda cooperative_id: peers(tenant)
        )


def payout_journals(session: Session, member_id: str) -> set[str]:
    return {one.journal_id for one in dues_store.payouts(session, member_id)}


def held(tenant: Tenant, member_id: str) -> int:
    """What the cooperative still holds of the member's contributions."""
    keys = [dues.account_key(tenant.id, kind, member_id) for kind in ("pokok", "wajib")]
    balances = tenant.ledger.get_balances({"keys": keys})
    return sum(one["balance"] for one in balances.values())


def cash(tenant: Tenant) -> int:
    key = ledger_contract.chart_account(tenant.id, ledger_contract.CASH)
    balance: int = tenant.ledger.get_balances({"keys": [key]})[key]["balance"]
    return balance


def status(tenant: Tenant, member_id: str) -> str:
    command = PAGE | {"status": None}
    listed = operations.list_members(tenant.world.members, tenant.id, command)
    by_id: dict[str, str] = {one["id"]: one["status"] for one in listed["items"]}
    return by_id[member_id]


def test_who_leaves_gets_the_contributions_back_once(
    world: World, tenant: Tenant, saver: str
) -> None:
    proposed = propose(tenant, saver)
    assert (proposed["state"], proposed["blockers"]) == ("proposed", [])
    assert held(tenant, saver) == 120_000

    done = approve(tenant, proposed["id"])

    assert (done["state"], len(done["journal_ids"])) == ("completed", 2)
    assert (status(tenant, saver), held(tenant, saver)) == ("resigned", 0)
    assert approve(tenant, proposed["id"]) == done
    told = world.events("member_left", member_id=saver)
    assert [event["kind"] for event in told] == ["resigned"]
    assert [action for _, action in audited(tenant, proposed["id"])] == [
        "departure.proposed",
        "departure.approved",
        "departure.membership_ended",
        "departure.completed",
    ]


@pytest.mark.parametrize("kind", ["resigned", "expelled", "deceased"])
def test_the_way_of_leaving_is_the_status_afterwards(tenant: Tenant, kind: str) -> None:
    member_id = tenant.member()["id"]

    approve(tenant, propose(tenant, member_id, kind)["id"])

    assert status(tenant, member_id) == kind


def test_the_proposer_does_not_approve(tenant: Tenant) -> None:
    member_id = tenant.member()["id"]
    departure_id = propose(tenant, member_id)["id"]

    with pytest.raises(SameProposer):
        departures.approve_departure(
            tenant.world.members, peers(tenant), tenant.actor, departure_id
        )
    assert status(tenant, member_id) == "active"


def test_a_candidate_who_has_paid_is_refused_by_two_and_paid_back(
    tenant: Tenant,
) -> None:
    ask_contributions(tenant, pokok=100_000, wajib=20_000)
    member_id = tenant.register_member(nik="5171011708900001")["id"]
    pay(tenant, member_id, "pokok")

    with pytest.raises(contract.CannotLeaveThisWay):
        propose(tenant, member_id, "resigned")
    approve(tenant, propose(tenant, member_id, "refused")["id"])

    assert (status(tenant, member_id), held(tenant, member_id)) == ("refused", 0)
    # The person may apply again.
    assert tenant.register_member(nik="5171011708900001")


@pytest.mark.parametrize(
    ("kind", "may"), [("resigned", True), ("expelled", False), ("deceased", False)]
)
def test_only_who_resigned_may_apply_again(
    tenant: Tenant, kind: str, *, may: bool
) -> None:
    member_id = tenant.member(nik="5171011708900001")["id"]
    approve(tenant, propose(tenant, member_id, kind)["id"])

    if may:
        assert tenant.register_member(nik="5171011708900001")
    else:
        with pytest.raises(members_contract.DuplicateNik):
            tenant.register_member(nik="5171011708900001")


def test_nobody_leaves_with_money_in_an_account(tenant: Tenant) -> None:
    number = tenant.account(balance=5_000)
    member_id = tenant.get_account(number)["member_id"]
    proposed = propose(tenant, member_id)

    assert [one["code"] for one in proposed["blockers"]] == ["account_not_empty"]
    with pytest.raises(contract.DepartureBlocked) as caught:
        approve(tenant, proposed["id"])
    (error,) = caught.value.details["errors"]
    assert number in error["detail"]

    tenant.withdraw(number, 5_000)
    assert approve(tenant, proposed["id"])["state"] == "completed"
    assert tenant.get_account(number)["status"] == "closed"


def test_nobody_leaves_while_owing(tenant: Tenant, saver: str) -> None:
    departure_id = propose(tenant, saver)["id"]

    with pytest.raises(contract.DepartureBlocked) as caught:
        approve(tenant, departure_id, Loans(1_500_000))

    (error,) = caught.value.details["errors"]
    assert error["code"] == "member_owes"
    assert held(tenant, saver) == 120_000
    assert approve(tenant, departure_id, Loans(0))["state"] == "completed"


def test_no_answer_about_debts_is_not_none(tenant: Tenant, saver: str) -> None:
    departure_id = propose(tenant, saver)["id"]

    with pytest.raises(loans_contract.LoansUnavailable):
        approve(tenant, departure_id, Loans(is_away=True))

    assert (status(tenant, saver), held(tenant, saver)) == ("active", 120_000)


def test_one_departure_at_a_time(tenant: Tenant) -> None:
    member_id = tenant.member()["id"]
    propose(tenant, member_id)

    with pytest.raises(contract.DepartureRunning):
        propose(tenant, member_id, "expelled")


def test_a_repeated_proposal_is_one(tenant: Tenant) -> None:
    member_id = tenant.member()["id"]
    part = idempotency("POST /v1/members/x/departures", "resigned")

    first = propose(tenant, member_id, idempotency=part)

    assert propose(tenant, member_id, idempotency=part) == first | {"replayed": True}


def test_who_thinks_better_of_it_stays(tenant: Tenant, saver: str) -> None:
    departure_id = propose(tenant, saver)["id"]

    withdrawn = departures.withdraw_departure(
        tenant.world.members, tenant.actor, departure_id
    )

    assert withdrawn["state"] == "withdrawn"
    with pytest.raises(contract.DepartureDecided):
        approve(tenant, departure_id)
    assert (status(tenant, saver), held(tenant, saver)) == ("active", 120_000)
    assert propose(tenant, saver)["state"] == "proposed"


def test_what_is_completed_is_not_withdrawn(tenant: Tenant) -> None:
    departure_id = propose(tenant, tenant.member()["id"])["id"]
    approve(tenant, departure_id)

    with pytest.raises(contract.DepartureDecided):
        departures.withdraw_departure(tenant.world.members, tenant.actor, departure_id)


@pytest.mark.parametrize("step", ["_close_accounts", "_end_membership", "_complete"])
def test_killed_between_two_steps_the_sweep_finishes_it(
    tenant: Tenant, saver: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    departure_id = propose(tenant, saver)["id"]

    class Killed(BaseException):
        """The process dies here."""

    def die(*args: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(departures, step, die)
        with pytest.raises(Killed):
            approve(tenant, departure_id)

    sweep(tenant, monkeypatch)

    found = departures.get_departure(
        tenant.world.members, peers(tenant), tenant.id, departure_id
    )
    assert (found["state"], len(found["journal_ids"])) == ("completed", 2)
    assert (status(tenant, saver), held(tenant, saver)) == ("resigned", 0)


def test_while_the_ledger_is_away_it_waits_and_is_finished_later(
    tenant: Tenant, saver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    departure_id = propose(tenant, saver)["id"]
    monkeypatch.setattr(departures, "_close_accounts", lambda *args: None)
    tenant.ledger.fault = ServiceBusy()
    with pytest.raises(ServiceBusy):
        approve(tenant, departure_id)
    sweep(tenant, monkeypatch)
    assert status(tenant, saver) == "resigned"

    tenant.ledger.fault = None
    sweep(tenant, monkeypatch, minutes=4)

    assert held(tenant, saver) == 0
    assert approve(tenant, departure_id)["state"] == "completed"


def test_money_that_comes_in_at_the_last_moment_stops_it(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = tenant.account()
    member_id = tenant.get_account(number)["member_id"]
    departure_id = propose(tenant, member_id)["id"]
    decide = departures._approve

    def decide_too_late(*args: Any) -> None:
        decide(*args)
        tenant.deposit(number, 5_000)

    monkeypatch.setattr(departures, "_approve", decide_too_late)
    with pytest.raises(contract.DepartureBlocked):
        approve(tenant, departure_id)

    assert status(tenant, member_id) == "active"
    found = departures.get_departure(
        tenant.world.members, peers(tenant), tenant.id, departure_id
    )
    assert (found["state"], found["approved_by"]) == ("proposed", None)
    assert [one["code"] for one in found["blockers"]] == ["account_not_empty"]


def test_a_contribution_cancelled_at_the_last_moment_is_not_paid_back_too(
    tenant: Tenant, saver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was begun while the member was one, and reached the ledger late."""
    departure_id = propose(tenant, saver)["id"]
    pokok = dues.account_key(tenant.id, "pokok", saver)
    decide = dues.payouts._decided_payouts

    def decide_too_early(*args: Any) -> Any:
        decided = decide(*args)
        _withdraw_past_everything(tenant, pokok, 100_000)
        return decided

    with monkeypatch.context() as patch:
        patch.setattr(dues.payouts, "_decided_payouts", decide_too_early)
        with pytest.raises(ledger_contract.InsufficientFunds):
            approve(tenant, departure_id)
    sweep(tenant, monkeypatch, minutes=31)

    assert approve(tenant, departure_id)["state"] == "completed"
    assert held(tenant, saver) == 0
    assert tenant.ledger.get_balances({"keys": [pokok]})[pokok]["status"] == "closed"


def test_a_refusal_of_the_ledger_does_not_keep_the_money_for_ever(
    tenant: Tenant, saver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    departure_id = propose(tenant, saver)["id"]
    wajib = dues.account_key(tenant.id, "wajib", saver)
    tenant.ledger.set_status({"key": wajib, "status": "frozen"})
    with pytest.raises(ledger_contract.AccountNotActive):
        approve(tenant, departure_id)
    with tenant.world.members.hub() as session:
        refused = payout_journals(session, saver)
    # What was refused is not tried again at once: each try is another journal.
    sweep(tenant, monkeypatch)
    sweep(tenant, monkeypatch, minutes=10)
    with tenant.world.members.hub() as session:
        assert payout_journals(session, saver) == refused

    tenant.ledger.set_status({"key": wajib, "status": "active"})
    sweep(tenant, monkeypatch, minutes=31)

    found = departures.get_departure(
        tenant.world.members, peers(tenant), tenant.id, departure_id
    )
    assert found["state"] == "completed"
    assert held(tenant, saver) == 0
    assert cash(tenant) == 0


def test_who_leaves_has_no_contribution_cancelled(tenant: Tenant) -> None:
    ask_contributions(tenant, pokok=100_000, wajib=20_000)
    member_id = tenant.register_member()["id"]
    paid = [pay(tenant, member_id, kind) for kind in ("pokok", "wajib")]
    operations.activate_member(tenant.world.members, tenant.actor, member_id)
    approve(tenant, propose(tenant, member_id)["id"])

    with pytest.raises(dues_contract.MembershipEnded):
        dues.cancel_contribution(
            tenant.world.members,
            tenant.ledger,
            approver(tenant),
            {
                "contribution_id": paid[0]["id"],
                "reason": "Salah anggota",
                "idempotency": None,
            },
        )


def test_a_deposit_placed_at_the_last_moment_stops_it(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = Counter(tenant=tenant)
    number = tenant.account(balance=1_000_000)
    account = tenant.get_account(number)
    product = counter.product()["id"]
    departure_id = propose(tenant, account["member_id"])["id"]
    look = departures._blockers

    def look_too_early(*args: Any) -> Any:
        tenant.withdraw(number, 1_000_000)
        found = look(*args)
        tenant.deposit(number, 1_000_000)
        counter.place(account, product, 1_000_000)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(departures, "_blockers", look_too_early)
        with pytest.raises(contract.DepartureBlocked):
            approve(tenant, departure_id)

    found = departures.get_departure(
        tenant.world.members, peers(tenant), tenant.id, departure_id
    )
    assert found["state"] == "proposed"


def _withdraw_past_everything(tenant: Tenant, key: str, amount: int) -> None:
    cash_key = ledger_contract.chart_account(tenant.id, ledger_contract.CASH)
    tenant.ledger.post_journal(
        {
            "id": identifiers.new("jrn"),
            "kind": "contribution_cancelled",
            "description": "Pembatalan setoran",
            "business_date": clock.business_date().isoformat(),
            "reference": None,
            "postings": [[key, cash_key, amount]],
        }
    )


def test_who_is_leaving_opens_no_account(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    member_id = tenant.member()["id"]
    departure_id = propose(tenant, member_id)["id"]
    tenant.open_account(member_id)
    departures._approve(tenant.world.members, approver(tenant), departure_id)

    with pytest.raises(members_contract.MemberNotActive):
        tenant.open_account(member_id)
    approve(tenant, departure_id)
    with pytest.raises(members_contract.MemberNotActive):
        tenant.open_account(member_id)


def test_who_has_left_pays_no_contributions(tenant: Tenant, saver: str) -> None:
    approve(tenant, propose(tenant, saver)["id"])

    with pytest.raises(dues_contract.MembershipEnded):
        pay(tenant, saver, "wajib")


def test_anothers_departure_does_not_exist(tenant: Tenant, neighbour: Tenant) -> None:
    theirs = neighbour.member()["id"]
    departure_id = propose(neighbour, theirs)["id"]

    with pytest.raises(NotFound):
        propose(tenant, theirs)
    with pytest.raises(NotFound):
        approve(tenant, departure_id)
    with pytest.raises(NotFound):
        departures.withdraw_departure(tenant.world.members, tenant.actor, departure_id)
    listed = departures.list_departures(
        tenant.world.members, tenant.id, PAGE | {"state": None}
    )
    assert listed["items"] == []


def test_a_candidate_whose_refusal_is_decided_is_not_activated(
    tenant: Tenant,
) -> None:
    world, member_id = tenant.world, tenant.register_member()["id"]
    departure_id = propose(tenant, member_id, "refused")["id"]
    departures._approve(world.members, approver(tenant), departure_id)

    with pytest.raises(contract.DepartureRunning):
        operations.activate_member(world.members, tenant.actor, member_id)

    assert approve(tenant, departure_id)["state"] == "completed"
    assert status(tenant, member_id) == "refused"


def test_a_refusal_of_who_was_activated_meanwhile_is_given_up(tenant: Tenant) -> None:
    world, member_id = tenant.world, tenant.register_member()["id"]
    departure_id = propose(tenant, member_id, "refused")["id"]
    operations.activate_member(world.members, tenant.actor, member_id)

    with pytest.raises(contract.CannotLeaveThisWay):
        approve(tenant, departure_id)
    withdrawn = departures.withdraw_departure(world.members, tenant.actor, departure_id)
    assert (withdrawn["state"], status(tenant, member_id)) == ("withdrawn", "active")


def test_an_account_opened_at_the_last_moment_stops_it(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    member_id = tenant.member()["id"]
    departure_id = propose(tenant, member_id)["id"]
    # As if the account had been opened just before the approval was committed.
    monkeypatch.setattr(departures, "_close_accounts", lambda *args: None)
    tenant.open_account(member_id)

    with pytest.raises(contract.DepartureBlocked):
        approve(tenant, departure_id)
    assert status(tenant, member_id) == "active"

    monkeypatch.undo()
    assert approve(tenant, departure_id)["state"] == "completed"
