"""Weights by comparing criteria in pairs: Saaty's analytic hierarchy process (R130).

Decimal arithmetic, because a weight must come out the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from itertools import combinations
from typing import Final

BASIS_POINTS: Final = 10_000
SCALE_MAX: Final = 9
"""Saaty's scale: 1 as important as the other, 9 absolutely more."""

CONSISTENCY_MAX: Final = Decimal("0.1")
"""Above this ratio the comparisons contradict each other too much to mean anything."""

RANDOM_INDEX: Final = (0, 0, 58, 90, 112, 124, 132, 141, 145, 149)
"""Saaty's mean inconsistency of random matrices of 1 to 10 criteria, in hundredths."""

CRITERIA_MAX: Final = len(RANDOM_INDEX)

_PRECISION: Final = 34
_STEPS: Final = 2000
_CLOSE_ENOUGH: Final = Decimal("1e-24")


class IncompleteComparisons(ValueError):
    """Not every pair of criteria is compared exactly once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """``criterion`` is ``importance`` times as important as ``over``."""

    criterion: str
    over: str
    importance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Priorities:
    """The weights in basis points, which make 10000, and how far they contradict.

    ``consistency_bps`` is the consistency ratio: 1000 is the 0.1 that is allowed.
    """

    weights: tuple[int, ...]
    consistency_bps: int
    is_consistent: bool


def priorities(keys: Sequence[str], comparisons: Iterable[Comparison]) -> Priorities:
    """The weights of ``keys``, in their order. Raises IncompleteComparisons."""
    with localcontext() as context:
        context.prec = _PRECISION
        matrix = _matrix(keys, comparisons)
        vector, largest = _principal(matrix)
        ratio = _consistency(len(keys), largest)
        return Priorities(
            weights=_shares(vector),
            consistency_bps=int(
                (ratio * BASIS_POINTS).quantize(Decimal(1), rounding=ROUND_HALF_UP)
            ),
            is_consistent=ratio <= CONSISTENCY_MAX,
        )


def _matrix(
    keys: Sequence[str], comparisons: Iterable[Comparison]
) -> list[list[Decimal]]:
    wanted = {frozenset(pair) for pair in combinations(keys, 2)}
    places = {key: place for place, key in enumerate(keys)}
    matrix = [[Decimal(1)] * len(keys) for _ in keys]
    for one in comparisons:
        pair = frozenset((one.criterion, one.over))
        if pair not in wanted:
            message = f"{one.criterion} over {one.over} is not asked for, or twice."
            raise IncompleteComparisons(message)
        wanted.remove(pair)
        row, column = places[one.criterion], places[one.over]
        matrix[row][column] = Decimal(one.importance)
        matrix[column][row] = 1 / Decimal(one.importance)
    if wanted:
        first, second = sorted(min(wanted, key=sorted))
        message = f"{first} and {second} are not compared."
        raise IncompleteComparisons(message)
    return matrix


def _principal(matrix: list[list[Decimal]]) -> tuple[list[Decimal], Decimal]:
    """The eigenvector of the largest eigenvalue, by multiplying until it stands."""
    count = len(matrix)
    vector = [Decimal(1) / count] * count
    for _ in range(_STEPS):
        product = _times(matrix, vector)
        total = sum(product)
        following = [value / total for value in product]
        distance = max(
            abs(new - old) for new, old in zip(following, vector, strict=True)
        )
        vector = following
        if distance < _CLOSE_ENOUGH:
            break
    return vector, sum(_times(matrix, vector), start=Decimal(0))


def _times(matrix: list[list[Decimal]], vector: list[Decimal]) -> list[Decimal]:
    return [
        sum((a * b for a, b in zip(row, vector, strict=True)), start=Decimal(0))
        for row in matrix
    ]


def _consistency(count: int, largest: Decimal) -> Decimal:
    index = Decimal(RANDOM_INDEX[count - 1]) / 100
    if not index:
        return Decimal(0)
    # Rounding may leave a perfectly consistent matrix a hair below its size.
    return max((largest - count) / (count - 1) / index, Decimal(0))


def _shares(vector: Sequence[Decimal]) -> tuple[int, ...]:
    """Whole basis points by the largest remainder: nothing is lost or made."""
    exact = [value * BASIS_POINTS for value in vector]
    shares = [int(value) for value in exact]
    order = sorted(
        range(len(shares)), key=lambda place: (shares[place] - exact[place], place)
    )
    for place in order[: BASIS_POINTS - sum(shares)]:
        shares[place] += 1
    return tuple(shares)
