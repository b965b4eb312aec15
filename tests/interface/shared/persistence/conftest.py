"""A database of an invented service, with the tables that every service has."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator
from pathlib import Path

import psycopg
import pytest

from services.shared.persistence import migrate
from services.shared.persistence.database import Database
from tests.databases import RunDatabases

SAMPLE = Path(__file__).parent / "sample"


@pytest.fixture(scope="session")
def sample_database(run_databases: RunDatabases) -> Database:
    """The database of the invented service ``sample``."""
    with pytest.MonkeyPatch.context() as patched:
        # Only while it is made: other services' databases are made in this run too.
        patched.setattr(migrate, "folder", lambda _service: SAMPLE)
        return run_databases.clone("sample")


@pytest.fixture
def administrator(
    sample_database: Database, run_databases: RunDatabases
) -> Generator[psycopg.Connection]:
    """A superuser in the same database."""
    with run_databases.as_administrator(sample_database) as connection:
        yield connection


@pytest.fixture
def cooperative() -> str:
    """A cooperative that no other test knows."""
    return f"coop_{uuid.uuid4().hex}"


@pytest.fixture
def fresh() -> Callable[[], str]:
    """Makes ids that no other test uses."""
    return lambda: uuid.uuid4().hex
