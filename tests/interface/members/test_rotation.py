"""Keys are replaced while everything stays readable."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from services.members import operations
from services.members.domain import encryption
from services.members.operations import (
    directory,
    notifications,
    personal_data,
    rotation,
)
from services.members.operations.notifications import Message
from services.shared import clock
from services.shared.contracts import members as contract
from services.shared.crypto import Undecryptable
from services.shared.identity import Identity
from services.shared.persistence import database as databases
from services.shared.persistence import idempotency
from services.shared.persistence import rotation as shared_rotation
from services.shared.persistence.rotation import PREVIOUS_KEPT, Rotation
from services.shared.settings import Settings
from tests.databases import RunDatabases
from tests.factories.members import Tenant, World
from tests.factories.members import idempotency as idempotent

NEW_SECRET = "another secret of the tests, long enough as well"
NIK = "5171011708900001"


@pytest.fixture
def renewed(settings: Settings) -> Settings:
    """Settings with a new master secret, and the old one beside it."""
    return replace(
        settings, secret_key=NEW_SECRET, secret_key_previous=settings.secret_key
    )


@pytest.fixture
def only_new(settings: Settings) -> Settings:
    """Settings that know the new master secret alone."""
    return replace(settings, secret_key=NEW_SECRET)


@pytest.fixture
def alone(database_factory: Any, settings: Settings) -> World:
    """A database of its own: a new master secret concerns all cooperatives."""
    members, ledger = database_factory("members"), database_factory("ledger")
    return World(members=members, ledger=ledger, settings=settings)


def with_settings(world: World, settings: Settings, runs: RunDatabases) -> World:
    """The same databases, seen by a process with these settings."""
    opened = databases.Database(
        runs.url(world.members),
        service="members",
        pool_size=2,
        answer_key=settings.derive("stored answers of members"),
        older_answer_keys=settings.derive_older("stored answers of members"),
    )
    return World(members=opened, ledger=world.ledger, settings=settings)


def clerk(tenant: Tenant) -> Identity:
    return replace(tenant.identity, scopes=frozenset({"members:write"}))


def phone_of(world: World, tenant: Tenant, member_id: str) -> str | None:
    found = directory.get_member(
        world.members, world.settings, clerk(tenant), member_id
    )
    phone: str | None = found["phone"]
    return phone


def rewrapped(world: World) -> int:
    return sum(count for _, count in rotation.rewrap(world.members, world.settings))


def test_after_the_rotation_nothing_needs_the_old_master_secret(
    alone: World,
    renewed: Settings,
    only_new: Settings,
    run_databases: RunDatabases,
) -> None:
    tenant = alone.tenant()
    member = tenant.register_member(nik=NIK, phone="+6281234567890")
    client = alone.client(tenant.id)
    with alone.members.tenant(tenant.id) as session:
        message = Message(template="verification_code", recipient="budi@contoh.id")
        notifications.notify(session, alone.settings, tenant.id, message)

    during = with_settings(alone, renewed, run_databases)
    assert phone_of(during, tenant, member["id"]) == "+6281234567890"
    assert rewrapped(during) > 0
    assert rewrapped(during) == 0
    assert idempotency.renew(during.members) == 0

    after = with_settings(alone, only_new, run_databases)
    assert phone_of(after, tenant, member["id"]) == "+6281234567890"
    token = operations.authenticate_client(
        after.members,
        after.settings,
        {
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
            "scope": None,
        },
    )
    assert token["token_type"] == "Bearer"
    again = Tenant(world=after, id=tenant.id, code=tenant.code, ledger=tenant.ledger)
    with pytest.raises(contract.DuplicateNik):
        again.register_member(nik=NIK)
    for each in (during, after):
        each.members.dispose()


def test_a_stored_answer_is_given_again_after_the_rotation(
    alone: World,
    renewed: Settings,
    only_new: Settings,
    run_databases: RunDatabases,
) -> None:
    tenant = alone.tenant()
    part = idempotent("POST /v1/members", {"name": "Budi"})
    first = tenant.register_member(idempotency=part)

    during = with_settings(alone, renewed, run_databases)
    assert rewrapped(during) > 0
    assert idempotency.renew(during.members) == 1
    assert idempotency.renew(during.members) == 0

    after = with_settings(alone, only_new, run_databases)
    again = Tenant(world=after, id=tenant.id, code=tenant.code, ledger=tenant.ledger)
    assert again.register_member(idempotency=part) == first | {"replayed": True}
    for each in (during, after):
        each.members.dispose()


def test_without_the_old_master_secret_nothing_is_read_before_the_rotation(
    tenant: Tenant, world: World, only_new: Settings
) -> None:
    member = tenant.register_member(phone="+6281234567890")

    with pytest.raises(Undecryptable):
        directory.get_member(world.members, only_new, clerk(tenant), member["id"])


def test_a_process_that_already_knows_the_next_secret_changes_nothing_with_it(
    tenant: Tenant, world: World, settings: Settings
) -> None:
    early = replace(settings, secret_key_previous=NEW_SECRET)
    member = operations.register_member(
        world.members,
        early,
        tenant.actor,
        {"name": "Budi", "phone": "+6281234567890", "idempotency": None},
    )

    assert phone_of(world, tenant, member["id"]) == "+6281234567890"


def keys_of(world: World) -> Rotation:
    return rotation.of(world.members, world.settings)


def personal_value(world: World, member_id: str) -> bytes:
    with world.members.hub() as session:
        value: bytes = session.execute(
            text("SELECT personal_data FROM members WHERE id = :id"), {"id": member_id}
        ).scalar_one()
    return bytes(value)


def age_key(world: World, runs: RunDatabases, cooperative_id: str) -> None:
    """Let the key have been replaced long ago."""
    long_ago = clock.now() - PREVIOUS_KEPT - timedelta(hours=1)
    with runs.as_administrator(world.members) as admin:
        admin.execute(
            "UPDATE data_keys SET created_at = %s WHERE cooperative_id = %s",
            (long_ago, cooperative_id),
        )


def finished(world: World, cooperative_id: str) -> tuple[int, bool]:
    for found, count, is_gone in keys_of(world).finish_replacements():
        if found == cooperative_id:
            return count, is_gone
    return 0, True


def test_a_cooperatives_key_is_replaced_and_the_old_one_destroyed_later(
    tenant: Tenant, world: World, run_databases: RunDatabases
) -> None:
    member = tenant.register_member(phone="+6281234567890")
    others = [tenant.register_member() for _ in range(3)]
    before = personal_value(world, member["id"])

    assert keys_of(world).replace_data_key(tenant.id)
    assert phone_of(world, tenant, member["id"]) == "+6281234567890"
    assert finished(world, tenant.id) == (1 + len(others), False)
    assert personal_value(world, member["id"]) != before
    # Nothing is left under it, but somebody may still hold it in memory.
    assert finished(world, tenant.id) == (0, False)
    age_key(world, run_databases, tenant.id)
    assert finished(world, tenant.id) == (0, True)

    assert phone_of(world, tenant, member["id"]) == "+6281234567890"
    with world.members.tenant(tenant.id) as session:
        kept = session.execute(text("SELECT previous_wrapped_key FROM data_keys"))
        assert kept.scalar_one() is None


def test_what_is_written_late_with_the_old_key_keeps_it_alive(
    tenant: Tenant, world: World, run_databases: RunDatabases
) -> None:
    member = tenant.register_member(phone="+6281234567890")
    with world.members.tenant(tenant.id) as session:
        held = personal_data.cipher(session, world.settings, tenant.id)
    keys_of(world).replace_data_key(tenant.id)
    finished(world, tenant.id)
    late = held.encrypt(b"{}", f"members.personal_data:{member['id']}".encode())
    with world.members.tenant(tenant.id) as session:
        session.execute(
            text("UPDATE members SET personal_data = :late WHERE id = :id"),
            {"late": late, "id": member["id"]},
        )
    age_key(world, run_databases, tenant.id)

    assert finished(world, tenant.id) == (1, False)
    assert finished(world, tenant.id) == (0, True)
    assert phone_of(world, tenant, member["id"]) is None


def test_a_key_is_not_replaced_while_the_last_one_still_is(
    tenant: Tenant, world: World
) -> None:
    assert keys_of(world).replace_data_key(tenant.id)
    assert not keys_of(world).replace_data_key(tenant.id)


def test_a_rotation_killed_half_way_goes_on_where_it_was(
    tenant: Tenant, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = [tenant.register_member(phone="+6281234567890") for _ in range(5)]
    small = replace(encryption.PERSONAL[0], rows_at_once=2)
    rest = encryption.PERSONAL[1:]
    monkeypatch.setattr(encryption, "PERSONAL", (small, *rest))
    keys_of(world).replace_data_key(tenant.id)
    calls = 0
    real = shared_rotation.replace_values

    def dying(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(shared_rotation, "replace_values", dying)
    with pytest.raises(KeyboardInterrupt):
        keys_of(world).renew_personal_data(tenant.id)
    monkeypatch.setattr(shared_rotation, "replace_values", real)

    assert keys_of(world).renew_personal_data(tenant.id) == 3
    for member in members:
        assert phone_of(world, tenant, member["id"]) == "+6281234567890"


def test_a_rotation_touches_no_other_cooperative(
    tenant: Tenant, neighbour: Tenant, world: World
) -> None:
    member = neighbour.register_member(phone="+6281234567890")
    before = personal_value(world, member["id"])
    keys_of(world).replace_data_key(tenant.id)
    finished(world, tenant.id)

    assert personal_value(world, member["id"]) == before


def test_a_new_key_stands_in_the_audit_trail(tenant: Tenant, world: World) -> None:
    keys_of(world).replace_data_key(tenant.id)

    with world.members.tenant(tenant.id) as session:
        actions = session.scalars(text("SELECT action FROM audit_entries")).all()
    assert "data_key.replaced" in actions


def test_a_tenant_changes_no_key(tenant: Tenant, world: World) -> None:
    for statement in (
        "UPDATE data_keys SET wrapped_key = ''",
        "UPDATE lookup_keys SET wrapped_key = ''",
        "DELETE FROM lookup_keys",
    ):
        with (
            pytest.raises(Exception, match="permission denied") as caught,
            world.members.tenant(tenant.id) as session,
        ):
            session.execute(text(statement))
        assert isinstance(
            getattr(caught.value, "orig", None), psycopg.errors.InsufficientPrivilege
        )
