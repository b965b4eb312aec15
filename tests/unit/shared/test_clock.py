"""What the business date is, and that a simulation can set it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from services.shared import clock


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """The file of a simulation, which ends with the test."""
    place = tmp_path / "business-date"
    clock.simulate(place)
    yield place
    clock.simulate(None)


def test_a_day_begins_at_midnight_in_jakarta() -> None:
    before = datetime(2026, 11, 21, 16, 59, 59, tzinfo=UTC)

    assert clock.business_date(before) == date(2026, 11, 21)
    assert clock.business_date(before.replace(hour=17)) == date(2026, 11, 22)


def test_a_simulation_sets_the_present_business_date(file: Path) -> None:
    file.write_text("2027-02-28\n")

    assert clock.business_date() == date(2027, 2, 28)


def test_a_simulation_leaves_moments_alone(file: Path) -> None:
    file.write_text("2027-02-28\n")
    moment = datetime(2026, 11, 22, tzinfo=UTC)

    assert clock.business_date(moment) == date(2026, 11, 22)
    assert clock.now().date() != date(2027, 2, 28)


def test_without_its_file_a_simulation_changes_nothing(file: Path) -> None:
    assert not file.exists()
    assert clock.business_date() == clock.business_date(clock.now())
