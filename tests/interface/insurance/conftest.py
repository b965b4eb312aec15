"""What the tests of the insurance service begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.shared.persistence.database import Database
from services.shared.settings import Settings
from tests.factories.insurance import Agency, open_agency


@pytest.fixture
def agency(
    insurance_database: Database, ledger_database: Database, settings: Settings
) -> Iterator[Agency]:
    """A cooperative that insures its loans."""
    opened, stops = open_agency(insurance_database, ledger_database, settings)
    yield opened
    for stop in stops:
        stop()
