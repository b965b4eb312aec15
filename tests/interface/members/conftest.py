"""What the tests of the members service begin with."""

from __future__ import annotations

import pytest

from services.shared.persistence.database import Database
from services.shared.settings import Settings
from tests.factories.members import Tenant, World


@pytest.fixture
def world(
    members_database: Database, ledger_database: Database, settings: Settings
) -> World:
    """The service's own database, the ledger's, and the settings."""
    return World(members=members_database, ledger=ledger_database, settings=settings)


@pytest.fixture
def tenant(world: World) -> Tenant:
    """An active cooperative that nothing has happened to yet."""
    return world.tenant()


@pytest.fixture
def neighbour(world: World) -> Tenant:
    """Another one."""
    return world.tenant("KSU Karya Mandiri")
