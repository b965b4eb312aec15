"""What the tests of the kyc service begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.shared.persistence.database import Database
from services.shared.settings import Settings
from tests.factories.kyc import CheckDesk, open_desk
from tests.factories.members import World


@pytest.fixture
def world(
    members_database: Database, ledger_database: Database, settings: Settings
) -> World:
    """The services around, each with its own database."""
    return World(members=members_database, ledger=ledger_database, settings=settings)


@pytest.fixture
def desk(world: World, kyc_database: Database) -> Iterator[CheckDesk]:
    """A cooperative that has members checked, and a vendor that answers."""
    opened, stop = open_desk(world.tenant(), kyc_database, slow_seconds=1.0)
    yield opened
    stop()


@pytest.fixture
def neighbour(world: World, kyc_database: Database) -> Iterator[CheckDesk]:
    """Another one, with a vendor of its own."""
    opened, stop = open_desk(world.tenant("KSU Karya Mandiri"), kyc_database)
    yield opened
    stop()
