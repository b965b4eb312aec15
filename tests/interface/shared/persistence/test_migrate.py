"""Databases are made and migrated once, however often it is asked."""

from __future__ import annotations

import uuid
from collections.abc import Generator
from pathlib import Path

import eventlet
import psycopg
import pytest
from psycopg import sql

from services.hub import provision
from services.shared.errors import DatabaseUnavailable
from services.shared.persistence import migrate
from services.shared.persistence.database import Database
from services.shared.settings import Settings
from tests.databases import RunDatabases, settings_for

SAMPLE = Path(__file__).parent / "sample"


@pytest.fixture
def prefix(run_databases: RunDatabases) -> Generator[str]:
    """The names of an installation of its own, removed with all it made."""
    name = f"t{uuid.uuid4().hex[:10]}_"
    yield name
    with provision.connected(run_databases.admin_url) as admin:
        login = f"{name}sample"
        admin.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(
                sql.Identifier(login)
            )
        )
        for suffix in ("", "_tenant", "_hub", "_owner"):
            admin.execute(
                sql.SQL("DROP ROLE IF EXISTS {}").format(
                    sql.Identifier(f"{login}{suffix}")
                )
            )


@pytest.fixture
def installation(prefix: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an installation whose only service is the invented one."""
    monkeypatch.setattr(migrate, "folder", lambda _service: SAMPLE)
    monkeypatch.setattr(provision, "with_database", lambda: ["sample"])
    return settings_for(HUB_DATABASE_PREFIX=prefix)


def test_provisioning_again_changes_nothing(
    installation: Settings, run_databases: RunDatabases, prefix: str
) -> None:
    first = provision.provision(run_databases.admin_url, installation)
    again = provision.provision(run_databases.admin_url, installation)
    assert first == again
    database = Database(first["sample"], service="sample")
    database.ping()
    assert database.name == f"{prefix}sample"
    database.dispose()


def test_two_hubs_may_start_at_once(
    installation: Settings, run_databases: RunDatabases
) -> None:
    def start(_number: int) -> dict[str, str]:
        return provision.provision(run_databases.admin_url, installation)

    first, second = eventlet.GreenPool().imap(start, range(2))
    assert first == second


def test_the_password_given_for_a_service_is_the_one_it_gets(
    installation: Settings, run_databases: RunDatabases, prefix: str
) -> None:
    given = settings_for(
        HUB_DATABASE_PREFIX=prefix,
        SAMPLE_DATABASE_URL=f"postgresql://{prefix}sample:kopi%2Fsusu@db/{prefix}sample",
    )
    assert installation.database_prefix == given.database_prefix
    provision.provision(run_databases.admin_url, given)
    with provision.connected(run_databases.admin_url) as admin:
        row = admin.execute(
            "SELECT rolpassword FROM pg_authid WHERE rolname = %s", (f"{prefix}sample",)
        ).fetchone()
    assert row is not None
    assert row[0].startswith("SCRAM-SHA-256$")


def test_nothing_is_missing_after_an_upgrade(
    installation: Settings, run_databases: RunDatabases
) -> None:
    url = provision.provision(run_databases.admin_url, installation)["sample"]
    admin_url = provision.admin_url_of(run_databases.admin_url, url)
    assert migrate.is_current(admin_url, "sample")
    roles = provision.roles_in(url)
    assert not migrate.upgrade(admin_url, "sample", given_roles=roles)


def test_tables_belong_to_a_role_that_cannot_log_in(
    sample_database: Database, administrator: psycopg.Connection
) -> None:
    owners = administrator.execute(
        "SELECT DISTINCT tableowner, rolcanlogin FROM pg_tables "
        "JOIN pg_roles ON rolname = tableowner WHERE schemaname = 'public'"
    ).fetchall()
    assert owners == [(sample_database.roles.owner, False)]


def test_a_server_that_is_not_there_is_told_with_its_own_words(
    installation: Settings,
) -> None:
    with pytest.raises(DatabaseUnavailable, match="refused"):
        provision.provision("postgresql://nobody@127.0.0.1:1/nothing", installation)
