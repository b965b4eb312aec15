"""What tests of the ledger ask for."""

from collections.abc import Callable

import pytest

from services.shared.persistence.database import Database
from tests.factories.ledger import Ledger


@pytest.fixture
def ledger(ledger_database: Database) -> Ledger:
    """A ledger that other tests use too: make cooperatives of your own."""
    return Ledger(ledger_database)


@pytest.fixture
def own_ledger(database_factory: Callable[[str], Database]) -> Ledger:
    """A ledger that no other test touches, to be broken or counted."""
    return Ledger(database_factory("ledger"))
