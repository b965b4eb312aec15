"""Why a score came out as it did, in the words of those who read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.loans.domain.scoring.models import (
    BASIS_POINTS,
    WP,
    Model,
    Rated,
    RiskClass,
)

_STRONG: Final = 7500
_WEAK: Final = 5000
_TOLD_MAX: Final = 3


def of(
    model: Model, rated: Sequence[Rated], score_bps: int, found: RiskClass
) -> list[str]:
    """Why it came out like this, in the words of those who read it."""
    reasons = [f"Nilai {points(score_bps)} dari 100 masuk kelas risiko {found.grade}."]
    weak = sorted(
        (one for one in rated if one.is_known and one.rating_bps < _WEAK),
        key=lambda one: (-_lost(model, one), one.key),
    )
    strong = sorted(
        (one for one in rated if one.is_known and one.rating_bps >= _STRONG),
        key=lambda one: (-one.contribution_bps, one.key),
    )
    reasons += [
        f"{one.name} menurunkan nilai: {points(one.rating_bps)} dari 100{_weight(one)}."
        for one in weak[:_TOLD_MAX]
    ]
    reasons += [
        f"{one.name} mendukung nilai: {points(one.rating_bps)} dari 100{_weight(one)}."
        for one in strong[:_TOLD_MAX]
    ]
    reasons += [f"{one.name} belum diketahui." for one in rated if not one.is_known]
    return reasons


def _lost(model: Model, one: Rated) -> int:
    """How much a criterion keeps the score from being the best there is."""
    if model.card is not None:
        feature = next(each for each in model.card.features if each.source == one.key)
        return feature.range[1] - one.contribution_bps
    if model.method == WP:
        return BASIS_POINTS - one.contribution_bps
    return one.weight_bps - one.contribution_bps


def _weight(one: Rated) -> str:
    return f", bobot {points(one.weight_bps)}%" if one.weight_bps else ""


def points(value_bps: int) -> str:
    """Basis points as Indonesians write a number of a hundred: 7825 is 78,25."""
    whole, hundredths = divmod(value_bps, 100)
    return f"{whole},{hundredths:02d}" if hundredths else str(whole)
