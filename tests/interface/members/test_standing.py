"""What a lender is told of a member."""

from typing import Any

import pytest

from services.members.operations import standing
from services.members.store import accounts as store
from services.shared.errors import NotFound
from tests.factories.members import Tenant, World
from tests.factories.membership import ask_contributions
from tests.factories.savings import Counter


def told(world: World, tenant: Tenant, member_id: str) -> dict[str, Any]:
    return standing.get_standing(
        world.members, world.settings, tenant.ledger, tenant.id, member_id
    )


def test_a_lender_learns_what_a_member_has_paid_and_saved(
    world: World, tenant: Tenant
) -> None:
    member_id = tenant.member()["id"]
    account = tenant.open_account(member_id)
    tenant.deposit(account["number"], 750_000)

    found = told(world, tenant, member_id)

    assert found["status"] == "active"
    assert found["member_since_months"] == 0
    assert found["is_related"] is False
    assert found["savings"] == [
        {
            "number": account["number"],
            "product": "sukarela",
            "balance": 750_000,
            "available": 750_000,
        }
    ]
    assert found["savings_total"] == 750_000
    assert found["has_paid_principal"] is True
    ask_contributions(tenant, pokok=100_000, wajib=20_000)
    assert told(world, tenant, member_id)["has_paid_principal"] is False


def test_an_account_that_is_closed_is_nothing_to_pay_out_to_or_to_debit(
    world: World, tenant: Tenant
) -> None:
    member_id = tenant.member()["id"]
    closed, number = (tenant.open_account(member_id)["number"] for _ in range(2))
    with world.members.tenant(tenant.id) as session:
        store.close_account(session, closed)

    found = told(world, tenant, member_id)

    assert [one["number"] for one in found["savings"]] == [number]


def test_a_lender_learns_what_a_product_keeps_in_an_account_that_is_in_use(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    counter = Counter(tenant=tenant)
    number = tenant.open_account(tenant.member()["id"])["number"]
    closed = tenant.open_account(tenant.member("Sari Dewi")["id"])["number"]
    with world.members.tenant(tenant.id) as session:
        store.close_account(session, closed)
    other = neighbour.open_account(neighbour.member()["id"])["number"]

    def kept() -> dict[str, int]:
        return standing.get_minimum_balances(
            world.members, tenant.id, [number, closed, other]
        )

    assert kept() == {number: 0}
    counter.change_product("sukarela", minimum_balance=50_000)
    assert kept() == {number: 50_000}


def test_nobody_learns_of_another_cooperatives_members(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    member_id = tenant.member()["id"]

    with pytest.raises(NotFound):
        told(world, neighbour, member_id)
