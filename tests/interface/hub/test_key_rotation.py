"""`hub rotate-keys` moves every service to the new master secret."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace

import pytest
from sqlalchemy import text

from services.hub import key_rotation
from services.members import operations
from services.shared.persistence import database, keyring
from services.shared.persistence.database import Database
from services.shared.settings import Settings, SettingsError
from services.transfers.operations import rotation
from services.transfers.operations.participants import secret_place
from services.transfers.store import participants
from tests.databases import RunDatabases

NEW_SECRET = "another secret of the tests, long enough as well"
SERVICES = ("insurance", "kyc", "ledger", "loans", "members", "transfers")


@pytest.fixture
def renewed(settings: Settings) -> Settings:
    """Settings with a new master secret, and the old one beside it."""
    return replace(
        settings, secret_key=NEW_SECRET, secret_key_previous=settings.secret_key
    )


@pytest.fixture
def databases(
    database_factory: Callable[[str], Database],
    run_databases: RunDatabases,
    renewed: Settings,
) -> Generator[dict[str, Database]]:
    """Databases of a hub's own, opened with the new settings."""
    opened = {}
    for service in SERVICES:
        label = f"stored answers of {service}"
        opened[service] = database.Database(
            run_databases.url(database_factory(service)),
            service=service,
            pool_size=2,
            answer_key=renewed.derive(label),
            older_answer_keys=renewed.derive_older(label),
        )
    yield opened
    for one in opened.values():
        one.dispose()


def sentences(
    databases: dict[str, Database], settings: Settings, *, data_keys: bool = False
) -> list[str]:
    return list(key_rotation.rotate(databases, settings, replaces_data_keys=data_keys))


def register(
    databases: dict[str, Database], settings: Settings, code: str = "0101"
) -> str:
    command = {
        "code": code,
        "name": "KSP Maju Bersama",
        "kind": "ksp_primer",
        "idempotency": None,
    }
    made = operations.register_cooperative(databases["members"], settings, command)
    return str(made["id"])


def test_everything_of_the_old_master_secret_is_made_anew_once(
    databases: dict[str, Database], settings: Settings, renewed: Settings
) -> None:
    register(databases, settings)
    with databases["loans"].hub() as session:
        keyring.make_key(session, settings, "loans", "coop_1")
    with databases["transfers"].hub() as session:
        participants.add_new(session, cooperative_id="coop_1", code="0101")
        row = participants.find_locked(session, "coop_1")
        assert row is not None
        row.callback_secret = rotation.cipher(settings).encrypt(
            b"rahasia", secret_place("coop_1")
        )

    first = sentences(databases, renewed)

    assert "members: data_keys.wrapped_key: 1 made anew" in first
    assert "loans: data_keys.wrapped_key: 1 made anew" in first
    assert "transfers: participants.callback_secret: 1 made anew" in first
    assert all(" 0 made anew" in one for one in sentences(databases, renewed))
    only_new = replace(renewed, secret_key_previous="")
    with databases["transfers"].hub() as session:
        row = participants.find(session, "coop_1")
        assert row is not None
        secret = rotation.cipher(only_new).decrypt(
            bytes(row.callback_secret or b""), secret_place("coop_1")
        )
    assert secret == b"rahasia"
    with databases["loans"].hub() as session:
        keyring.cipher(session, only_new, "loans", "coop_1")


def test_every_cooperative_gets_a_new_key_when_asked_for(
    databases: dict[str, Database], settings: Settings, renewed: Settings
) -> None:
    ids = [register(databases, settings, code) for code in ("0101", "0102")]

    told = sentences(databases, renewed, data_keys=True)

    assert any("members: 2 cooperatives have a new key" in one for one in told)
    assert any("2 old keys are destroyed by" in one for one in told)
    with databases["members"].hub() as session:
        pending = session.scalars(
            text(
                "SELECT cooperative_id FROM data_keys "
                "WHERE previous_wrapped_key IS NOT NULL"
            )
        )
        assert set(pending) == set(ids)
    again = sentences(databases, renewed, data_keys=True)
    assert any("2 are still being given the one before" in one for one in again)


def test_without_a_services_database_nothing_is_begun(
    databases: dict[str, Database], renewed: Settings
) -> None:
    del databases["transfers"]

    with pytest.raises(SettingsError, match="TRANSFERS_DATABASE_URL"):
        sentences(databases, renewed)


def test_a_new_key_of_any_service_stands_in_the_audit_trail(
    databases: dict[str, Database], settings: Settings, renewed: Settings
) -> None:
    with databases["kyc"].hub() as session:
        keyring.make_key(session, settings, "kyc", "coop_1")

    told = sentences(databases, renewed, data_keys=True)

    assert any("kyc: 1 cooperatives have a new key" in one for one in told)
    with databases["kyc"].hub() as session:
        [event] = session.scalars(
            text("SELECT payload FROM outbox WHERE name = 'audited'")
        )
    assert event["action"] == "data_key.replaced"
    assert event["actor"] == "service:kyc"
