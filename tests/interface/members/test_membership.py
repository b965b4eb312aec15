"""How people become members, on a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.members import operations
from services.members.operations import personal_data
from services.shared.contracts import members as contract
from services.shared.contracts.paging import InvalidCursor
from services.shared.crypto import Undecryptable
from services.shared.errors import IdempotencyKeyReused, NotFound
from tests.factories.members import PAGE, Tenant, World, idempotency

NIK = "5171011708900001"
PERSON: dict[str, Any] = {
    "nik": NIK,
    "phone": "+6281234567890",
    "email": "budi@contoh.id",
    "birth_date": date(1990, 8, 17),
    "address": "Jl. Melati 5, Denpasar",
}


def listed(
    world: World, tenant: Tenant, status: str | None = None, **page: Any
) -> dict[str, Any]:
    command = PAGE | {"status": status} | page
    return operations.list_members(world.members, tenant.id, command)


def details(world: World, tenant: Tenant, member_id: str) -> dict[str, Any]:
    teller = replace(tenant.identity, scopes=frozenset({"members:write"}))
    return operations.get_member(world.members, world.settings, teller, member_id)


def test_a_new_member_is_a_candidate(tenant: Tenant) -> None:
    member = tenant.register_member()

    assert member["number"] == f"{tenant.code}-000001"
    assert member["name"] == "Budi Santoso"
    assert member["status"] == "candidate"


def test_members_are_numbered_per_cooperative(
    tenant: Tenant, neighbour: Tenant
) -> None:
    tenant.register_member()

    assert tenant.register_member()["number"] == f"{tenant.code}-000002"
    assert neighbour.register_member()["number"] == f"{neighbour.code}-000001"


def test_personal_data_comes_back_with_the_nik_masked(
    world: World, tenant: Tenant
) -> None:
    member = tenant.register_member(**PERSON)

    assert details(world, tenant, member["id"]) == member | {
        "nik": "5171••••••••0001",
        "phone": "+6281234567890",
        "email": "budi@contoh.id",
        "birth_date": "1990-08-17",
        "address": "Jl. Melati 5, Denpasar",
        "gender": None,
        "is_married": None,
        "extra": None,
        "refusal_reason": None,
        "is_masked": False,
        "is_self_registered": False,
        "phone_verified_at": None,
        "email_verified_at": None,
        "activated_at": None,
        "left_at": None,
    }


def test_a_member_without_personal_data_has_none(world: World, tenant: Tenant) -> None:
    answer = details(world, tenant, tenant.register_member()["id"])

    assert {answer[name] for name in PERSON} == {None}


def test_personal_data_is_unreadable_in_the_database(
    world: World, tenant: Tenant
) -> None:
    member = tenant.register_member(**PERSON)

    with world.members.hub() as session:
        row = session.connection().exec_driver_sql(
            "SELECT personal_data, nik_hash, members::text FROM members WHERE id = %s",
            (member["id"],),
        )
        encrypted, nik_hash, text = row.one()

    for secret in (NIK, "81234567890", "budi@", "Melati", "1990"):
        assert secret.encode() not in bytes(encrypted)
        assert secret.encode() not in bytes(nik_hash)
        assert secret not in text


def test_encrypted_data_does_not_work_in_another_row(
    world: World, tenant: Tenant
) -> None:
    ours = tenant.register_member(**PERSON)
    other = tenant.register_member("Siti Aminah")
    with world.members.hub() as session:
        copied = session.connection().exec_driver_sql(
            "SELECT personal_data FROM members WHERE id = %s", (ours["id"],)
        )
        value = bytes(copied.scalar_one())

    with world.members.tenant(tenant.id) as session, pytest.raises(Undecryptable):
        personal_data.decrypt(session, world.settings, tenant.id, other["id"], value)


def test_the_same_person_is_not_registered_twice(tenant: Tenant) -> None:
    tenant.register_member(**PERSON)

    with pytest.raises(contract.DuplicateNik):
        tenant.register_member("Budi S.", nik=NIK)

    # The refused attempt has used up no number.
    assert tenant.register_member()["number"] == f"{tenant.code}-000002"


def test_a_person_may_be_a_member_of_two_cooperatives(
    tenant: Tenant, neighbour: Tenant
) -> None:
    tenant.register_member(nik=NIK)

    assert neighbour.register_member(nik=NIK)["status"] == "candidate"


def test_many_members_may_have_no_nik(tenant: Tenant) -> None:
    numbers = {tenant.register_member()["number"] for _ in range(3)}

    assert len(numbers) == 3


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"nik": "2071011708900001"}, id="unknown province"),
        pytest.param(
            {"nik": NIK, "birth_date": date(1991, 8, 17)}, id="another birth date"
        ),
    ],
)
def test_an_impossible_nik_is_refused_with_its_field(
    tenant: Tenant, body: dict[str, Any]
) -> None:
    with pytest.raises(contract.InvalidNik) as caught:
        tenant.register_member(**body)

    (error,) = caught.value.details["errors"]
    assert error["field"] == "nik"
    assert error["code"] == "invalid_nik"
    assert NIK not in error["detail"]


def test_a_repeated_registration_makes_one_member(world: World, tenant: Tenant) -> None:
    part = idempotency("POST /v1/members", "Budi")

    first = tenant.register_member(nik=NIK, idempotency=part)
    again = tenant.register_member(nik=NIK, idempotency=part)

    assert again == first | {"replayed": True}
    assert len(listed(world, tenant)["items"]) == 1


def test_a_key_belongs_to_one_body_and_one_cooperative(
    tenant: Tenant, neighbour: Tenant
) -> None:
    part = idempotency("POST /v1/members", "Budi")
    other = idempotency("POST /v1/members", "Siti", part["key"])
    tenant.register_member(idempotency=part)

    with pytest.raises(IdempotencyKeyReused):
        tenant.register_member("Siti Aminah", idempotency=other)
    assert "replayed" not in neighbour.register_member(idempotency=other)


def test_an_activated_member_is_told_of_once(world: World, tenant: Tenant) -> None:
    member_id = tenant.register_member()["id"]

    first = operations.activate_member(world.members, tenant.actor, member_id)
    again = operations.activate_member(world.members, tenant.actor, member_id)

    assert first["status"] == "active"
    assert again == first
    assert details(world, tenant, member_id)["activated_at"] is not None
    assert len(world.events("member_activated", member_id=member_id)) == 1


def test_another_cooperatives_member_does_not_exist(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    member_id = neighbour.register_member()["id"]

    with pytest.raises(NotFound):
        operations.activate_member(world.members, tenant.actor, member_id)
    with pytest.raises(NotFound):
        details(world, tenant, member_id)
    assert details(world, neighbour, member_id)["status"] == "candidate"


def test_pages_of_members_cover_the_list_once(world: World, tenant: Tenant) -> None:
    made = [tenant.register_member()["id"] for _ in range(5)]

    first = listed(world, tenant, limit=2)
    second = listed(world, tenant, limit=2, cursor=first["next_cursor"])
    third = listed(world, tenant, limit=2, cursor=second["next_cursor"])

    pages = first["items"] + second["items"] + third["items"]
    # Ids sort by the millisecond; inside one their order is anybody's guess.
    assert [item["id"] for item in pages] == sorted(made)
    assert third["next_cursor"] is None


def test_members_can_be_listed_by_status(world: World, tenant: Tenant) -> None:
    candidate, active = tenant.register_member(), tenant.member()

    assert listed(world, tenant, "candidate")["items"] == [candidate]
    assert listed(world, tenant, "active")["items"] == [active]


def test_a_list_holds_no_other_cooperatives_members(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    neighbour.register_member()

    assert listed(world, tenant) == {"items": [], "next_cursor": None}


def test_a_cursor_of_another_cooperative_is_refused(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    for _ in range(2):
        neighbour.register_member()
    cursor = listed(world, neighbour, limit=1)["next_cursor"]

    with pytest.raises(InvalidCursor):
        listed(world, tenant, cursor=cursor)
