"""What the tests of the loans service begin with."""

from __future__ import annotations

import pytest

from services.shared.persistence.database import Database
from services.shared.settings import Settings
from tests.factories.loans import Lender, Lending


@pytest.fixture
def lending(
    loans_database: Database, ledger_database: Database, settings: Settings
) -> Lending:
    """The service's own database, the ledger's, and the settings."""
    return Lending(loans=loans_database, ledger=ledger_database, settings=settings)


@pytest.fixture
def lender(lending: Lending) -> Lender:
    """An active cooperative with cash and a wallet that has lent nothing yet."""
    return lending.tenant()


@pytest.fixture
def neighbour(lending: Lending) -> Lender:
    """Another one."""
    return lending.tenant()
