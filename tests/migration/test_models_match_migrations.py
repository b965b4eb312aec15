"""What the code believes of its tables is what the migrations made."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Final

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, create_engine, inspect
from sqlalchemy.engine import Connection, make_url

from services.shared.persistence.base import metadata_of
from services.shared.persistence.database import Database
from tests.databases import RunDatabases

SERVICES: Final = ("insurance", "kyc", "ledger", "loans", "members", "transfers")
# Written and read by shared code without a model.
WITHOUT_MODEL: Final = frozenset(
    {
        "alembic_version",
        "counters",
        "data_keys",
        "idempotency_keys",
        "inbox",
        "job_runs",
        "outbox",
        "parked_events",
        "tenants",
    }
)


@pytest.fixture(params=SERVICES)
def migrated(
    request: pytest.FixtureRequest,
    database_factory: Callable[[str], Database],
    run_databases: RunDatabases,
) -> Any:
    """A service's name, and a connection to its migrated database."""
    service: str = request.param
    importlib.import_module(f"services.{service}.models")
    made = database_factory(service)
    url = make_url(run_databases.admin_url).set(
        drivername="postgresql+psycopg", database=made.name
    )
    engine = create_engine(url)
    with engine.connect() as connection:
        yield service, connection
    engine.dispose()


def test_columns_keys_and_indexes_agree(migrated: tuple[str, Connection]) -> None:
    service, connection = migrated
    context = MigrationContext.configure(connection)
    found = compare_metadata(context, metadata_of(service))
    differences = [one for one in found if not _is_without_model(one)]
    assert differences == []


def test_every_rule_of_a_model_is_one_of_the_table(
    migrated: tuple[str, Connection],
) -> None:
    service, connection = migrated
    inspector = inspect(connection)
    for table in metadata_of(service).sorted_tables:
        believed = {
            str(one.name)
            for one in table.constraints
            if isinstance(one, CheckConstraint)
        }
        made = {str(one["name"]) for one in inspector.get_check_constraints(table.name)}
        assert believed <= made, table.name


def _is_without_model(difference: Any) -> bool:
    if isinstance(difference, list):
        return False
    kind, subject = difference[0], difference[1]
    table = getattr(subject, "table", subject)
    return str(kind).startswith("remove_") and table.name in WITHOUT_MODEL
