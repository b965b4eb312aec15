"""How an application becomes a score, and a score becomes terms (R45-R46, R130).

Every criterion rates one input from 0 (worst) to 10000 (best). SAW and AHP add up the
ratings by weight, WP multiplies them, a scorecard adds the points of its bins. It is
whole or decimal arithmetic, so that a score can be computed again, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Final

from services.loans.domain.scoring import reasons
from services.loans.domain.scoring.models import (
    AHP,
    BASIS_POINTS,
    SAW,
    SCORECARD,
    WP,
    Criterion,
    Model,
    Rated,
    class_of,
    half_up,
)
from services.loans.domain.scoring.sources import NUMBERS, Inputs

RATE_CAP_BPS: Final = 2400
"""Permenkop 8/2023 art. 27: what no loan may cost in a year, whatever its risk."""

SMALLEST_RATING: Final = 100
"""A product cannot stand a zero: the worst counts as one point of a hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a proposal depends on besides the score: whole rupiah, basis points."""

    amount: int
    product_maximum: int
    product_rate_bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The outcome: 0 to 10000, its class, and what may be lent at which rate."""

    score_bps: int
    criteria: tuple[Rated, ...]
    risk_class: str
    simple_class: str
    max_amount: int
    rate_bps: int
    reasons: tuple[str, ...]


def score(model: Model, inputs: Inputs, terms: Terms) -> Score:
    """The score of one application by itself."""
    rated = _RATE[model.method](model, inputs)
    if model.method == WP:
        total = _product([(one.rating_bps, one.weight_bps) for one in rated])
    else:
        base = model.card.base if model.card else 0
        total = base + sum(one.contribution_bps for one in rated)
    score_bps = min(max(total, 0), BASIS_POINTS)
    found = class_of(model.classes, score_bps)
    most = terms.product_maximum * found.amount_bps // BASIS_POINTS
    rate = terms.product_rate_bps + found.rate_add_bps
    return Score(
        score_bps=score_bps,
        criteria=tuple(rated),
        risk_class=found.grade,
        simple_class=str(inputs["simple_class"]),
        max_amount=min(terms.amount, most),
        rate_bps=min(max(rate, 0), RATE_CAP_BPS),
        reasons=tuple(reasons.of(model, rated, score_bps, found)),
    )


def _add(model: Model, inputs: Inputs) -> list[Rated]:
    return [
        _rated(
            one,
            inputs,
            half_up(one.weight_bps * one.rating(inputs), BASIS_POINTS),
        )
        for one in model.criteria
    ]


def _multiply(model: Model, inputs: Inputs) -> list[Rated]:
    return [
        _rated(one, inputs, _product([(one.rating(inputs), one.weight_bps)]))
        for one in model.criteria
    ]


def _rated(one: Criterion, inputs: Inputs, contribution_bps: int) -> Rated:
    return Rated(
        key=one.key,
        name=one.name,
        weight_bps=one.weight_bps,
        rating_bps=one.rating(inputs),
        contribution_bps=contribution_bps,
        is_known=inputs.get(one.source) is not None,
    )


def _by_card(model: Model, inputs: Inputs) -> list[Rated]:
    rated = []
    for one in model.card.features if model.card else ():
        least, most = one.range
        points = one.points(inputs)
        rated.append(
            Rated(
                key=one.source,
                name=NUMBERS[one.source],
                weight_bps=0,
                rating_bps=half_up((points - least) * BASIS_POINTS, most - least),
                contribution_bps=points,
                is_known=inputs.get(one.source) is not None,
            )
        )
    return rated


_RATE: Final = {SAW: _add, AHP: _add, WP: _multiply, SCORECARD: _by_card}


def _product(factors: Sequence[tuple[int, int]]) -> int:
    """Ratings to the power of their weights, multiplied, in basis points."""
    with localcontext() as context:
        context.prec = 28
        total = Decimal(1)
        for rating, weight_bps in factors:
            share = Decimal(max(rating, SMALLEST_RATING)) / BASIS_POINTS
            total *= share ** (Decimal(weight_bps) / BASIS_POINTS)
        return int((total * BASIS_POINTS).quantize(Decimal(1), rounding=ROUND_HALF_UP))
