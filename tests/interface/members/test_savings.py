"""Whose savings account it is, and how money reaches it."""

from __future__ import annotations

from typing import Any

import pytest

from services.members import operations
from services.members.domain import account_numbers, movements
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import members as contract
from services.shared.contracts.fields import AMOUNT_MAX
from services.shared.contracts.paging import InvalidCursor
from services.shared.errors import (
    BusUnavailable,
    IdempotencyKeyReused,
    NotFound,
    OutcomeUnknown,
)
from tests.factories.members import PAGE, Tenant, World, idempotency


def listed(
    world: World, tenant: Tenant, member_id: str | None = None, **page: Any
) -> dict[str, Any]:
    command = PAGE | {"member_id": member_id} | page
    return operations.list_accounts(world.members, tenant.ledger, tenant.id, command)


def test_a_members_account_is_numbered_and_told_of(
    world: World, tenant: Tenant
) -> None:
    member = tenant.member()

    answer = tenant.open_account(member["id"])

    number = answer["number"]
    assert number == account_numbers.account_number(tenant.code, "sukarela", 1)
    assert answer == {
        "number": number,
        "member_id": member["id"],
        "product": "sukarela",
        "balance": 0,
        "available": 0,
        "status": "active",
    }
    assert tenant.get_account(number) == answer
    assert len(world.events("account_opened", number=number)) == 1


def test_a_candidate_has_no_account(tenant: Tenant) -> None:
    with pytest.raises(contract.MemberNotActive):
        tenant.open_account(tenant.register_member()["id"])


def test_another_cooperatives_member_gets_no_account(
    tenant: Tenant, neighbour: Tenant
) -> None:
    with pytest.raises(NotFound):
        tenant.open_account(neighbour.member()["id"])


def test_a_repeated_opening_makes_one_account(world: World, tenant: Tenant) -> None:
    member_id = tenant.member()["id"]
    part = idempotency("POST /v1/accounts", member_id)

    first = tenant.open_account(member_id, part)
    again = tenant.open_account(member_id, part)

    assert again == first | {"replayed": True}
    assert len(listed(world, tenant)["items"]) == 1


def test_an_opening_that_the_ledger_missed_is_finished_by_its_repetition(
    world: World, tenant: Tenant
) -> None:
    member_id = tenant.member()["id"]
    part = idempotency("POST /v1/accounts", member_id)
    tenant.ledger.fault = BusUnavailable()
    with pytest.raises(BusUnavailable):
        tenant.open_account(member_id, part)
    tenant.ledger.fault = None

    number = tenant.open_account(member_id, part)["number"]

    assert tenant.deposit(number, 1)["balance"] == 1
    assert len(world.events("account_opened", number=number)) == 1


def test_an_opening_that_the_ledger_missed_is_finished_by_the_next_look(
    world: World, tenant: Tenant
) -> None:
    member_id = tenant.member()["id"]
    tenant.ledger.fault = OutcomeUnknown()
    with pytest.raises(OutcomeUnknown):
        tenant.open_account(member_id)
    assert operations.get_health(world.members)["gauges"]["accounts_opening"] == 1
    tenant.ledger.fault = None

    (account,) = listed(world, tenant, member_id)["items"]

    assert account["status"] == "active"
    assert tenant.deposit(account["number"], 500)["balance"] == 500
    assert operations.get_health(world.members)["gauges"]["accounts_opening"] == 0


def test_deposits_and_withdrawals_change_the_balance(tenant: Tenant) -> None:
    number = tenant.account()

    assert tenant.deposit(number, 500_000)["balance"] == 500_000
    assert tenant.withdraw(number, 200_000, channel="bank")["balance"] == 300_000
    account = tenant.get_account(number)
    assert account["balance"] == 300_000
    assert account["available"] == 300_000


def test_the_largest_amount_is_carried(tenant: Tenant) -> None:
    number = tenant.account()

    assert tenant.deposit(number, AMOUNT_MAX)["balance"] == AMOUNT_MAX
    assert tenant.withdraw(number, AMOUNT_MAX)["balance"] == 0


def test_nobody_withdraws_more_than_there_is(tenant: Tenant) -> None:
    number = tenant.account(balance=100)

    with pytest.raises(ledger_contract.InsufficientFunds):
        tenant.withdraw(number, 101)

    assert tenant.get_account(number)["balance"] == 100


@pytest.mark.parametrize("path", ["deposit", "withdraw"])
def test_a_repeated_movement_happens_once(tenant: Tenant, path: str) -> None:
    number = tenant.account(balance=1_000)
    move = getattr(tenant, path)

    first = move(number, 100, key="slip-1", reference="SLIP-1")
    again = move(number, 100, key="slip-1", reference="SLIP-1")

    assert again == first | {"replayed": True}
    assert tenant.get_account(number)["balance"] == first["balance"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"amount": 101}, id="amount"),
        pytest.param({"channel": "bank"}, id="channel"),
        pytest.param({"reference": "SLIP-2"}, id="reference"),
    ],
)
def test_a_key_belongs_to_one_movement(tenant: Tenant, other: dict[str, Any]) -> None:
    number = tenant.account()
    tenant.deposit(number, 100, key="slip-1")

    with pytest.raises(IdempotencyKeyReused):
        tenant.deposit(number, **({"amount": 100} | other), key="slip-1")


def test_the_same_key_serves_a_deposit_and_a_withdrawal(tenant: Tenant) -> None:
    number = tenant.account()

    tenant.deposit(number, 100, key="slip-1")

    assert tenant.withdraw(number, 100, key="slip-1")["balance"] == 0


def test_another_cooperatives_account_does_not_exist(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    number = neighbour.account(balance=1_000)

    with pytest.raises(NotFound):
        tenant.deposit(number, 1)
    with pytest.raises(NotFound):
        tenant.withdraw(number, 1)
    with pytest.raises(NotFound):
        tenant.get_account(number)
    with pytest.raises(NotFound):
        operations.close_account(world.members, tenant.ledger, tenant.id, number)

    assert neighbour.get_account(number)["balance"] == 1_000


def test_a_list_of_accounts_has_balances_and_ends(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    neighbour.account()
    numbers = [tenant.account(balance=amount) for amount in (1, 2, 3)]

    first = listed(world, tenant, limit=2)
    rest = listed(world, tenant, limit=2, cursor=first["next_cursor"])

    items = first["items"] + rest["items"]
    assert [item["number"] for item in items] == numbers
    assert [item["balance"] for item in items] == [1, 2, 3]
    assert rest["next_cursor"] is None


def test_accounts_can_be_listed_by_member(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    member_id = tenant.member()["id"]
    tenant.account()
    opened = tenant.open_account(member_id)

    assert listed(world, tenant, member_id)["items"] == [opened]
    with pytest.raises(NotFound):
        listed(world, tenant, neighbour.member()["id"])


def test_a_cursor_of_another_list_is_refused(world: World, tenant: Tenant) -> None:
    for _ in range(2):
        tenant.account()
    cursor = listed(world, tenant, limit=1)["next_cursor"]

    with pytest.raises(InvalidCursor):
        listed(world, tenant, tenant.member()["id"], cursor=cursor)


def test_an_empty_account_can_be_closed(world: World, tenant: Tenant) -> None:
    number = tenant.account(balance=100)
    first = tenant.withdraw(number, 100, key="slip-last")

    closed = operations.close_account(world.members, tenant.ledger, tenant.id, number)
    again = operations.close_account(world.members, tenant.ledger, tenant.id, number)

    assert closed["status"] == "closed"
    assert again == closed
    assert tenant.get_account(number) == closed
    assert len(world.events("account_closed", number=number)) == 1
    with pytest.raises(ledger_contract.AccountNotActive):
        tenant.deposit(number, 1)
    # What was answered before the closing is answered again after it.
    assert tenant.withdraw(number, 100, key="slip-last") == first | {"replayed": True}


def test_an_account_with_money_stays_open(world: World, tenant: Tenant) -> None:
    number = tenant.account(balance=1)

    with pytest.raises(ledger_contract.AccountNotEmpty):
        operations.close_account(world.members, tenant.ledger, tenant.id, number)

    assert tenant.get_account(number)["status"] == "active"


def test_channels_name_the_accounts_of_the_chart() -> None:
    assert movements.CHANNEL_CODES == {
        "cash": ledger_contract.CASH,
        "bank": ledger_contract.BANK,
    }
