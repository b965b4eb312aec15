"""Savings products, their rates, and the account numbers that they get."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.members.operations import products
from services.shared.contracts.members import products as contract
from services.shared.errors import NotFound
from tests.factories.members import PAGE, Tenant, World
from tests.factories.savings import Calendar, Counter, calendar_at


@pytest.fixture(autouse=True)
def calendar(tmp_path: Path) -> Iterator[Calendar]:
    with calendar_at(tmp_path / "hari-ini", "2026-11-15") as calendar:
        yield calendar


@pytest.fixture
def counter(tenant: Tenant) -> Counter:
    return Counter(tenant=tenant)


def listed(tenant: Tenant) -> list[str]:
    page = products.list_products(tenant.world.members, tenant.id, PAGE)
    return [item["code"] for item in page["items"]]


def test_every_cooperative_has_simpanan_sukarela(tenant: Tenant) -> None:
    found = products.get_product(tenant.world.members, tenant.id, "sukarela")

    assert listed(tenant) == ["sukarela"]
    assert (found["digits"], found["rate_bps"], found["rates"]) == ("10", 0, [])


def test_a_product_has_account_numbers_of_its_own(counter: Counter) -> None:
    counter.create_product("pendidikan")
    counter.create_product("haji")
    member_id = counter.tenant.member()["id"]

    numbers = [
        counter.account_of(member_id, code)
        for code in ("sukarela", "pendidikan", "haji")
    ]

    assert [number[4:6] for number in numbers] == ["10", "11", "12"]
    assert listed(counter.tenant) == ["haji", "pendidikan", "sukarela"]


@pytest.mark.parametrize("code", ["sukarela", "pokok", "wajib", "pendidikan"])
def test_a_code_that_means_something_is_taken(counter: Counter, code: str) -> None:
    counter.create_product("pendidikan")

    with pytest.raises(contract.ProductCodeTaken):
        counter.create_product(code)


def test_two_cooperatives_may_name_products_alike(
    counter: Counter, neighbour: Tenant
) -> None:
    counter.create_product("pendidikan")

    assert Counter(tenant=neighbour).create_product("pendidikan")["digits"] == "11"


def test_there_are_as_many_products_as_digits(counter: Counter) -> None:
    for number in range(11, 40):
        counter.create_product(f"tabungan_{number}")

    with pytest.raises(contract.ProductsExhausted):
        counter.create_product("satu_lagi")


def test_a_retired_product_has_no_new_accounts(counter: Counter) -> None:
    counter.create_product("pendidikan")
    counter.change_product("pendidikan", status="retired")
    member_id = counter.tenant.member()["id"]

    with pytest.raises(contract.UnknownProduct):
        counter.account_of(member_id, "pendidikan")
    with pytest.raises(contract.UnknownProduct):
        counter.account_of(member_id, "belum_ada")


def test_simpanan_sukarela_is_changed_but_never_retired(counter: Counter) -> None:
    assert counter.change_product("sukarela", minimum_balance=50_000)[
        "minimum_balance"
    ] == (50_000)
    with pytest.raises(contract.UnknownProduct):
        counter.change_product("sukarela", status="retired")


def test_the_first_rate_may_be_for_a_month_that_is_over(counter: Counter) -> None:
    assert counter.set_rate(300, "2026-01-01")["rate_bps"] == 300


@pytest.mark.parametrize("valid_from", ["2026-10-01", "2026-11-01"])
def test_afterwards_rates_change_for_months_to_come_only(
    counter: Counter, valid_from: str
) -> None:
    counter.set_rate(300, "2026-01-01")

    with pytest.raises(contract.TermTooEarly):
        counter.set_rate(400, valid_from)
    planned = counter.set_rate(400, "2026-12-01")

    assert planned["rate_bps"] == 300
    assert [rate["rate_bps"] for rate in planned["rates"]] == [300, 400]
    assert counter.set_rate(450, "2026-12-01")["rates"][1]["rate_bps"] == 450


@pytest.mark.parametrize("rate_bps", [901, -1])
def test_the_database_itself_keeps_the_cap(
    world: World, counter: Counter, rate_bps: int
) -> None:
    """R113: 9 % a year at most, whoever writes it."""
    counter.set_rate(900, "2026-01-01")

    with (
        pytest.raises(DBAPIError) as caught,
        world.members.tenant(counter.tenant.id) as session,
    ):
        session.execute(
            text("UPDATE savings_rates SET rate_bps = :rate"), {"rate": rate_bps}
        )
    assert isinstance(caught.value.orig, psycopg.errors.CheckViolation)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param(
            {"valid_from": "2026-12-01", "rate_bps": 901}, "rate_bps", id="above 9 %"
        ),
        pytest.param(
            {"valid_from": "2026-12-02", "rate_bps": 300},
            "valid_from",
            id="inside a month",
        ),
        pytest.param(
            {"valid_from": "2026-12-01", "rate_bps": 3.5}, "rate_bps", id="no integer"
        ),
    ],
)
def test_a_rate_that_cannot_be_is_told_by_field(
    body: dict[str, object], field: str
) -> None:
    assert list(contract.SavingsRateBody().validate(body)) == [field]


def test_what_is_asked_of_members_is_listed(counter: Counter) -> None:
    counter.set_term("wajib", 20_000, "2026-11-01")
    counter.set_term("wajib", 25_000, "2027-01-01")
    counter.set_term("pokok", 100_000, "2026-11-01")

    page = products.list_terms(counter.tenant.world.members, counter.tenant.id, PAGE)

    assert [(one["kind"], one["amount"]) for one in page["items"]] == [
        ("pokok", 100_000),
        ("wajib", 20_000),
        ("wajib", 25_000),
    ]
    assert date.fromisoformat(page["items"][1]["valid_from"]) == date(2026, 11, 1)


def test_another_cooperatives_product_does_not_exist(
    counter: Counter, neighbour: Tenant
) -> None:
    counter.create_product("pendidikan")

    with pytest.raises(NotFound):
        products.get_product(neighbour.world.members, neighbour.id, "pendidikan")
    with pytest.raises(NotFound):
        Counter(tenant=neighbour).set_rate(300, "2026-12-01", "pendidikan")
    assert listed(neighbour) == ["sukarela"]


def test_changes_stand_in_the_audit_trail(world: World, counter: Counter) -> None:
    counter.create_product("pendidikan")
    counter.set_rate(300, "2026-12-01", "pendidikan")
    counter.set_term("wajib", 20_000, "2026-11-01")
    counter.change_product("pendidikan", name="Tabungan Sekolah")

    with world.members.tenant(counter.tenant.id) as session:
        actions = session.execute(
            text("SELECT action FROM audit_entries ORDER BY position")
        )
        written = [row.action for row in actions]

    assert [one for one in written if one.startswith(("savings", "contribution"))] == [
        "savings_product.created",
        "savings_rate.set",
        "contribution_term.set",
        "savings_product.changed",
    ]
