"""What time it is: the only place that asks the machine's clock.

Stored times are aware UTC; the business date is the calendar date in Jakarta.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

JAKARTA: Final = ZoneInfo("Asia/Jakarta")


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def business_date(moment: datetime | None = None) -> date:
    """The date in Jakarta (UTC+7, no summer time) at ``moment``, by default now."""
    return (moment or now()).astimezone(JAKARTA).date()
