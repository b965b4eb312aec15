"""How many requests a client may make: a count per client and second, no database.

Each gateway process counts for itself: n replicas admit n times the rate.
"""

from __future__ import annotations

import math
import time
from typing import Any, Final

from limits import RateLimitItemPerSecond
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

COUNTERS_MAX: Final = 10_000
"""How many counters may pile up before those of past windows are thrown away."""


class ProcessCounters(Storage):
    """Counters in a dictionary of this process.

    The memory storage of `limits` starts a thread every ten milliseconds to expire its
    counters, which under load costs more than the counting.
    """

    STORAGE_SCHEME: Final = ["process"]  # type: ignore[misc]  # a registry key

    def __init__(self) -> None:
        super().__init__(None)
        self._counts: dict[str, tuple[int, float]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing here raises."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, in a window that begins with the first request in it."""
        now = time.time()
        count, ends_at = self._counts.get(key, (0, 0.0))
        if ends_at <= now:
            if len(self._counts) >= COUNTERS_MAX:
                self._forget_past(now)
            count, ends_at = 0, now + expiry
        self._counts[key] = (count + amount, ends_at)
        return count + amount

    def _forget_past(self, now: float) -> None:
        self._counts = {
            key: counted for key, counted in self._counts.items() if counted[1] > now
        }

    def get(self, key: str) -> int:
        """The count of the window that runs."""
        count, ends_at = self._counts.get(key, (0, 0.0))
        return count if ends_at > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends."""
        count = self._counts.get(key)
        return count[1] if count else time.time()

    def check(self) -> bool:
        """A dictionary is always there."""
        return True

    def reset(self) -> int | None:
        """Forget everything."""
        known = len(self._counts)
        self._counts = {}
        return known

    def clear(self, key: str) -> None:
        """Forget one counter."""
        self._counts.pop(key, None)


class RateLimit:
    """Counts requests by client. A rate of 0 turns it off."""

    def __init__(self, rate_per_second: int) -> None:
        self._limiter: Any = None
        if rate_per_second:
            self._item = RateLimitItemPerSecond(rate_per_second)
            self._limiter = FixedWindowRateLimiter(ProcessCounters())

    def seconds_to_wait(self, client: str) -> int:
        """Count one request of ``client``: 0 when it may go ahead."""
        if self._limiter is None or self._limiter.hit(self._item, client):
            return 0
        reset_at = self._limiter.get_window_stats(self._item, client).reset_time
        return max(1, math.ceil(float(reset_at) - time.time()))
