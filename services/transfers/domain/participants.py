"""How far a cooperative may owe the hub, and when its operator should be warned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ACTIVE: Final = "active"
SUSPENDED: Final = "suspended"
CLOSED: Final = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """A cooperative in clearing, as far as a transfer's fate depends on it."""

    cooperative_id: str
    code: str
    status: str
    mode: str

    @property
    def is_active(self) -> bool:
        """Whether it may pay and be paid."""
        return self.status == ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a cooperative owes, and what covers it. All amounts in whole rupiah."""

    liquidity: int
    net_debit_cap: int
    position: int
    pending: int

    @property
    def limit(self) -> int:
        """How far the position may go: covered by liquidity and within the cap."""
        return min(self.liquidity, self.net_debit_cap)

    @property
    def available(self) -> int:
        """How much more the cooperative may owe."""
        return self.limit - self.position - self.pending


def is_alarming(standing: Standing, alarm_percent: int) -> bool:
    """Whether the position has reached ``alarm_percent`` of its limit.

    A cooperative that owes nothing is never alarming, even when its limit is zero.
    """
    owed = standing.position + standing.pending
    return owed > 0 and owed * 100 >= standing.limit * alarm_percent
