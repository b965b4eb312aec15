"""PostgreSQL itself keeps cooperatives and services apart."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.hub import provision
from services.shared import settings
from services.shared.errors import InvariantViolated
from services.shared.persistence import migrate
from services.shared.persistence.database import Database
from tests.databases import PREFIX, RunDatabases

INSERT = text("INSERT INTO notes VALUES (:id, :cooperative_id, :body)")


def write(session: Session, cooperative_id: str, body: str) -> None:
    values = {"id": f"{cooperative_id}-{body}", "cooperative_id": cooperative_id}
    session.execute(INSERT, values | {"body": body})


def bodies(session: Session) -> set[str]:
    return set(session.scalars(text("SELECT body FROM notes")))


def test_a_tenant_sees_its_own_rows_only(
    sample_database: Database, fresh: Callable[[], str]
) -> None:
    maju, sentosa = f"coop_{fresh()}", f"coop_{fresh()}"
    with sample_database.hub() as session:
        write(session, maju, "of maju")
        write(session, sentosa, "of sentosa")
    with sample_database.tenant(maju) as session:
        assert bodies(session) == {"of maju"}
    with sample_database.hub() as session:
        assert bodies(session) >= {"of maju", "of sentosa"}


def test_a_tenant_cannot_write_a_row_of_another(
    sample_database: Database, cooperative: str
) -> None:
    with (
        pytest.raises(DBAPIError, match="row-level security"),
        sample_database.tenant(cooperative) as session,
    ):
        write(session, "coop_somebody_else", "planted")


def test_a_tenant_can_neither_change_nor_delete_rows_of_another(
    sample_database: Database, fresh: Callable[[], str]
) -> None:
    maju = f"coop_{fresh()}"
    with sample_database.hub() as session:
        write(session, maju, "kept")
    with sample_database.tenant(f"coop_{fresh()}") as session:
        session.execute(text("UPDATE notes SET body = 'changed'"))
        session.execute(text("DELETE FROM notes"))
    with sample_database.tenant(maju) as session:
        assert bodies(session) == {"kept"}


def test_the_cooperative_ends_with_its_transaction(
    sample_database: Database, cooperative: str
) -> None:
    with sample_database.tenant(cooperative) as session:
        write(session, cooperative, "mine")
    with sample_database.hub() as session:
        setting = text("SELECT current_setting('app.cooperative_id', true)")
        assert not session.scalar(setting)
        assert session.scalar(text("SELECT current_user")) == sample_database.roles.hub


def test_a_tenant_without_a_cooperative_is_refused_or_sees_nothing(
    sample_database: Database,
) -> None:
    become = text(f'SET LOCAL ROLE "{sample_database.roles.tenant}"')
    seen: set[str] = set()
    # On a connection that never had a cooperative, asking is itself an error; on one
    # that had, its id is empty by now.
    with contextlib.suppress(DBAPIError), sample_database.hub() as session:
        session.execute(text("RESET ROLE"))
        session.execute(become)
        seen = bodies(session)
    assert seen == set()


def test_the_login_role_has_no_rights_of_its_own(sample_database: Database) -> None:
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        sample_database.hub() as session,
    ):
        session.execute(text("RESET ROLE"))
        bodies(session)


def make_roles(run_databases: RunDatabases, url: str) -> None:
    with provision.connected(run_databases.admin_url) as admin:
        # Roles belong to the whole server, and so must the lock: another worker
        # process makes the same ones.
        admin.execute("SELECT pg_advisory_lock(%s)", (migrate.LOCK,))
        provision.ensure_roles(admin, url)


@pytest.mark.parametrize("role", ["owner", "postgres", "of another service"])
def test_a_service_cannot_take_a_role_that_is_not_its_own(
    sample_database: Database,
    run_databases: RunDatabases,
    role: str,
) -> None:
    other = settings.replace_login(
        run_databases.admin_url, user=f"{PREFIX}other", password=None, database="x"
    )
    make_roles(run_databases, other)
    wanted = {
        "owner": sample_database.roles.owner,
        "postgres": "postgres",
        "of another service": provision.roles_in(other).hub,
    }[role]
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        sample_database.hub() as session,
    ):
        session.execute(text(f'SET LOCAL ROLE "{wanted}"'))


def test_a_service_cannot_enter_the_database_of_another(
    sample_database: Database, run_databases: RunDatabases
) -> None:
    stranger = settings.replace_login(
        run_databases.admin_url,
        user=f"{PREFIX}other",
        password="invented",
        database=sample_database.name,
    )
    make_roles(run_databases, stranger)
    with pytest.raises(
        psycopg.OperationalError, match="permission denied for database"
    ):
        psycopg.connect(stranger)


def test_a_tenant_cannot_read_the_outbox(
    sample_database: Database, cooperative: str
) -> None:
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        sample_database.tenant(cooperative) as session,
    ):
        session.execute(text("SELECT * FROM outbox"))


@pytest.mark.parametrize("wrong", ["", "a'; RESET ROLE; --", "a\\", "a\n", "x" * 101])
def test_what_is_no_id_never_reaches_the_database(
    sample_database: Database, wrong: str
) -> None:
    with pytest.raises(InvariantViolated):
        sample_database.tenant(wrong)


@pytest.mark.parametrize(
    "statement", ["UPDATE facts SET id = 'x'", "DELETE FROM facts"]
)
@pytest.mark.parametrize("role", ["tenant", "hub", "owner", "superuser"])
def test_an_append_only_table_refuses_change(
    administrator: psycopg.Connection,
    sample_database: Database,
    role: str,
    statement: str,
) -> None:
    administrator.execute("INSERT INTO facts VALUES ('f') ON CONFLICT DO NOTHING")
    if role != "superuser":
        administrator.execute(f'SET ROLE "{getattr(sample_database.roles, role)}"')
    refusals = (psycopg.errors.RestrictViolation, psycopg.errors.InsufficientPrivilege)
    with pytest.raises(refusals):
        administrator.execute(statement)
    administrator.execute("RESET ROLE")
    assert administrator.execute("SELECT id FROM facts").fetchall() == [("f",)]


def test_an_append_only_table_is_not_emptied_by_its_owner(
    administrator: psycopg.Connection, sample_database: Database
) -> None:
    administrator.execute("GRANT ALL ON facts TO PUBLIC")
    administrator.execute(f'SET ROLE "{sample_database.roles.owner}"')
    with pytest.raises(psycopg.errors.RestrictViolation):
        administrator.execute("TRUNCATE facts")
    administrator.execute("RESET ROLE")
    administrator.execute("REVOKE ALL ON facts FROM PUBLIC")


def test_an_append_only_table_does_not_believe_in_replicas(
    administrator: psycopg.Connection,
) -> None:
    administrator.execute("SET session_replication_role = replica")
    with pytest.raises(psycopg.errors.RestrictViolation):
        administrator.execute("DELETE FROM facts")
