"""With what a score is computed: criteria or a card, and classes of risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from services.loans.domain.scoring.sources import NUMBERS, Inputs

BASIS_POINTS: Final = 10_000

SAW: Final = "saw"
"""Simple additive weighting."""

WP: Final = "wp"
"""Weighted product: one bad rating weighs more than in a sum."""

AHP: Final = "ahp"
"""Weights from comparisons in pairs, then added up."""

SCORECARD: Final = "scorecard"
"""Points that were learnt from the cooperative's own loans."""

METHODS: Final = (SAW, WP, AHP, SCORECARD)

BENEFIT: Final = "benefit"
COST: Final = "cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One thing that is looked at, and how much it matters.

    A number is worst at one of ``lower`` and ``upper`` and best at the other, by
    ``kind``. A word has its rating in ``table``. ``missing_bps`` is the rating of what
    is not known.
    """

    key: str
    name: str
    kind: str
    source: str
    weight_bps: int
    lower: int | None = None
    upper: int | None = None
    table: Mapping[str, int] | None = None
    missing_bps: int = 0

    def rating(self, inputs: Inputs) -> int:
        """From 0 to 10000."""
        value = inputs.get(self.source)
        if value is None:
            return self.missing_bps
        if isinstance(value, str):
            return (self.table or {}).get(value, self.missing_bps)
        lower, upper = self.lower or 0, self.upper or 0
        above = min(max(value, lower), upper) - lower
        part = above if self.kind == BENEFIT else upper - lower - above
        return half_up(part * BASIS_POINTS, upper - lower)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Numbers up to and including ``upto``, None being all others, are worth points."""

    upto: int | None
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """What a scorecard looks at; points are hundredths of one, of a hundred."""

    source: str
    bins: tuple[Bin, ...]
    missing: int

    def points(self, inputs: Inputs) -> int:
        """What the input is worth."""
        value = inputs.get(self.source)
        if not isinstance(value, int):
            return self.missing
        return next(
            one.points for one in self.bins if one.upto is None or value <= one.upto
        )

    @property
    def range(self) -> tuple[int, int]:
        """The fewest and the most points that it can give."""
        every = [one.points for one in self.bins] + [self.missing]
        return min(every), max(every)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A scorecard: what everybody begins with, and what each input adds."""

    base: int
    features: tuple[Feature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskClass:
    """From which score on a class begins, and what it means (R46).

    ``amount_bps`` is the part of the product's largest amount that may be lent,
    ``rate_add_bps`` what is added to the product's rate, or taken off.
    """

    grade: str
    from_bps: int
    amount_bps: int
    rate_add_bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Everything that a score is computed with."""

    method: str
    criteria: tuple[Criterion, ...]
    classes: tuple[RiskClass, ...]
    card: Card | None = None
    # AHP: how far the comparisons contradict each other, and what they were.
    consistency_bps: int | None = None
    comparisons: tuple[Mapping[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Model:
        """A stored model."""
        card = stored["card"]
        return cls(
            method=stored["method"],
            criteria=tuple(Criterion(**one) for one in stored["criteria"]),
            classes=tuple(RiskClass(**one) for one in stored["classes"]),
            card=None if card is None else card_of(card),
            consistency_bps=stored["consistency_bps"],
            comparisons=tuple(stored["comparisons"]),
        )


def card_of(stored: Mapping[str, Any]) -> Card:
    """A stored card."""
    return Card(
        base=stored["base"],
        features=tuple(
            Feature(
                source=one["source"],
                bins=tuple(Bin(**part) for part in one["bins"]),
                missing=one["missing"],
            )
            for one in stored["features"]
        ),
    )


def class_of(classes: Sequence[RiskClass], score_bps: int) -> RiskClass:
    """The class of a score; the last one begins at zero."""
    return next(one for one in classes if score_bps >= one.from_bps)


def highest_rate_bps(classes: Sequence[RiskClass], product_rate_bps: int) -> int:
    """The most that a loan can come to cost."""
    return product_rate_bps + max(one.rate_add_bps for one in classes)


def half_up(numerator: int, divisor: int) -> int:
    """A quotient to the nearest whole, half a one up."""
    return (2 * numerator + divisor) // (2 * divisor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """One criterion of a score: what the input is worth, and what that does.

    ``contribution_bps`` is what the criterion adds to the score; of a weighted product
    it is the factor, where 10000 takes nothing away. ``weight_bps`` is 0 on a card.
    """

    key: str
    name: str
    weight_bps: int
    rating_bps: int
    contribution_bps: int
    is_known: bool


DEFAULT_CLASSES: Final = (
    RiskClass(grade="A", from_bps=8000, amount_bps=10_000, rate_add_bps=0),
    RiskClass(grade="B", from_bps=6500, amount_bps=10_000, rate_add_bps=0),
    RiskClass(grade="C", from_bps=5000, amount_bps=7500, rate_add_bps=0),
    RiskClass(grade="D", from_bps=3500, amount_bps=5000, rate_add_bps=0),
    RiskClass(grade="E", from_bps=0, amount_bps=2500, rate_add_bps=0),
)
"""What a cooperative has that has said nothing: nobody pays more for a risk, nobody is
turned away by a number alone."""

DEFAULT: Final = Model(
    method=SAW,
    criteria=(
        Criterion(
            key="income",
            name=NUMBERS["monthly_income"],
            kind=BENEFIT,
            source="monthly_income",
            weight_bps=4000,
            lower=1_000_000,
            upper=8_000_000,
        ),
        Criterion(
            key="membership",
            name=NUMBERS["membership_months"],
            kind=BENEFIT,
            source="membership_months",
            weight_bps=2000,
            lower=0,
            upper=36,
        ),
        Criterion(
            key="collateral",
            name=NUMBERS["cover_bps"],
            kind=BENEFIT,
            source="cover_bps",
            weight_bps=2500,
            lower=0,
            upper=12_500,
        ),
        Criterion(
            key="savings",
            name=NUMBERS["savings_bps"],
            kind=BENEFIT,
            source="savings_bps",
            weight_bps=500,
            lower=0,
            upper=5000,
        ),
        Criterion(
            key="history",
            name=NUMBERS["on_time_bps"],
            kind=BENEFIT,
            source="on_time_bps",
            weight_bps=1000,
            lower=5000,
            upper=10_000,
            # Who never had a loan here is neither good nor bad.
            missing_bps=5000,
        ),
    ),
    classes=DEFAULT_CLASSES,
)
"""R130: income 40 %, membership 20 %, collateral 25 %, savings and history 15 %."""
