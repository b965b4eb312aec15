"""Which agreement lets two cooperatives deal with each other, and on which days.

Members of one cooperative may be served by another only under a registered agreement
between the two (Permenkop 8/2023 art. 23; domain.md C13).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

SCHEDULED: Final = "scheduled"
ACTIVE: Final = "active"
ENDED: Final = "ended"

Pair = tuple[str, str]


def pair(one: str, other: str) -> Pair:
    """Two cooperatives in the one order in which every agreement names them."""
    return (one, other) if one < other else (other, one)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """An agreement in force; limits in whole rupiah, None where there is none."""

    id: str
    pair: Pair
    transfer_limit: int | None
    daily_limit: int | None


def status(valid_from: date, valid_until: date, today: date) -> str:
    """Where ``today`` stands to an agreement that is valid on both of its days."""
    if today < valid_from:
        return SCHEDULED
    return ACTIVE if today <= valid_until else ENDED
