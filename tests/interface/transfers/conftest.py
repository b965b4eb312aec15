"""What the tests of clearing share."""

from __future__ import annotations

import pytest

from services.shared.persistence.database import Database
from tests.factories import transfers as factory
from tests.factories.transfers import Pair, World


@pytest.fixture
def world(transfers_database: Database, ledger_database: Database) -> World:
    """A clearing world; tests keep apart by cooperatives of their own."""
    return factory.world(transfers_database, ledger_database)


@pytest.fixture
def pair(world: World) -> Pair:
    """Two cooperatives with an agreement; the payer has a billion."""
    return world.pair()
