"""How cooperatives join the hub, on a real database."""

from __future__ import annotations

import pytest

from services.members import operations
from services.shared import identifiers
from services.shared.contracts import members as contract
from services.shared.errors import BusUnavailable, IdempotencyKeyReused, NotFound
from tests.factories.members import OPERATOR, PAGE, Tenant, World, idempotency
from tests.fakes.ledger_peer import LedgerPeer


def body(code: str, name: str = "KSP Sumber Rejeki") -> dict[str, str]:
    return {"code": code, "name": name, "kind": "ksu"}


def free_code(world: World) -> str:
    """A code that was taken and is free again is as good as one never taken."""
    taken = world.register_cooperative()["code"]
    return f"{int(taken) + 5000:04d}"


def test_a_new_cooperative_is_registered_and_told_of(world: World) -> None:
    code = free_code(world)

    answer = operations.register_cooperative(
        world.members, world.settings, body(code) | {"idempotency": None}
    )

    assert answer == {
        "id": answer["id"],
        "code": code,
        "name": "KSP Sumber Rejeki",
        "kind": "ksu",
        "status": "registered",
    }
    assert len(world.events("cooperative_registered", code=code)) == 1


def test_a_code_is_given_once(world: World) -> None:
    taken = world.register_cooperative()["code"]

    with pytest.raises(contract.CooperativeCodeTaken):
        operations.register_cooperative(
            world.members, world.settings, body(taken) | {"idempotency": None}
        )


def test_a_repeated_registration_gets_the_first_answer(world: World) -> None:
    code = free_code(world)
    part = idempotency("POST /v1/cooperatives", body(code))
    command = body(code) | {"idempotency": part}

    first = operations.register_cooperative(world.members, world.settings, command)
    again = operations.register_cooperative(world.members, world.settings, command)

    assert again == first | {"replayed": True}


def test_a_key_belongs_to_one_body(world: World) -> None:
    code = free_code(world)
    part = idempotency("POST /v1/cooperatives", body(code))
    operations.register_cooperative(
        world.members, world.settings, body(code) | {"idempotency": part}
    )
    other = body(code, "KSP Lain")
    reused = idempotency("POST /v1/cooperatives", other, part["key"])

    with pytest.raises(IdempotencyKeyReused):
        operations.register_cooperative(
            world.members, world.settings, other | {"idempotency": reused}
        )


def test_an_activated_cooperative_is_told_of_once(world: World) -> None:
    command = {"cooperative_id": world.register_cooperative()["id"]}
    peer = LedgerPeer(world.ledger, world.settings, command["cooperative_id"])

    first = operations.activate_cooperative(world.members, peer, command)
    again = operations.activate_cooperative(world.members, peer, command)

    assert first["status"] == "active"
    assert again == first
    assert len(world.events("cooperative_activated", **command)) == 1


def test_a_cooperative_without_a_book_stays_registered(world: World) -> None:
    command = {"cooperative_id": world.register_cooperative()["id"]}
    peer = LedgerPeer(world.ledger, world.settings, command["cooperative_id"])
    peer.fault = BusUnavailable()

    with pytest.raises(BusUnavailable):
        operations.activate_cooperative(world.members, peer, command)

    answer = operations.get_cooperative(
        world.members, OPERATOR, command["cooperative_id"]
    )
    assert answer["status"] == "registered"
    assert world.events("cooperative_activated", **command) == []


def test_an_unknown_cooperative_cannot_be_activated(world: World) -> None:
    missing = identifiers.new("coop")
    peer = LedgerPeer(world.ledger, world.settings, missing)

    with pytest.raises(NotFound):
        operations.activate_cooperative(
            world.members, peer, {"cooperative_id": missing}
        )


def test_a_deactivated_cooperative_can_come_back(world: World, tenant: Tenant) -> None:
    command = {"cooperative_id": tenant.id}

    left = operations.deactivate_cooperative(world.members, command)
    operations.deactivate_cooperative(world.members, command)
    back = operations.activate_cooperative(world.members, tenant.ledger, command)

    assert left["status"] == "deactivated"
    assert back["status"] == "active"
    assert len(world.events("cooperative_deactivated", **command)) == 1


def test_a_tenant_sees_only_its_own_cooperative(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    own = operations.get_cooperative(world.members, tenant.identity, tenant.id)

    assert own["code"] == tenant.code
    with pytest.raises(NotFound):
        operations.get_cooperative(world.members, tenant.identity, neighbour.id)


def test_pages_of_cooperatives_cover_the_list_once(world: World) -> None:
    for _ in range(3):
        world.register_cooperative()
    command = PAGE | {"status": None}
    whole = operations.list_cooperatives(world.members, command | {"limit": 200})

    seen = []
    cursor = None
    while True:
        page = operations.list_cooperatives(
            world.members, command | {"limit": 2, "cursor": cursor}
        )
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None or len(seen) >= len(whole["items"]):
            break

    assert seen == whole["items"]


def test_cooperatives_can_be_listed_by_status(world: World, tenant: Tenant) -> None:
    registered = world.register_cooperative()
    page = operations.list_cooperatives(
        world.members, PAGE | {"limit": 200, "status": "registered"}
    )

    codes = {item["code"] for item in page["items"]}
    assert registered["code"] in codes
    assert tenant.code not in codes
