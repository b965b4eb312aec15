"""Simpanan pokok and wajib: paid once, paid by months, owed, and paid back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from services.members import operations
from services.members.operations import dues
from services.shared import clock
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.members import dues as contract
from services.shared.contracts.members import products as products_contract
from services.shared.contracts.members.cash import DrawerShort
from services.shared.errors import (
    IdempotencyKeyReused,
    NotFound,
    OutcomeUnknown,
    SameProposer,
)
from tests.factories.counter import Counter as Desk
from tests.factories.counter import actor as actor_of
from tests.factories.counter import staff
from tests.factories.members import Tenant, World, idempotency
from tests.factories.savings import Calendar, Counter, calendar_at

POKOK = 100_000
WAJIB = 20_000


@pytest.fixture
def calendar(tmp_path: Path) -> Iterator[Calendar]:
    with calendar_at(tmp_path / "hari-ini", "2026-11-05") as calendar:
        yield calendar


@pytest.fixture
def counter(tenant: Tenant, calendar: Calendar) -> Counter:
    """A cooperative that asks for Rp 100.000 once and Rp 20.000 a month (R109)."""
    counter = Counter(tenant=tenant)
    counter.set_term("pokok", POKOK, "2026-11-01")
    counter.set_term("wajib", WAJIB, "2026-11-01")
    return counter


@pytest.fixture
def member_id(counter: Counter) -> str:
    """A candidate: who pays becomes a member."""
    candidate: str = counter.tenant.register_member()["id"]
    return candidate


def held(counter: Counter, member_id: str) -> tuple[int, int]:
    """What the ledger holds for a member of both kinds."""
    keys = [
        dues.account_key(counter.tenant.id, kind, member_id)
        for kind in ("pokok", "wajib")
    ]
    balances = counter.tenant.ledger.get_balances({"keys": keys})
    first, second = (balances.get(key, {"balance": 0})["balance"] for key in keys)
    return first, second


def cash(counter: Counter) -> int:
    key = ledger_contract.chart_account(counter.tenant.id, ledger_contract.CASH)
    balance: int = counter.tenant.ledger.get_balances({"keys": [key]})[key]["balance"]
    return balance


def active(
    counter: Counter,
    name: str = "Budi Santoso",
    joined: str = "2026-11-03",
    **body: Any,
) -> str:
    """A member since a day of the simulated calendar, who has paid nothing yet.

    Moments are not simulated, and who has not paid is not activated: both are written
    by hand, for what a cooperative brings along from the time before the hub.
    """
    member_id: str = counter.tenant.register_member(name, **body)["id"]
    with counter.tenant.world.members.tenant(counter.tenant.id) as session:
        session.connection().exec_driver_sql(
            "UPDATE members SET status = 'active', activated_at = %s WHERE id = %s",
            (joined, member_id),
        )
    return member_id


def months(paid: dict[str, Any]) -> list[str]:
    return [str(month)[:7] for month in paid["months"]]


def test_a_candidate_pays_what_it_takes_to_become_a_member(
    world: World, counter: Counter, member_id: str
) -> None:
    def missing() -> dict[str, int]:
        with world.members.tenant(counter.tenant.id) as session:
            return dues.missing_for_entry(
                session, counter.tenant.id, member_id, clock.business_date()
            )

    assert missing() == {"pokok": POKOK, "wajib": WAJIB}
    counter.pay(member_id, "pokok")
    assert missing() == {"wajib": WAJIB}
    first = counter.pay(member_id, "wajib")

    assert missing() == {}
    assert months(first) == ["2026-11"]
    assert held(counter, member_id) == (POKOK, WAJIB)
    assert cash(counter) == POKOK + WAJIB


def test_a_cooperative_that_asks_nothing_misses_nothing(
    world: World, tenant: Tenant, calendar: Calendar
) -> None:
    member_id = tenant.register_member()["id"]

    with world.members.tenant(tenant.id) as session:
        assert (
            dues.missing_for_entry(session, tenant.id, member_id, clock.business_date())
            == {}
        )
    with pytest.raises(contract.ContributionNotAsked):
        Counter(tenant=tenant).pay(member_id, "pokok")
    with pytest.raises(contract.ContributionNotAsked):
        Counter(tenant=tenant).pay(member_id, "wajib")


def test_simpanan_pokok_is_paid_once(counter: Counter, member_id: str) -> None:
    counter.pay(member_id, "pokok")

    with pytest.raises(contract.PrincipalAlreadyPaid):
        counter.pay(member_id, "pokok")
    assert held(counter, member_id) == (POKOK, 0)


def test_the_database_itself_refuses_a_second_simpanan_pokok(
    world: World, counter: Counter, member_id: str
) -> None:
    counter.pay(member_id, "pokok")

    with (
        pytest.raises(DBAPIError) as caught,
        world.members.tenant(counter.tenant.id) as session,
    ):
        session.connection().exec_driver_sql(
            "INSERT INTO contributions SELECT 'con_x', cooperative_id, member_id, kind,"
            " amount, source_account, channel, reference, business_date, 'jrn_x',"
            " state, refusal, recorded_at, recorded_by FROM contributions"
        )
    assert isinstance(caught.value.orig, psycopg.errors.UniqueViolation)


def test_another_amount_than_the_one_for_all_is_refused(
    counter: Counter, member_id: str
) -> None:
    with pytest.raises(contract.ContributionAmountWrong) as caught:
        counter.pay(member_id, "pokok", amount=POKOK - 1)

    assert caught.value.details == {"possible": [POKOK]}
    assert held(counter, member_id) == (0, 0)


def test_simpanan_wajib_pays_the_oldest_months_first_and_then_ahead(
    counter: Counter, calendar: Calendar, member_id: str
) -> None:
    counter.pay(member_id, "pokok")
    counter.pay(member_id)
    operations.activate_member(
        counter.tenant.world.members, counter.tenant.actor, member_id
    )
    calendar.turn_to("2027-01-15")
    counter.run("dues", "2027-01-15")

    assert months(counter.pay(member_id)) == ["2026-12"]
    assert months(counter.pay(member_id, periods=3)) == [
        "2027-01",
        "2027-02",
        "2027-03",
    ]
    assert held(counter, member_id) == (POKOK, 5 * WAJIB)


@pytest.mark.parametrize(
    ("amount", "possible"),
    [
        pytest.param(WAJIB - 1, [WAJIB], id="less than a month"),
        pytest.param(WAJIB + 1, [WAJIB, 2 * WAJIB], id="inside the second month"),
        pytest.param(37 * WAJIB, [36 * WAJIB], id="more than three years"),
    ],
)
def test_simpanan_wajib_is_paid_by_whole_months(
    counter: Counter, member_id: str, amount: int, possible: list[int]
) -> None:
    with pytest.raises(contract.ContributionAmountWrong) as caught:
        counter.pay(member_id, amount=amount)

    assert caught.value.details == {"possible": possible}
    assert held(counter, member_id) == (0, 0)


def test_an_amount_of_whole_months_pays_them(counter: Counter, member_id: str) -> None:
    assert months(counter.pay(member_id, amount=3 * WAJIB)) == [
        "2026-11",
        "2026-12",
        "2027-01",
    ]


def test_months_ahead_are_paid_at_the_amount_that_is_decided_for_them(
    counter: Counter, member_id: str
) -> None:
    counter.set_term("wajib", 25_000, "2026-12-01")

    assert counter.pay(member_id, periods=2)["amount"] == 45_000


def test_a_repeated_payment_is_one_payment(counter: Counter, member_id: str) -> None:
    first = counter.pay(member_id, key="sekali")
    again = counter.pay(member_id, key="sekali")

    assert again == first | {"replayed": True}
    assert held(counter, member_id) == (0, WAJIB)
    with pytest.raises(IdempotencyKeyReused):
        counter.pay(member_id, key="sekali", periods=2)


@pytest.mark.parametrize("did_post", [True, False])
def test_a_payment_that_was_cut_off_is_finished_by_the_sweep(
    counter: Counter,
    member_id: str,
    did_post: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger = counter.tenant.ledger
    post = ledger.post_journal

    def cut_off(command: dict[str, Any]) -> dict[str, Any]:
        if did_post:
            post(command)
        raise OutcomeUnknown

    monkeypatch.setattr(ledger, "post_journal", cut_off)
    with pytest.raises(OutcomeUnknown):
        counter.pay(member_id, key="putus")
    monkeypatch.setattr(ledger, "post_journal", post)
    monkeypatch.setattr(dues.finishing, "LEFT_BEHIND", timedelta(seconds=-1))

    dues.sweep(counter.tenant.world.members, lambda _cooperative: ledger)

    assert held(counter, member_id) == (0, WAJIB)
    assert counter.pay(member_id, key="putus")["state"] == "posted"
    assert held(counter, member_id) == (0, WAJIB)


def test_what_the_ledger_refuses_leaves_the_months_owed(
    counter: Counter, member_id: str
) -> None:
    """A contribution out of a savings account that does not hold enough."""
    tenant = counter.tenant
    number = counter.account_of(active(counter))
    payment = dues.Payment(
        id=f"con_{member_id}",
        member_id=member_id,
        kind="wajib",
        channel="savings",
        source_account=number,
    )

    for _ in range(2):
        with pytest.raises(ledger_contract.InsufficientFunds):
            dues.record(tenant.world.members, tenant.ledger, tenant.actor, payment)

    assert counter.dues_of(member_id)["items"][0]["state"] == "open"
    assert months(counter.pay(member_id)) == ["2026-11"]


def test_a_payment_with_an_id_is_recorded_once(
    counter: Counter, member_id: str
) -> None:
    tenant = counter.tenant
    number = counter.account_of(active(counter))
    tenant.deposit(number, 50_000)
    payment = dues.Payment(
        id=f"con_{member_id}",
        member_id=member_id,
        kind="wajib",
        channel="savings",
        source_account=number,
    )

    answers = [
        dues.record(tenant.world.members, tenant.ledger, tenant.actor, payment)
        for _ in range(2)
    ]

    assert answers[0] == answers[1]
    assert held(counter, member_id) == (0, WAJIB)
    assert counter.balance(number) == 30_000


def test_equity_is_reached_by_nothing_that_takes_account_numbers(
    counter: Counter, member_id: str
) -> None:
    counter.pay(member_id, "pokok")
    key = dues.account_key(counter.tenant.id, "pokok", member_id)

    with pytest.raises(NotFound):
        counter.tenant.withdraw(key, 1)


def test_a_mistake_is_cancelled_by_somebody_else(
    counter: Counter, member_id: str
) -> None:
    paid = counter.pay(member_id, "pokok")

    with pytest.raises(SameProposer):
        counter.cancel(paid["id"], counter.actor)
    assert counter.cancel(paid["id"])["state"] == "cancelled"

    assert held(counter, member_id) == (0, 0)
    assert cash(counter) == 0
    # Simpanan pokok may be paid again, by whom it was meant for.
    counter.pay(member_id, "pokok")


def test_a_drawer_without_the_cash_does_not_keep_a_mistake_for_ever(
    counter: Counter, member_id: str
) -> None:
    tenant, desk = counter.tenant, Desk(tenant=counter.tenant)
    paid = counter.pay(member_id, "pokok")
    chief = staff(tenant, "bendahara")
    shift = desk.open_shift(chief, float_amount=POKOK - 1)

    def cancel(key: str) -> dict[str, Any]:
        return dues.cancel_contribution(
            tenant.world.members,
            tenant.ledger,
            actor_of(chief),
            {
                "contribution_id": paid["id"],
                "reason": "Salah anggota",
                "idempotency": idempotency("cancel", paid["id"], key),
            },
            chief,
        )

    with pytest.raises(DrawerShort):
        cancel("batal-1")
    desk.move_cash(chief, shift["id"], "in", 1)

    assert cancel("batal-2")["state"] == "cancelled"
    assert cancel("batal-1")["state"] == "cancelled"
    assert held(counter, member_id) == (0, 0)
    assert desk.drawers()[0]["balance"] == 0


@pytest.mark.parametrize("did_post", [True, False])
def test_a_cancellation_that_was_cut_off_is_finished_by_the_sweep(
    counter: Counter,
    member_id: str,
    did_post: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paid = counter.pay(member_id)
    ledger = counter.tenant.ledger
    post = ledger.post_journal

    def cut_off(command: dict[str, Any]) -> dict[str, Any]:
        if did_post:
            post(command)
        raise OutcomeUnknown

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "post_journal", cut_off)
        with pytest.raises(OutcomeUnknown):
            counter.cancel(paid["id"])

    for _ in range(2):
        dues.sweep(counter.tenant.world.members, lambda _cooperative: ledger)

    assert held(counter, member_id) == (0, 0)
    assert cash(counter) == 0
    assert counter.dues_of(member_id)["items"][0]["state"] == "open"
    assert counter.cancel(paid["id"])["state"] == "cancelled"


def test_cancelled_months_are_owed_again(counter: Counter, member_id: str) -> None:
    paid = counter.pay(member_id, periods=2)
    counter.cancel(paid["id"])
    counter.cancel(paid["id"])

    assert held(counter, member_id) == (0, 0)
    assert {due["state"] for due in counter.dues_of(member_id)["items"]} == {"open"}
    assert months(counter.pay(member_id)) == ["2026-11"]


def test_another_cooperatives_member_and_contribution_do_not_exist(
    counter: Counter, neighbour: Tenant, member_id: str
) -> None:
    paid = counter.pay(member_id)
    stranger = Counter(tenant=neighbour)

    with pytest.raises(NotFound):
        stranger.pay(member_id)
    with pytest.raises(NotFound):
        stranger.dues_of(member_id)
    with pytest.raises(contract.ContributionNotFound):
        stranger.cancel(paid["id"])


def test_every_active_member_owes_each_month_once(
    counter: Counter, calendar: Calendar
) -> None:
    member_id = active(counter)
    counter.tenant.register_member("Calon Anggota")

    assert counter.run("dues", "2026-11-05") == 1
    assert counter.run("dues", "2026-11-05") == 0
    assert counter.run("dues", "2027-01-01") == 2

    owed = counter.dues_of(member_id)["items"]
    assert [due["month"] for due in owed] == ["2027-01-01", "2026-12-01", "2026-11-01"]
    assert {due["amount"] for due in owed} == {WAJIB}
    assert owed[0]["due_on"] == "2027-01-10"


def test_nobody_owes_for_months_before_joining(counter: Counter) -> None:
    member_id = active(counter, joined="2027-02-20")

    counter.run("dues", "2027-03-01")

    owed = counter.dues_of(member_id)["items"]
    assert [due["month"] for due in owed] == ["2027-03-01", "2027-02-01"]


def test_arrears_are_listed_until_they_are_paid(
    counter: Counter, calendar: Calendar
) -> None:
    late, paid = active(counter), active(counter, "Siti Aminah")
    calendar.turn_to("2026-12-11")
    counter.run("dues", "2026-12-11")
    counter.pay(paid, periods=2)

    assert counter.arrears() == [
        {
            "member_id": late,
            "number": f"{counter.tenant.code}-000001",
            "name": "Budi Santoso",
            "months": 2,
            "amount": 2 * WAJIB,
            "oldest_month": "2026-11-01",
            "oldest_due_on": "2026-11-10",
        }
    ]
    assert counter.arrears(as_of=date(2026, 12, 10))[0]["months"] == 1
    assert counter.dues_of(late)["arrears_amount"] == 2 * WAJIB
    counter.pay(late, periods=2)
    assert counter.arrears() == []


def test_a_member_is_told_before_and_after_a_month_is_due_once_each(
    world: World, counter: Counter
) -> None:
    member_id = active(counter, email="budi@contoh.id")
    counter.run("dues", "2026-11-05")

    told = [
        counter.run("dues_reminders", f"2026-11-{day:02d}")
        for day in (6, 7, 8, 10, 11, 12)
    ]

    assert told == [0, 1, 0, 0, 1, 0]
    (soon,) = world.events("dues_reminded", member_id=member_id)
    (late,) = world.events("dues_overdue", member_id=member_id)
    assert soon["due_on"] == late["due_on"] == "2026-11-10"
    with world.members.hub() as session:
        templates = session.connection().exec_driver_sql(
            "SELECT template FROM notifications WHERE cooperative_id = %s ORDER BY id",
            (counter.tenant.id,),
        )
        assert [row[0] for row in templates] == ["dues_reminder", "dues_overdue"]


def test_who_has_paid_is_not_reminded(world: World, counter: Counter) -> None:
    member_id = active(counter)
    counter.pay(member_id)

    assert counter.run("dues_reminders", "2026-11-08") == 0


def leave(counter: Counter, member_id: str, key: str = "keluar") -> list[str]:
    return dues.pay_back_contributions(
        counter.tenant.world.members,
        counter.tenant.ledger,
        counter.tenant.id,
        member_id,
        "cash",
        key,
    )


def test_contributions_are_paid_back_once_when_a_membership_ends(
    counter: Counter, member_id: str
) -> None:
    counter.pay(member_id, "pokok")
    counter.pay(member_id, periods=2)

    first, again = leave(counter, member_id), leave(counter, member_id)

    assert len(first) == 2
    assert again == first
    assert held(counter, member_id) == (0, 0)
    assert cash(counter) == 0


def test_what_was_cut_off_is_paid_back_whole_and_once(
    counter: Counter, member_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.pay(member_id, "pokok")
    counter.pay(member_id)
    ledger = counter.tenant.ledger
    post, calls = ledger.post_journal, []

    def cut_off(command: dict[str, Any]) -> dict[str, Any]:
        calls.append(command)
        posted = post(command)
        if len(calls) == 1:
            raise OutcomeUnknown
        return posted

    monkeypatch.setattr(ledger, "post_journal", cut_off)
    with pytest.raises(OutcomeUnknown):
        leave(counter, member_id)

    assert len(leave(counter, member_id)) == 2
    assert held(counter, member_id) == (0, 0)
    assert cash(counter) == 0


def test_who_has_paid_nothing_is_paid_nothing_back(
    counter: Counter, member_id: str
) -> None:
    assert leave(counter, member_id) == []


@pytest.mark.parametrize(
    ("kind", "valid_from"),
    [
        pytest.param("wajib", "2026-11-01", id="a month that has begun"),
        pytest.param("pokok", "2026-10-01", id="a month that is over"),
    ],
)
def test_what_is_in_force_is_not_changed(
    counter: Counter, kind: str, valid_from: str
) -> None:
    with pytest.raises(products_contract.TermTooEarly):
        counter.set_term(kind, 50_000, valid_from)


def test_a_contribution_is_not_reversed_behind_its_back(
    counter: Counter, member_id: str
) -> None:
    from services.ledger.operations import journals

    journal_id = counter.pay(member_id)["journal_id"]

    with pytest.raises(ledger_contract.JournalUndoneElsewhere):
        journals.reverse_journal(
            counter.tenant.world.ledger,
            counter.tenant.id,
            journal_id=journal_id,
            reason="Salah",
            idempotency={"operation": "reverse", "key": "1"},
        )
