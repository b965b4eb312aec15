"""What time it is: the only place that asks the machine's clock.

Stored times are aware UTC; the business date is the calendar date in Jakarta.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

JAKARTA: Final = ZoneInfo("Asia/Jakarta")

_simulation: Path | None = None


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def business_date(moment: datetime | None = None) -> date:
    """The date in Jakarta (UTC+7, no summer time) at ``moment``, by default now.

    In a simulation the present business date is the one that its file holds.
    """
    if moment is None and _simulation is not None and _simulation.exists():
        return date.fromisoformat(_simulation.read_text().strip())
    return (moment or now()).astimezone(JAKARTA).date()


def is_simulated() -> bool:
    """Whether business dates may have nothing to do with when something is written."""
    return _simulation is not None


def simulate(file: Path | None) -> None:
    """Take the business date from ``file`` while it exists; None ends that.

    For demonstrations and tests that live through months: only business dates are
    simulated, never the moments at which something is written.
    """
    global _simulation  # noqa: PLW0603 - a process has one business date
    _simulation = file
