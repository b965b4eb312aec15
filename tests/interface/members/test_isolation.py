"""PostgreSQL itself keeps tenants apart, whatever the code above it does."""

from __future__ import annotations

from typing import Final

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.shared import crypto
from tests.factories.members import Tenant, World

COLUMNS: Final = {
    "cooperatives": "id",
    "data_keys": "cooperative_id",
    "counters": "cooperative_id",
    "members": "cooperative_id",
    "accounts": "cooperative_id",
}


@pytest.fixture
def populated(tenant: Tenant, neighbour: Tenant) -> tuple[Tenant, Tenant]:
    """Two cooperatives with a row in every table."""
    tenant.account()
    neighbour.account()
    return tenant, neighbour


@pytest.mark.parametrize("table", COLUMNS)
def test_a_tenant_sees_its_own_rows_only(
    world: World, populated: tuple[Tenant, Tenant], table: str
) -> None:
    tenant, _neighbour = populated
    query = f"SELECT DISTINCT {COLUMNS[table]} FROM {table}"

    with world.members.tenant(tenant.id) as session:
        seen = set(session.scalars(text(query)))

    assert seen == {tenant.id}


def test_every_table_with_a_cooperative_has_forced_row_level_security(
    world: World,
) -> None:
    with world.members.hub() as session:
        walls = session.execute(
            text(
                "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity "
                "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
                "WHERE c.relkind = 'r' AND a.attname = 'cooperative_id' "
                "AND c.relnamespace = 'public'::regnamespace"
            )
        )
        tables = {row[0]: row[1] for row in walls}

    assert tables.keys() >= COLUMNS.keys() - {"cooperatives"}
    assert {table for table, is_walled in tables.items() if not is_walled} == set()


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(
            "UPDATE members SET status = 'candidate', activated_at = NULL "
            "WHERE cooperative_id = :other",
            id="members",
        ),
        pytest.param(
            "UPDATE accounts SET status = 'closed' WHERE cooperative_id = :other",
            id="accounts",
        ),
        pytest.param(
            "UPDATE counters SET value = 1000 WHERE cooperative_id = :other",
            id="counters",
        ),
    ],
)
def test_a_tenant_changes_nothing_of_another(
    world: World, populated: tuple[Tenant, Tenant], statement: str
) -> None:
    tenant, neighbour = populated

    with world.members.tenant(tenant.id) as session:
        result = session.execute(text(statement), {"other": neighbour.id})
        assert result.rowcount == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(
            "INSERT INTO counters VALUES (:other, 'forged', 1)", id="another's row"
        ),
        pytest.param("SELECT secret_hash FROM clients", id="secrets"),
        pytest.param("UPDATE cooperatives SET status = 'active'", id="cooperatives"),
        pytest.param("UPDATE members SET cooperative_id = :other", id="move a member"),
        pytest.param("UPDATE accounts SET member_id = 'x'", id="give an account away"),
        pytest.param("DELETE FROM members", id="delete"),
        pytest.param("TRUNCATE members CASCADE", id="truncate"),
        pytest.param("SELECT payload FROM outbox", id="others' events"),
        pytest.param("ALTER TABLE members DISABLE ROW LEVEL SECURITY", id="the wall"),
        pytest.param("CREATE TABLE mine (id int)", id="a table of its own"),
    ],
)
def test_a_tenant_may_not(
    world: World, populated: tuple[Tenant, Tenant], statement: str
) -> None:
    tenant, neighbour = populated
    needs_other = {"other": neighbour.id} if ":other" in statement else {}

    with (
        pytest.raises(DBAPIError) as caught,
        world.members.tenant(tenant.id) as session,
    ):
        session.execute(text(statement), needs_other)

    assert isinstance(caught.value.orig, psycopg.errors.InsufficientPrivilege)


def test_an_account_and_its_owner_are_of_one_cooperative(
    world: World, populated: tuple[Tenant, Tenant]
) -> None:
    tenant, neighbour = populated
    stranger = neighbour.member()["id"]

    with (
        pytest.raises(DBAPIError) as caught,
        world.members.tenant(tenant.id) as session,
    ):
        session.execute(
            text(
                "INSERT INTO accounts VALUES ('9999999999999999', :cooperative_id, "
                ":member_id, 'sukarela', 'opening', now())"
            ),
            {"cooperative_id": tenant.id, "member_id": stranger},
        )

    assert isinstance(caught.value.orig, psycopg.errors.ForeignKeyViolation)


def test_each_cooperative_has_a_key_of_its_own(
    world: World, populated: tuple[Tenant, Tenant]
) -> None:
    master = crypto.FieldCipher(world.settings.derive("members data keys"))
    keys = set()
    for tenant in populated:
        with world.members.tenant(tenant.id) as session:
            wrapped = session.execute(text("SELECT wrapped_key FROM data_keys"))
            place = f"data_keys.wrapped_key:{tenant.id}".encode()
            keys.add(master.decrypt(bytes(wrapped.scalar_one()), place))

    assert len(keys) == 2
