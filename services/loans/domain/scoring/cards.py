"""How a scorecard is learnt from loans whose fate is known (R45).

Numbers are cut into bins in which the share of bad loans only rises or only falls, so
that nobody is worse off for being better. A bin's weight of evidence is what a logistic
regression learns from; its outcome is turned into whole points. What is told of the
card's quality was measured on loans that it had not been learnt from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from services.loans.domain.scoring.models import BASIS_POINTS, Bin, Card, Feature
from services.loans.domain.scoring.sources import NUMBERS, Inputs

BASE_POINTS: Final = 5000
"""A loan with this score, 50 of 100, is good ten times out of eleven."""

BASE_ODDS: Final = 10.0
DOUBLING_POINTS: Final = 1000
"""So much more, and the odds are twice as good."""

BINS_MAX: Final = 5
BIN_SHARE: Final = 20
"""A bin holds at least one in so many."""

FOLDS: Final = 5
DECILES: Final = 10
_SMOOTHING: Final = 0.5
_FACTOR: Final = DOUBLING_POINTS / math.log(2)

Fit = Callable[[list[list[float]], list[int]], tuple[float, list[float]]]
"""Intercept and coefficients of the log-odds of 1, from rows and their 0 or 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What was known of an application, and whether its loan went bad."""

    inputs: Inputs
    is_bad: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decile:
    """A tenth of all, the riskiest first: bad as foreseen, and bad in fact."""

    count: int
    bad: int
    foreseen_bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How well a card tells good from bad, in basis points.

    ``auc_bps``: how often a good loan has the better score of two; 5000 is guessing.
    ``ks_bps``: the widest gap between the shares of good and bad below a score.
    ``brier_bps``: the mean square of what it was wrong by; less is better.
    """

    auc_bps: int
    ks_bps: int
    brier_bps: int
    deciles: tuple[Decile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cut:
    """A number with its bins and their weights of evidence."""

    source: str
    uptos: tuple[int | None, ...]
    evidence: tuple[float, ...]
    missing: float

    def of(self, inputs: Inputs) -> float:
        value = inputs.get(self.source)
        if not isinstance(value, int):
            return self.missing
        return next(
            evidence
            for upto, evidence in zip(self.uptos, self.evidence, strict=True)
            if upto is None or value <= upto
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Learnt:
    intercept: float
    cuts: tuple[_Cut, ...]
    coefficients: tuple[float, ...]

    def log_odds(self, inputs: Inputs) -> float:
        """Of being good."""
        return self.intercept + sum(
            factor * cut.of(inputs)
            for cut, factor in zip(self.cuts, self.coefficients, strict=True)
        )


def train(past: Sequence[Past], fit: Fit) -> tuple[Card, Quality] | None:
    """A card and its quality; None when nothing that is known makes a difference."""
    learnt = _learn(past, fit)
    if not learnt.cuts:
        return None
    return _card(learnt), _quality(past, fit)


def probability_of_bad(card: Card, inputs: Inputs) -> float:
    """What the points of a card say of how likely a loan is to go bad."""
    points = card.base + sum(one.points(inputs) for one in card.features)
    odds = BASE_ODDS * 2 ** ((points - BASE_POINTS) / DOUBLING_POINTS)
    return 1 / (1 + odds)


def _learn(past: Sequence[Past], fit: Fit) -> _Learnt:
    cuts = [cut for source in NUMBERS if (cut := _cut(source, past)) is not None]
    good = [int(not one.is_bad) for one in past]
    while cuts:
        rows = [[cut.of(one.inputs) for cut in cuts] for one in past]
        intercept, coefficients = fit(rows, good)
        # Evidence that counts against itself is another's, told twice: the points
        # would fall where the risk does.
        kept = [
            cut for cut, factor in zip(cuts, coefficients, strict=True) if factor > 0
        ]
        if len(kept) == len(cuts):
            return _Learnt(
                intercept=intercept,
                cuts=tuple(cuts),
                coefficients=tuple(coefficients),
            )
        cuts = kept
    odds = (sum(good) + _SMOOTHING) / (len(good) - sum(good) + _SMOOTHING)
    return _Learnt(intercept=math.log(odds), cuts=(), coefficients=())


def _cut(source: str, past: Sequence[Past]) -> _Cut | None:
    """The bins of a number; None when they would make no difference."""
    known: list[tuple[int, bool]] = []
    missing: list[bool] = []
    for one in past:
        value = one.inputs.get(source)
        if isinstance(value, int):
            known.append((value, one.is_bad))
        else:
            missing.append(one.is_bad)
    total = (len(past) - _bad(past), _bad(past))
    bins = _quantiles(sorted(known))
    candidates = [_pooled(bins, rising=True), _pooled(bins, rising=False)]
    best = max(candidates, key=lambda made: _information(made, total))
    if len(best) <= 1:
        return None
    return _Cut(
        source=source,
        uptos=(*(upto for upto, _, _ in best[:-1]), None),
        evidence=tuple(_evidence(good, bad, total) for _, good, bad in best),
        missing=_evidence(missing.count(False), missing.count(True), total)
        if missing
        else 0.0,
    )


_Counted = tuple[int, int, int]
"""The highest value of a bin, and how many good and bad are in it."""


def _quantiles(known: Sequence[tuple[int, bool]]) -> list[_Counted]:
    """Up to five bins of about the same size; equal values stay together."""
    bins: list[_Counted] = []
    least = max(-(-len(known) // BINS_MAX), -(-len(known) // BIN_SHARE), 1)
    good = bad = 0
    for value, same in groupby(known, key=lambda pair: pair[0]):
        for _, is_bad in same:
            bad += is_bad
            good += not is_bad
        if good + bad >= least:
            bins.append((value, good, bad))
            good = bad = 0
    if good + bad:
        rest = (known[-1][0], good, bad)
        # What is left over is too small for a bin of its own.
        is_small = (good + bad) * BIN_SHARE < len(known)
        if bins and is_small:
            bins[-1] = _joined(bins[-1], rest)
        else:
            bins.append(rest)
    return bins


def _pooled(bins: Sequence[_Counted], *, rising: bool) -> list[_Counted]:
    """Neighbours joined until the share of bad loans only rises, or only falls."""
    made: list[_Counted] = []
    for one in bins:
        made.append(one)
        while len(made) > 1 and _is_out_of_order(made[-2], made[-1], rising=rising):
            last = made.pop()
            made[-1] = _joined(made[-1], last)
    return made


def _is_out_of_order(first: _Counted, second: _Counted, *, rising: bool) -> bool:
    """Whether two bins do not differ in the direction that is wanted."""
    left, right = first[2] * (second[1] + second[2]), second[2] * (first[1] + first[2])
    return left >= right if rising else left <= right


def _joined(first: _Counted, second: _Counted) -> _Counted:
    return second[0], first[1] + second[1], first[2] + second[2]


def _evidence(good: int, bad: int, total: tuple[int, int]) -> float:
    """How much likelier good loans are in a bin than bad ones, as a logarithm."""
    shares = ((good + _SMOOTHING) / (total[0] + 1), (bad + _SMOOTHING) / (total[1] + 1))
    return math.log(shares[0] / shares[1])


def _information(bins: Sequence[_Counted], total: tuple[int, int]) -> float:
    return sum(
        (good / max(total[0], 1) - bad / max(total[1], 1)) * _evidence(good, bad, total)
        for _, good, bad in bins
    )


def _bad(past: Sequence[Past]) -> int:
    return sum(one.is_bad for one in past)


def _card(learnt: _Learnt) -> Card:
    start = learnt.intercept - math.log(BASE_ODDS)
    features = [
        Feature(
            source=cut.source,
            bins=tuple(
                Bin(upto=upto, points=round(_FACTOR * factor * evidence))
                for upto, evidence in zip(cut.uptos, cut.evidence, strict=True)
            ),
            missing=round(_FACTOR * factor * cut.missing),
        )
        for cut, factor in zip(learnt.cuts, learnt.coefficients, strict=True)
    ]
    return Card(
        base=BASE_POINTS + round(_FACTOR * start),
        # What makes less than a hundredth of a point of a difference makes none.
        features=tuple(one for one in features if one.range[0] < one.range[1]),
    )


def _quality(past: Sequence[Past], fit: Fit) -> Quality:
    """Measured fold by fold on those that were left out of the learning."""
    ordered = sorted(past, key=lambda one: one.is_bad)
    judged: list[tuple[float, bool]] = []
    for fold in range(FOLDS):
        rest = [one for place, one in enumerate(ordered) if place % FOLDS != fold]
        learnt = _learn(rest, fit)
        judged += [
            (1 / (1 + math.exp(learnt.log_odds(one.inputs))), one.is_bad)
            for one in ordered[fold::FOLDS]
        ]
    judged.sort(key=lambda pair: -pair[0])
    return quality_of(judged)


def quality_of(judged: Sequence[tuple[float, bool]]) -> Quality:
    """What foreseen probabilities were worth, the highest first, given what came."""
    auc, ks = _separation(judged)
    squares = sum((foreseen - is_bad) ** 2 for foreseen, is_bad in judged)
    return Quality(
        auc_bps=round(auc * BASIS_POINTS),
        ks_bps=round(ks * BASIS_POINTS),
        brier_bps=round(squares / len(judged) * BASIS_POINTS),
        deciles=tuple(_deciles(judged)),
    )


def _separation(judged: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """The area under the curve, equals counting half, and the widest gap."""
    total_bad = sum(is_bad for _, is_bad in judged)
    total_good = len(judged) - total_bad
    pairs, gap = 0.0, 0.0
    seen_good = seen_bad = 0
    for _, same in groupby(judged, key=lambda pair: pair[0]):
        fates = [is_bad for _, is_bad in same]
        bad = sum(fates)
        good = len(fates) - bad
        # Every bad one here is riskier than all the good ones still to come.
        pairs += bad * (total_good - seen_good - good / 2)
        seen_good, seen_bad = seen_good + good, seen_bad + bad
        gap = max(gap, abs(seen_bad / total_bad - seen_good / total_good))
    return pairs / (total_bad * total_good), gap


def _deciles(judged: Sequence[tuple[float, bool]]) -> list[Decile]:
    made = []
    for number in range(DECILES):
        part = judged[
            len(judged) * number // DECILES : len(judged) * (number + 1) // DECILES
        ]
        if part:
            foreseen = sum(one for one, _ in part) / len(part)
            made.append(
                Decile(
                    count=len(part),
                    bad=sum(is_bad for _, is_bad in part),
                    foreseen_bps=round(foreseen * BASIS_POINTS),
                )
            )
    return made
