"""Payments into virtual accounts: what is believed, what is credited, and only once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.members import operations
from services.members.operations import payments
from services.shared.contracts import members as members_contract
from services.shared.contracts.ledger import AccountNotActive
from services.shared.contracts.members import payments as contract
from services.shared.contracts.members.dues import ContributionNotAsked
from services.shared.errors import (
    BusUnavailable,
    IdempotencyKeyReused,
    NotFound,
)
from services.shared.identity import Identity
from tests.factories.counter import later
from tests.factories.members import PAGE, Tenant, idempotency
from tests.factories.payments import PHONE, Desk, open_desk
from tests.factories.savings import Counter, calendar_at


@pytest.fixture
def desk(tenant: Tenant) -> Iterator[Desk]:
    """A cooperative that takes payments."""
    opened, stops = open_desk(tenant)
    yield opened
    for stop in stops:
        stop()


@pytest.fixture
def number(desk: Desk) -> str:
    """The savings account of a member whom the provider can reach."""
    return account_of(desk, "Budi Santoso")


def account_of(desk: Desk, name: str) -> str:
    member = desk.tenant.member(name, phone=PHONE, email="budi@contoh.id")
    opened: str = desk.tenant.open_account(member["id"])["number"]
    return opened


def credited(desk: Desk, payment: dict[str, Any]) -> dict[str, Any]:
    """The payment after the sweep, which must have credited it."""
    desk.sweep()
    shown = desk.show(payment)
    assert shown["state"] == "credited", shown
    return shown


def balance(desk: Desk, number: str) -> int:
    found: int = desk.tenant.get_account(number)["balance"]
    return found


def test_a_virtual_account_is_made_by_the_provider(desk: Desk, number: str) -> None:
    payment = desk.ask_deposit(number, 250_000)

    assert payment["state"] == "pending"
    assert payment["payment_number"].startswith("8888")
    assert (payment["amount"], payment["fee"], payment["total"]) == (
        250_000,
        4_000,
        254_000,
    )
    contract.Payment().load(payment)
    asked = desk.provider.transactions[desk.transaction_of(payment)]
    assert (asked.reference, asked.amount) == (payment["id"], 250_000)
    assert asked.notify_url == f"{desk.hub.url}/v1/callbacks/ipaymu"


def test_what_was_paid_is_credited_and_booked_on_the_way(
    desk: Desk, number: str
) -> None:
    payment = desk.ask_deposit(number, 250_000)

    assert desk.pay(payment) == [200]
    shown = credited(desk, payment)

    assert balance(desk, number) == 250_000
    assert (desk.wallet(), desk.held()) == (250_000, 0)
    assert shown["credited"] == 250_000
    assert shown["journal_id"]
    [kept] = desk.callbacks(payment)
    assert (kept["verdict"], kept["is_signed"]) == ("accepted", True)
    [told] = desk.tenant.world.events("payment_credited", payment_id=payment["id"])
    assert contract.PaymentEvent().load(told)["amount"] == 250_000


def test_the_payer_is_told_by_e_mail(desk: Desk, number: str) -> None:
    payment = desk.ask_deposit(number)
    desk.pay(payment)
    credited(desk, payment)

    with desk.tenant.world.members.tenant(desk.tenant.id) as session:
        templates = list(session.scalars(text("SELECT template FROM notifications")))
    assert templates.count("payment_credited") == 1


def test_the_payers_contact_is_kept_no_longer_than_needed(
    desk: Desk, number: str
) -> None:
    payment = desk.ask_deposit(number)

    with desk.tenant.world.members.tenant(desk.tenant.id) as session:
        kept = session.execute(
            text("SELECT payer FROM payments WHERE id = :id"), {"id": payment["id"]}
        )
        assert kept.scalar_one() is None


def test_without_any_callback_the_sweep_finds_the_money(
    desk: Desk, number: str
) -> None:
    payment = desk.ask_deposit(number)
    assert desk.pay(payment, is_called_back=False) == []

    desk.make_due(payment)

    credited(desk, payment)
    assert balance(desk, number) == 100_000


def test_staff_may_ask_the_provider_at_once(desk: Desk, number: str) -> None:
    payment = desk.ask_deposit(number)
    desk.pay(payment, is_called_back=False)

    shown = payments.check_payment(desk.till, desk.tenant.id, payment["id"])

    assert shown["state"] == "credited"


def test_a_callback_that_comes_again_credits_nothing_again(
    desk: Desk, number: str
) -> None:
    payment = desk.ask_deposit(number)
    assert desk.pay(payment, repeat=3) == [200, 200, 200]
    credited(desk, payment)

    assert desk.pay(payment) == [200]
    desk.sweep()

    assert balance(desk, number) == 100_000
    assert desk.callbacks(payment)[-1]["verdict"] == "repeated"


def test_a_callback_about_what_was_not_paid_changes_nothing(
    desk: Desk, number: str
) -> None:
    payment = desk.ask_deposit(number)

    assert desk.pay(payment, is_paid=False) == [200]
    desk.sweep()

    assert desk.show(payment)["state"] == "pending"
    assert (balance(desk, number), desk.wallet()) == (0, 0)


@pytest.mark.parametrize(
    ("lie", "verdict"),
    [
        pytest.param({"amount": 9_000_000}, "wrong_amount", id="wrong amount"),
        pytest.param({"trx_id": 999}, "wrong_transaction", id="other transaction"),
        pytest.param({"signature": "0" * 64}, "accepted", id="bad signature"),
    ],
)
def test_a_lie_is_kept_and_moves_nothing(
    desk: Desk, number: str, lie: dict[str, Any], verdict: str
) -> None:
    payment = desk.ask_deposit(number)

    assert desk.pay(payment, is_paid=False, **lie) == [200]
    desk.sweep()

    assert (balance(desk, number), desk.wallet()) == (0, 0)
    [kept] = desk.callbacks(payment)
    assert (kept["verdict"], kept["is_signed"]) == (verdict, "signature" not in lie)


def test_a_callback_with_an_unknown_reference_is_kept(desk: Desk, number: str) -> None:
    payment = desk.ask_deposit(number)

    assert desk.pay(payment, is_paid=False, reference_id="pay_nobody") == [200]

    [kept] = desk.callbacks({"id": "pay_nobody"})
    assert kept["verdict"] == "unknown_reference"
    assert desk.show(payment)["state"] == "pending"


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"{", "application/json"),
        (b"[1]", "application/json"),
        (b"", "application/json"),
        (b'{"reference_id": {"a": 1}, "trx_id": [2]}', "application/json"),
        (b'{"reference_id": "a\\u0000b", "trx_id": true}', "application/json"),
        (b'{"trx_id": 1e999, "amount": 1e999}', "application/json"),
        (b"&" * 5000, "application/x-www-form-urlencoded"),
        (b"a=1&" * 500, "application/x-www-form-urlencoded"),
        (b"[" * 100_000, "application/json"),
    ],
)
def test_what_cannot_be_read_is_kept_as_unreadable(
    desk: Desk, body: bytes, media_type: str
) -> None:
    desk.tell(body, media_type, "x")

    found = payments.list_callbacks(desk.tenant.world.members, {**PAGE, "limit": 200})
    assert found["items"][-1]["verdict"] in {"unreadable", "unknown_reference"}


def test_a_callback_may_be_json(desk: Desk, number: str) -> None:
    payment = desk.ask_deposit(number)

    assert desk.pay(payment, format="json") == [200]

    credited(desk, payment)
    [kept] = desk.callbacks(payment)
    assert (kept["verdict"], kept["is_signed"]) == ("accepted", True)


@pytest.mark.parametrize("paid_amount", [1, 99_999, 100_001])
def test_another_amount_than_asked_for_is_disputed_and_not_credited(
    desk: Desk, number: str, paid_amount: int
) -> None:
    payment = desk.ask_deposit(number)
    desk.pay(payment, paid_amount=paid_amount)

    desk.sweep()

    assert desk.show(payment)["state"] == "disputed"
    assert (balance(desk, number), desk.wallet()) == (0, 0)
    assert desk.tenant.world.events("payment_disputed", payment_id=payment["id"])


def test_what_expires_can_not_be_paid_and_rests(desk: Desk, number: str) -> None:
    payment = desk.ask_deposit(number)
    desk.expire(payment)

    desk.sweep()

    assert desk.show(payment)["state"] == "expired"
    desk.sweep()
    assert desk.show(payment)["state"] == "expired"


def test_money_that_comes_late_is_credited_all_the_same(
    desk: Desk, number: str
) -> None:
    payment = desk.ask_deposit(number)
    desk.expire(payment)
    desk.sweep()

    desk.pay(payment)

    credited(desk, payment)
    assert balance(desk, number) == 100_000


def test_an_open_one_expires_by_the_clock(desk: Desk, number: str) -> None:
    payment = desk.ask_deposit(number)

    with later(hours=26):
        desk.sweep()

    assert desk.show(payment)["state"] == "expired"


def test_while_the_provider_is_away_the_wish_is_kept(desk: Desk, number: str) -> None:
    desk.provider.is_down = True
    payment = desk.ask_deposit(number)
    assert (payment["state"], payment["payment_number"]) == ("requesting", None)

    desk.provider.is_down = False
    desk.make_due(payment)
    desk.sweep()

    assert desk.show(payment)["state"] == "pending"
    assert len(desk.provider.transactions) == 1


def test_a_wish_that_the_provider_never_heard_of_ends(desk: Desk, number: str) -> None:
    desk.provider.is_down = True
    payment = desk.ask_deposit(number)

    with later(hours=26):
        desk.sweep()

    shown = desk.show(payment)
    assert (shown["state"], shown["fault"]) == ("failed", "not made in time")


def test_what_the_provider_refuses_is_refused(desk: Desk, number: str) -> None:
    desk.provider.account = replace(desk.provider.account, key="LAIN")

    with pytest.raises(contract.PaymentRefused) as caught:
        desk.ask_deposit(number)

    payment_id = caught.value.details["payment_id"]
    assert desk.show({"id": payment_id})["state"] == "failed"


def test_without_a_provider_no_payment_is_taken(desk: Desk, number: str) -> None:
    till = replace(desk.till, provider=None)
    body = {"purpose": "deposit", "member_id": "x", "idempotency": None}

    with pytest.raises(contract.PaymentsNotOffered):
        payments.request_payment(till, desk.actor, body)


def test_the_same_request_again_is_the_same_payment(desk: Desk, number: str) -> None:
    first = desk.ask_deposit(number, key="bayar-1")
    again = desk.ask_deposit(number, key="bayar-1")

    assert again == first | {"replayed": True}
    assert len(desk.provider.transactions) == 1
    with pytest.raises(IdempotencyKeyReused):
        desk.ask_deposit(number, 200_000, key="bayar-1")


def test_a_payer_whom_nobody_can_reach_is_refused(desk: Desk) -> None:
    unreachable = desk.tenant.account("Sari Dewi")

    with pytest.raises(contract.PayerContactMissing) as caught:
        desk.ask_deposit(unreachable)

    fields = [one["field"] for one in caught.value.details["errors"]]
    assert fields == ["payer.phone", "payer.email"]
    given = {"phone": PHONE, "email": "sari@contoh.id"}
    assert desk.ask_deposit(unreachable, payer=given)["state"] == "pending"


def test_the_amount_is_at_least_what_a_virtual_account_takes(
    desk: Desk, number: str
) -> None:
    with pytest.raises(contract.PaymentTooSmall):
        desk.ask_deposit(number, 9_999)


def test_nobody_pays_into_an_account_of_somebody_else(
    desk: Desk, number: str, neighbour: Tenant
) -> None:
    other = desk.tenant.get_account(account_of(desk, "Sari Dewi"))["member_id"]
    strangers = neighbour.account()

    for member_id, account in (
        (other, number),
        (other, strangers),
        (other, "0101999999999999"),
        ("mem_nobody", number),
    ):
        with pytest.raises(NotFound):
            desk.ask(
                member_id=member_id,
                purpose="deposit",
                account_number=account,
                amount=50_000,
            )


def test_a_candidate_has_no_account_to_pay_into(desk: Desk) -> None:
    candidate = desk.tenant.register_member("Rina", phone=PHONE, email="r@contoh.id")

    with pytest.raises((NotFound, members_contract.MemberNotActive)):
        desk.ask(
            member_id=candidate["id"],
            purpose="deposit",
            account_number="0101100000000017",
            amount=50_000,
        )


def test_a_member_asks_for_itself_only(desk: Desk, number: str) -> None:
    owner = desk.tenant.get_account(number)["member_id"]
    own = identity(desk, owner)
    strangers = account_of(desk, "Sari Dewi")
    wanted = {"purpose": "deposit", "amount": 75_000}

    mine = desk.ask_own(own, **wanted, account_number=number)
    with pytest.raises(NotFound):
        desk.ask_own(own, **wanted, account_number=strangers)
    with pytest.raises(NotFound):
        desk.ask_own(identity(desk, ""), **wanted, account_number=number)

    desk.ask_deposit(strangers)
    listed = payments.list_own_payments(
        desk.tenant.world.members, own, {**PAGE, "state": None}
    )
    assert [one["id"] for one in listed["items"]] == [mine["id"]]


def test_the_wallet_is_paid_into_the_same_way(desk: Desk) -> None:
    payment = desk.ask_wallet(1_000_000)
    desk.pay(payment)

    shown = credited(desk, payment)

    assert (desk.wallet(), desk.held()) == (1_000_000, 0)
    assert desk.balance("1-1010") == -1_000_000
    assert shown["member_id"] is None


@pytest.fixture
def joining(desk: Desk, tmp_path: Path) -> Iterator[tuple[Counter, str]]:
    """A cooperative that asks for contributions, and a candidate (R108, R109)."""
    with calendar_at(tmp_path / "hari-ini", "2026-11-05"):
        counter = Counter(tenant=desk.tenant)
        counter.set_term("pokok", 100_000, "2026-11-01")
        counter.set_term("wajib", 20_000, "2026-11-01")
        candidate = desk.tenant.register_member(
            "Rina Wati", phone=PHONE, email="rina@contoh.id"
        )
        yield counter, candidate["id"]


def test_a_candidate_pays_what_entering_asks_for(
    desk: Desk, joining: tuple[Counter, str]
) -> None:
    counter, member_id = joining
    payment = desk.ask(member_id=member_id, purpose="contributions")
    assert payment["amount"] == 120_000

    desk.pay(payment)
    credited(desk, payment)

    dues = counter.dues_of(member_id)
    assert (dues["principal_balance"], dues["mandatory_balance"]) == (100_000, 20_000)
    assert (desk.wallet(), desk.held()) == (120_000, 0)


def test_what_is_cancelled_waits_to_be_given_to_somebody_again(
    desk: Desk, joining: tuple[Counter, str]
) -> None:
    """It was never cash: it goes back to where payments are held."""
    counter, member_id = joining
    payment = desk.ask(member_id=member_id, purpose="contributions")
    desk.pay(payment)
    credited(desk, payment)
    operations.activate_member(desk.tenant.world.members, desk.tenant.actor, member_id)
    [wajib] = [
        one for one in counter.contributions_of(member_id) if one["kind"] == "wajib"
    ]

    other = replace(desk.actor, subject="usr_ketua")
    assert counter.cancel(wajib["id"], other)["state"] == "cancelled"

    found = desk.show(payment)
    assert (found["state"], found["credited"]) == ("unallocated", 100_000)
    assert found["fault"] == "contribution_cancelled"
    assert desk.held() == 20_000
    number = counter.account_of(member_id)
    allocate(desk, payment, number)
    assert desk.show(payment)["state"] == "credited"
    assert (balance(desk, number), desk.held()) == (20_000, 0)


def test_months_are_paid_ahead_as_many_as_wanted(
    desk: Desk, joining: tuple[Counter, str]
) -> None:
    counter, member_id = joining
    counter.pay(member_id, "pokok")
    payment = desk.ask(member_id=member_id, purpose="contributions", months=3)
    assert payment["amount"] == 60_000

    desk.pay(payment)
    credited(desk, payment)

    assert counter.dues_of(member_id)["mandatory_balance"] == 60_000


def test_what_was_paid_at_the_counter_meanwhile_is_held(
    desk: Desk, joining: tuple[Counter, str]
) -> None:
    counter, member_id = joining
    payment = desk.ask(member_id=member_id, purpose="contributions")
    counter.pay(member_id, "pokok")
    desk.pay(payment)
    desk.sweep()

    shown = desk.show(payment)
    assert (shown["state"], shown["fault"]) == ("unallocated", "principal_already_paid")
    # The month of simpanan wajib was taken; simpanan pokok is paid once.
    assert (shown["credited"], desk.held()) == (20_000, 100_000)

    operations.activate_member(desk.tenant.world.members, desk.tenant.actor, member_id)
    number: str = desk.tenant.open_account(member_id)["number"]
    assert allocate(desk, payment, number)["state"] == "credited"
    assert (balance(desk, number), desk.held()) == (100_000, 0)


def test_a_death_between_two_contributions_pays_neither_twice(
    desk: Desk, joining: tuple[Counter, str]
) -> None:
    counter, member_id = joining
    payment = desk.ask(member_id=member_id, purpose="contributions")
    desk.pay(payment)
    credited(desk, payment)
    with desk.tenant.world.members.tenant(desk.tenant.id) as session:
        session.execute(
            text(
                "UPDATE payments SET state = 'received', credited = 0, "
                "credited_at = NULL, due_at = now() WHERE id = :id"
            ),
            {"id": payment["id"]},
        )

    credited(desk, payment)

    dues = counter.dues_of(member_id)
    assert (dues["principal_balance"], dues["mandatory_balance"]) == (100_000, 20_000)
    assert desk.held() == 0


def test_a_cooperative_that_asks_for_nothing_takes_no_contributions(desk: Desk) -> None:
    member = desk.tenant.member("Sari Dewi", phone=PHONE, email="sari@contoh.id")

    with pytest.raises(ContributionNotAsked):
        desk.ask(member_id=member["id"], purpose="contributions")


def test_money_that_its_account_refuses_is_held_and_then_allocated(
    desk: Desk, number: str
) -> None:
    payment = desk.ask_deposit(number)
    desk.tenant.ledger.set_status({"key": number, "status": "frozen"})
    desk.pay(payment)
    desk.sweep()

    shown = desk.show(payment)
    assert (shown["state"], shown["fault"]) == ("unallocated", AccountNotActive.code)
    assert (desk.held(), desk.wallet()) == (100_000, 100_000)

    owner = shown["member_id"]
    other: str = desk.tenant.open_account(owner)["number"]
    done = allocate(desk, payment, other)

    assert (done["state"], done["credited"]) == ("credited", 100_000)
    assert (balance(desk, other), desk.held()) == (100_000, 0)


def test_the_account_that_refused_may_take_it_once_it_is_open_again(
    desk: Desk, number: str
) -> None:
    payment = desk.ask_deposit(number)
    desk.tenant.ledger.set_status({"key": number, "status": "frozen"})
    desk.pay(payment)
    desk.sweep()
    assert allocate(desk, payment, number)["state"] == "unallocated"

    desk.tenant.ledger.set_status({"key": number, "status": "active"})

    assert allocate(desk, payment, number)["state"] == "credited"
    assert (balance(desk, number), desk.held()) == (100_000, 0)


def test_only_held_money_is_allocated_and_only_to_its_member(
    desk: Desk, number: str
) -> None:
    payment = desk.ask_deposit(number)
    strangers = account_of(desk, "Sari Dewi")
    with pytest.raises(contract.PaymentNotUnallocated):
        allocate(desk, payment, number)
    desk.tenant.ledger.set_status({"key": number, "status": "frozen"})
    desk.pay(payment)
    desk.sweep()

    with pytest.raises(NotFound):
        allocate(desk, payment, strangers)
    with pytest.raises(contract.PaymentNotFound):
        allocate(desk, {"id": "pay_nobody"}, number)

    other: str = desk.tenant.open_account(desk.show(payment)["member_id"])["number"]
    allocate(desk, payment, other, key="bagi-1")
    assert allocate(desk, payment, other, key="bagi-1")["replayed"] is True
    with pytest.raises(contract.PaymentNotUnallocated):
        allocate(desk, payment, other)
    assert balance(desk, other) == 100_000


def test_a_ledger_that_is_away_leaves_the_payment_to_the_next_sweep(
    desk: Desk, number: str
) -> None:
    payment = desk.ask_deposit(number)
    desk.tenant.ledger.fault = BusUnavailable()
    desk.pay(payment)
    desk.sweep()
    assert desk.show(payment)["state"] == "paid"

    desk.tenant.ledger.fault = None
    desk.make_due(payment)

    credited(desk, payment)
    assert balance(desk, number) == 100_000


def test_money_that_the_ledger_refused_once_is_received_later(
    desk: Desk, number: str
) -> None:
    """The provider has it: there is nobody else whom it could stay with."""
    ledger = desk.tenant.ledger
    wallet = f"{desk.tenant.id}:1-1020"
    payment = desk.ask_deposit(number)
    ledger.set_status({"key": wallet, "status": "frozen"})
    desk.pay(payment)
    desk.sweep()
    found = desk.show(payment)
    assert (found["state"], found["fault"]) == ("paid", "account_not_active")

    ledger.set_status({"key": wallet, "status": "active"})
    for _ in range(2):
        desk.make_due(payment)
        desk.sweep()

    credited(desk, payment)
    assert balance(desk, number) == 100_000
    assert (desk.wallet(), desk.held()) == (100_000, 0)


def test_a_dispute_ends_when_the_provider_says_so(desk: Desk, number: str) -> None:
    payment = desk.ask_deposit(number)
    desk.pay(payment, paid_amount=1)
    desk.sweep()
    till, cooperative = desk.till, desk.tenant.id
    assert (
        payments.check_payment(till, cooperative, payment["id"])["state"] == "disputed"
    )

    # The provider has given the money back: its status 3.
    desk.provider.transactions[desk.transaction_of(payment)].status = 3

    told = payments.check_payment(till, cooperative, payment["id"])
    assert told["state"] == "failed"
    assert (balance(desk, number), desk.wallet()) == (0, 0)
    told_of = desk.tenant.world.events("payment_disputed", payment_id=payment["id"])
    assert len(told_of) == 1


@pytest.mark.parametrize("state", ["paid", "received"])
def test_a_death_after_a_journal_posts_it_no_second_time(
    desk: Desk, number: str, state: str
) -> None:
    payment = desk.ask_deposit(number)
    desk.pay(payment)
    credited(desk, payment)

    # As if the service had died before it could note what the ledger had done.
    with desk.tenant.world.members.tenant(desk.tenant.id) as session:
        session.execute(
            text(
                "UPDATE payments SET state = :state, credited = 0, journal_id = NULL, "
                "credited_at = NULL, due_at = now() WHERE id = :id"
            ),
            {"id": payment["id"], "state": state},
        )

    credited(desk, payment)
    assert balance(desk, number) == 100_000
    assert (desk.wallet(), desk.held()) == (100_000, 0)


def test_two_sweeps_at_once_do_not_take_the_same_payment(
    desk: Desk, number: str
) -> None:
    payment = desk.ask_deposit(number)
    desk.make_due(payment)

    assert desk.sweep() >= 1
    assert desk.sweep() == 0


def test_payments_of_another_cooperative_are_not_there(
    desk: Desk, number: str, neighbour: Tenant
) -> None:
    payment = desk.ask_deposit(number)
    database = desk.tenant.world.members

    with pytest.raises(contract.PaymentNotFound):
        payments.get_payment(database, neighbour.id, payment["id"])
    with pytest.raises(contract.PaymentNotFound):
        payments.check_payment(desk.till, neighbour.id, payment["id"])
    listed = payments.list_payments(
        database, neighbour.id, {**PAGE, "member_id": None, "state": None}
    )
    assert listed["items"] == []


def test_lists_go_page_by_page_and_by_state(desk: Desk, number: str) -> None:
    asked = [desk.ask_deposit(number)["id"] for _ in range(3)]
    database = desk.tenant.world.members
    query = {"limit": 2, "cursor": None, "member_id": None, "state": "pending"}

    first = payments.list_payments(database, desk.tenant.id, query)
    second = payments.list_payments(
        database, desk.tenant.id, {**query, "cursor": first["next_cursor"]}
    )

    assert [one["id"] for one in first["items"] + second["items"]] == asked
    assert second["next_cursor"] is None
    none = payments.list_payments(
        database, desk.tenant.id, {**query, "state": "credited"}
    )
    assert none["items"] == []


def test_nothing_stored_holds_the_payers_phone_in_the_clear(
    desk: Desk, number: str
) -> None:
    desk.provider.is_down = True
    payment = desk.ask_deposit(number)

    with desk.tenant.world.members.tenant(desk.tenant.id) as session:
        row = session.execute(
            text("SELECT payments::text FROM payments WHERE id = :id"),
            {"id": payment["id"]},
        ).scalar_one()
    assert "81234567890" not in json.dumps(row)
    assert b"81234567890".hex() not in row


def allocate(
    desk: Desk, payment: dict[str, Any], number: str, key: str | None = None
) -> dict[str, Any]:
    body = {"account_number": number}
    path = f"POST /v1/payments/{payment['id']}/allocate"
    command = {
        **body,
        "payment_id": payment["id"],
        "idempotency": idempotency(path, body, key),
    }
    return payments.allocate_payment(desk.till, desk.actor, command)


def identity(desk: Desk, member_id: str) -> Identity:
    return Identity(
        subject="usr_anggota",
        cooperative_id=desk.tenant.id,
        scopes=frozenset({"self:read", "self:write"}),
        member_id=member_id,
    )
