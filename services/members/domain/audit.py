"""How entries of the audit trail are chained: each hash covers the one before."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from services.shared import clock

GENESIS: Final = bytes(64)
"""What the first entry of every chain follows."""


FIRST_MOMENT: Final = datetime(2000, 1, 1, tzinfo=UTC)
LAST_MOMENT: Final = datetime(3000, 1, 1, tzinfo=UTC)


def starts_at(bound: date | datetime | None) -> datetime:
    """The first moment of a period that begins with ``bound``."""
    if bound is None:
        return FIRST_MOMENT
    return _within(bound, days=0)


def ends_before(bound: date | datetime | None) -> datetime:
    """The first moment after a period: a date means the whole day in Jakarta."""
    if bound is None:
        return LAST_MOMENT
    return _within(bound, days=0 if isinstance(bound, datetime) else 1)


def _within(bound: date | datetime, *, days: int) -> datetime:
    """The moment of a bound; before the first and after the last there is nothing."""
    if not FIRST_MOMENT.year < bound.year < LAST_MOMENT.year:
        return FIRST_MOMENT if bound.year <= FIRST_MOMENT.year else LAST_MOMENT
    if isinstance(bound, datetime):
        return bound.astimezone(UTC)
    return datetime.combine(bound + timedelta(days=days), time(), clock.JAKARTA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Who did what to what, and how it was before and after."""

    cooperative_id: str
    position: int
    at: datetime
    actor: str
    action: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    request_id: str | None

    def hash_after(self, previous: bytes) -> bytes:
        """SHA-512 over the hash before and everything that the entry says."""
        content = [
            self.cooperative_id,
            self.position,
            self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            self.actor,
            self.action,
            self.subject,
            self.before,
            self.after,
            self.request_id,
        ]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha512(previous + text.encode()).digest()
