"""When nobody may try a login any more: five failures, fifteen minutes (R7).

An attempt is counted before the password is looked at, and taken back when it was
right. So a hundred attempts at the same moment are five as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FAILURES_MAX: Final = 5
LOCKED_FOR: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """What is known of one login: failures in a row, and until when it is locked."""

    failures: int = 0
    last_at: datetime | None = None
    locked_until: datetime | None = None

    def is_locked(self, now: datetime) -> bool:
        """Whether no password is even looked at."""
        return self.locked_until is not None and now < self.locked_until

    def counted(self, now: datetime) -> Attempts:
        """With one attempt more, as if it had failed.

        Failures that are older than the lock would be are forgotten.
        """
        is_fresh = self.last_at is not None and now - self.last_at < LOCKED_FOR
        was_locked = self.locked_until is not None
        failures = self.failures + 1 if is_fresh and not was_locked else 1
        return Attempts(
            failures=failures,
            last_at=now,
            locked_until=now + LOCKED_FOR if failures >= FAILURES_MAX else None,
        )

    def given_back(self) -> Attempts:
        """Without the attempt that was counted last: it was right as far as it went."""
        return Attempts(
            failures=max(0, self.failures - 1), last_at=self.last_at, locked_until=None
        )

    def seconds_left(self, now: datetime) -> int:
        """For how long it is still locked, at least one second."""
        if self.locked_until is None:
            return 1
        return max(1, int((self.locked_until - now).total_seconds()) + 1)
