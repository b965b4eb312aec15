"""What tests of the ledger ask for."""

import pytest

from services.shared.persistence.database import Database
from tests.factories.ledger import Ledger


@pytest.fixture
def ledger(ledger_database: Database) -> Ledger:
    """A ledger that other tests use too: make cooperatives of your own."""
    return Ledger(ledger_database)
