"""How many requests a client may make: a count per client and second, no database.

Each gateway process counts for itself: n replicas admit n times the rate.
"""

from __future__ import annotations

import math
import time

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter


class RateLimit:
    """Counts requests by client. A rate of 0 turns it off."""

    def __init__(self, rate_per_second: int) -> None:
        self._limiter: FixedWindowRateLimiter | None = None
        if rate_per_second:
            self._item = RateLimitItemPerSecond(rate_per_second)
            self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def seconds_to_wait(self, client: str) -> int:
        """Count one request of ``client``: 0 when it may go ahead."""
        if self._limiter is None or self._limiter.hit(self._item, client):
            return 0
        reset_at = self._limiter.get_window_stats(self._item, client).reset_time
        return max(1, math.ceil(reset_at - time.time()))
