"""What has to be known of an application before somebody decides on it (R122, R140)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

FIVE_C: Final = ("character", "capacity", "capital", "collateral", "condition")

VISIT: Final = "visit"
INTERVIEW: Final = "interview"

PASSED: Final = "passed"
REJECTED: Final = "rejected"

BASIS_POINTS: Final = 10_000


def unticked(items: Sequence[Mapping[str, Any]], ticked: Collection[str]) -> bool:
    """Whether an item that is required has not been ticked off."""
    return any(one["is_required"] and one["code"] not in ticked for one in items)


def unscored(scores: Collection[str]) -> bool:
    """Whether one of the 5C has no score."""
    return any(one not in scores for one in FIVE_C)


def is_covered(accepted_value: int, amount: int, minimum_cover_bps: int) -> bool:
    """Whether the collateral is worth what the product asks for, in whole rupiah."""
    return accepted_value * BASIS_POINTS >= amount * minimum_cover_bps


def cover_bps(accepted_value: int, amount: int) -> int:
    """What of the loan is covered, rounded down."""
    return accepted_value * BASIS_POINTS // amount


def accepted_value(market_value: int, haircut_bps: int) -> int:
    """What an appraisal counts for after the haircut, rounded down."""
    return market_value * (BASIS_POINTS - haircut_bps) // BASIS_POINTS
