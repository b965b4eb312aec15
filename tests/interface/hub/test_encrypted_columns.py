"""Nothing is encrypted in any service that a rotation would not find."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import pytest
from sqlalchemy import text

from services.hub import key_rotation, provision
from services.members.domain import encryption as members
from services.shared.encryption import WRAPPED_KEYS, EncryptedColumn, is_hash
from services.shared.persistence import rotation
from services.shared.persistence.database import Database

PERSONAL: Final = {"members": members.PERSONAL, **key_rotation.PERSONAL}
OTHERS: Final[Mapping[str, Collection[tuple[str, str]]]] = {
    "members": {
        *((one.table, one.column) for one in members.UNDER_MASTER),
        *members.UNDER_LOOKUP_KEYS,
        *members.UNDER_LINKS,
    },
    "ledger": (),
    "transfers": {("participants", "callback_secret")},
}
"""What is encrypted with other keys than the cooperatives' own."""


@pytest.fixture(params=provision.with_database())
def service(request: pytest.FixtureRequest) -> str:
    """Every service that keeps a database."""
    name: str = request.param
    return name


@pytest.fixture
def database(request: pytest.FixtureRequest, service: str) -> Database:
    """The database of that service."""
    found: Database = request.getfixturevalue(f"{service}_database")
    return found


def _columns(service: str) -> Collection[EncryptedColumn]:
    return PERSONAL.get(service, ())


def test_every_column_of_bytes_is_known_to_the_rotation(
    service: str, database: Database
) -> None:
    with database.hub() as session:
        found = session.execute(
            text(
                "SELECT c.relname, a.attname FROM pg_attribute a "
                "JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' "
                "WHERE c.relnamespace = 'public'::regnamespace "
                "AND a.atttypid = 'bytea'::regtype AND NOT a.attisdropped "
                "AND c.relname <> 'idempotency_keys'"
            )
        ).all()
    wrapped = {(one.table, one.column) for one in WRAPPED_KEYS}
    known = {(one.table, one.column) for one in _columns(service)}
    known |= set(OTHERS.get(service, wrapped))
    columns = {(row.relname, row.attname) for row in found}

    assert known <= columns
    assert {one for one in columns - known if not is_hash(one[1])} == set()


def test_every_column_can_be_made_anew_by_the_role_that_does_it(
    service: str, database: Database
) -> None:
    with database.hub() as session:
        for column in _columns(service):
            for right in ("SELECT", "UPDATE"):
                has_right = session.execute(
                    text("SELECT has_column_privilege(:role, :table, :column, :right)"),
                    {
                        "role": database.roles.tenant,
                        "table": column.table,
                        "column": column.column,
                        "right": right,
                    },
                ).scalar_one()
                assert has_right, (column.table, column.column, right)


def test_every_column_is_read_by_its_whole_primary_key(
    service: str, database: Database
) -> None:
    with database.tenant("coop_nobody") as session:
        for column in _columns(service):
            assert rotation.next_values(session, column, None) == []
            rows = session.execute(
                text(
                    "SELECT a.attname, format_type(a.atttypid, NULL) AS kind "
                    "FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid "
                    "AND a.attnum = ANY(i.indkey) "
                    "WHERE i.indisprimary AND i.indrelid = CAST(:table AS regclass)"
                ),
                {"table": column.table},
            )
            primary_key = {(row.attname, row.kind) for row in rows}
            assert primary_key - {("cooperative_id", "text")} == set(column.keys)
