"""How applications stand to one another: SAW and WP as the textbook has them.

There a value is compared with the best of the batch, not with fixed bounds, so the
outcome depends on who else is in it: it orders, and it is no score of anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Final

from services.loans.domain.scoring.models import (
    BASIS_POINTS,
    BENEFIT,
    WP,
    Criterion,
    Model,
    half_up,
)
from services.loans.domain.scoring.sources import Inputs

_PRECISION: Final = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One of a batch; of a sum ``value_bps`` is its preference, of a product its share.

    ``rank`` is 1 for the best; equals share theirs.
    """

    id: str
    value_bps: int
    rank: int


def rank(model: Model, batch: Mapping[str, Inputs]) -> list[Ranked]:
    """The batch by the criteria of a model, the best first."""
    return ordered(_shares(model, batch) if model.method == WP else _sums(model, batch))


def ordered(values: Mapping[str, int]) -> list[Ranked]:
    """Who has which value, the highest first; equals by their ids."""
    return [
        Ranked(
            id=one,
            value_bps=values[one],
            rank=1 + sum(other > values[one] for other in values.values()),
        )
        for one in sorted(values, key=lambda one: (-values[one], one))
    ]


def _sums(model: Model, batch: Mapping[str, Inputs]) -> dict[str, int]:
    """SAW: each value over the highest, or the lowest over each, times the weight."""
    totals = dict.fromkeys(batch, Fraction(0))
    for criterion in model.criteria:
        values = _values(criterion, list(batch.values()))
        best = max(values) if _is_benefit(criterion) else min(values)
        for id_, value in zip(batch, values, strict=True):
            if _is_benefit(criterion):
                part = Fraction(value, best) if best else Fraction(0)
            else:
                part = Fraction(best, value) if value else Fraction(1)
            totals[id_] += part * criterion.weight_bps
    return {
        id_: half_up(total.numerator, total.denominator)
        for id_, total in totals.items()
    }


def _shares(model: Model, batch: Mapping[str, Inputs]) -> dict[str, int]:
    """WP: values to the power of their weights, of costs below zero; then shares."""
    with localcontext() as context:
        context.prec = _PRECISION
        products = dict.fromkeys(batch, Decimal(1))
        for criterion in model.criteria:
            weight = Decimal(criterion.weight_bps) / BASIS_POINTS
            power = weight if _is_benefit(criterion) else -weight
            values = _values(criterion, list(batch.values()))
            for id_, value in zip(batch, values, strict=True):
                # A product stands no zero, and is none for everybody with one.
                products[id_] *= Decimal(max(value, 1)) ** power
        total = sum(products.values(), start=Decimal(0))
        return {
            id_: int(
                (product / total * BASIS_POINTS).quantize(
                    Decimal(1), rounding=ROUND_HALF_UP
                )
            )
            for id_, product in products.items()
        }


def _values(criterion: Criterion, batch: Sequence[Inputs]) -> list[int]:
    """What is compared: numbers as they are, words by their rating.

    What is not known counts as the worst of the batch.
    """
    if criterion.table is not None:
        return [criterion.rating(inputs) for inputs in batch]
    known = [_number(criterion, inputs) for inputs in batch]
    there = [value for value in known if value is not None]
    worst = (min if _is_benefit(criterion) else max)(there, default=0)
    return [worst if value is None else value for value in known]


def _number(criterion: Criterion, inputs: Inputs) -> int | None:
    value = inputs.get(criterion.source)
    return value if isinstance(value, int) else None


def _is_benefit(criterion: Criterion) -> bool:
    """The ratings of words are benefits already."""
    return criterion.table is not None or criterion.kind == BENEFIT
