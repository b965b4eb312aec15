"""Who gets an access token, on a real database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.members import operations
from services.shared import identity
from services.shared.contracts import members as contract
from services.shared.errors import InvariantViolated, NotFound
from tests.factories.members import PAGE, Tenant, World


def sign_in(
    world: World, client: dict[str, Any], scope: str | None = None
) -> dict[str, Any]:
    return operations.authenticate_client(
        world.members,
        world.settings,
        {
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
            "scope": scope,
        },
    )


def test_a_token_names_the_client_its_tenant_and_its_scopes(
    world: World, tenant: Tenant
) -> None:
    client = world.client(tenant.id, "members:*", "accounts:read")

    answer = sign_in(world, client)
    caller = identity.verify(
        answer["access_token"], world.settings.identity_key, audience="api"
    )

    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == world.settings.token_seconds
    assert answer["scope"] == "accounts:read members:read members:write"
    assert caller.subject == client["client_id"]
    assert caller.cooperative_id == tenant.id
    assert caller.scopes == {"accounts:read", "members:read", "members:write"}


def test_the_scopes_of_a_client_are_answered_as_they_were_given(
    world: World, tenant: Tenant
) -> None:
    given = ["transfers:write", "members", "transfers:write"]
    client = world.client(tenant.id, *given)

    assert client["scopes"] == ["transfers:write", "members"]
    assert sign_in(world, client)["scope"] == (
        "members:read members:write transfers:read transfers:write"
    )


def test_a_token_can_be_narrowed(world: World, tenant: Tenant) -> None:
    client = world.client(tenant.id)

    assert sign_in(world, client, "members:read")["scope"] == "members:read"


def test_a_token_cannot_be_widened(world: World, tenant: Tenant) -> None:
    client = world.client(tenant.id, "members:read")

    with pytest.raises(contract.InvalidScope):
        sign_in(world, client, "members:read ledger:write")


def test_nobody_can_be_given_a_scope_that_does_not_exist(
    world: World, tenant: Tenant
) -> None:
    for scope in ("operator", "members:delete", ""):
        with pytest.raises(contract.InvalidScope):
            world.client(tenant.id, scope)


def test_every_refusal_to_sign_in_looks_the_same(world: World, tenant: Tenant) -> None:
    client = world.client(tenant.id)
    revoked = world.client(tenant.id)
    operations.revoke_client(
        world.members,
        {"cooperative_id": tenant.id, "client_id": revoked["client_id"]},
    )
    early = world.client(world.register_cooperative()["id"])
    gone = world.tenant()
    late = world.client(gone.id)
    operations.deactivate_cooperative(world.members, {"cooperative_id": gone.id})

    refusals = set()
    for attempt in (
        client | {"client_secret": "wrong"},
        client | {"client_id": "cli_unknown"},
        revoked,
        early,
        late,
    ):
        with pytest.raises(contract.InvalidClient) as caught:
            sign_in(world, attempt)
        refusals.add((caught.value.code, caught.value.message))

    assert len(refusals) == 1


def test_a_secret_is_not_stored(world: World, tenant: Tenant) -> None:
    client = world.client(tenant.id)

    with world.members.hub() as session:
        stored = session.connection().exec_driver_sql(
            "SELECT clients::text, secret_hash FROM clients WHERE client_id = %s",
            (client["client_id"],),
        )
        text, secret_hash = stored.one()

    assert client["client_secret"] not in text
    assert client["client_secret"].encode() not in bytes(secret_hash)


def test_clients_are_listed_without_their_secrets(world: World, tenant: Tenant) -> None:
    made = [world.client(tenant.id)["client_id"] for _ in range(3)]
    command = PAGE | {"cooperative_id": tenant.id, "limit": 2}

    first = operations.list_clients(world.members, command)
    rest = operations.list_clients(
        world.members, command | {"cursor": first["next_cursor"]}
    )

    items = first["items"] + rest["items"]
    assert [item["client_id"] for item in items] == sorted(made)
    assert rest["next_cursor"] is None
    assert "client_secret" not in items[0]
    assert "secret_hash" not in items[0]


def test_a_client_is_revoked_only_under_its_own_cooperative(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    client = world.client(tenant.id)
    command = {"cooperative_id": neighbour.id, "client_id": client["client_id"]}

    with pytest.raises(NotFound):
        operations.revoke_client(world.members, command)

    assert sign_in(world, client)


def test_a_deactivated_cooperative_gets_no_clients(
    world: World, tenant: Tenant
) -> None:
    operations.deactivate_cooperative(world.members, {"cooperative_id": tenant.id})

    with pytest.raises(contract.CooperativeNotActive):
        world.client(tenant.id)


def test_an_unknown_cooperative_gets_no_clients(world: World) -> None:
    with pytest.raises(NotFound):
        world.client("coop_unknown")


def test_the_operators_client_is_made_once(world: World) -> None:
    settings = replace(world.settings, operator_client_id="operator-once")

    first = operations.bootstrap_operator(world.members, settings)
    again = operations.bootstrap_operator(world.members, settings)
    token = sign_in(world, first)
    caller = identity.verify(
        token["access_token"], settings.identity_key, audience="api"
    )

    assert first["created"]
    assert again == first | {"created": False, "client_secret": None}
    assert caller.is_operator


def test_a_given_secret_is_not_told_and_can_be_changed(world: World) -> None:
    settings = replace(
        world.settings,
        operator_client_id="operator-given",
        operator_client_secret="rahasia-pertama-yang-cukup-panjang-01",
    )
    changed = replace(
        settings, operator_client_secret="rahasia-kedua-yang-cukup-panjang-0002"
    )

    first = operations.bootstrap_operator(world.members, settings)
    operations.bootstrap_operator(world.members, changed)

    assert first["client_secret"] is None
    assert sign_in(world, first | {"client_secret": changed.operator_client_secret})
    with pytest.raises(contract.InvalidClient):
        sign_in(world, first | {"client_secret": settings.operator_client_secret})


def test_a_renamed_operator_leaves_no_second_way_in(world: World) -> None:
    before = replace(world.settings, operator_client_id="operator-before")
    after = replace(world.settings, operator_client_id="operator-after")

    old = operations.bootstrap_operator(world.members, before)
    new = operations.bootstrap_operator(world.members, after)

    assert sign_in(world, new)
    with pytest.raises(contract.InvalidClient):
        sign_in(world, old)


def test_a_cooperatives_client_never_becomes_the_operator(
    world: World, tenant: Tenant
) -> None:
    client = world.client(tenant.id, "members:read")
    settings = replace(world.settings, operator_client_id=client["client_id"])

    with pytest.raises(InvariantViolated):
        operations.bootstrap_operator(world.members, settings)

    assert sign_in(world, client)["scope"] == "members:read"
