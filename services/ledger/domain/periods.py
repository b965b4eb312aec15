"""Which business days are closed, and which moments a period of days means."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from services.shared import clock


def is_closed(business_date: date, closed_through: date | None) -> bool:
    """Whether nothing may be posted into this day any more."""
    return closed_through is not None and business_date <= closed_through


def can_be_closed(through: date, today: date) -> bool:
    """Only days that are over can be closed."""
    return through < today


def starts_at(bound: date | datetime) -> datetime:
    """The first moment of a period that begins with ``bound``."""
    if isinstance(bound, datetime):
        return bound.astimezone(UTC)
    return datetime.combine(bound, time(), clock.JAKARTA).astimezone(UTC)


def ends_before(bound: date | datetime) -> datetime:
    """The first moment after a period that ends with ``bound``.

    A moment is exclusive, a date means the whole of that day in Jakarta.
    """
    if isinstance(bound, datetime):
        return bound.astimezone(UTC)
    return starts_at(bound + timedelta(days=1))
