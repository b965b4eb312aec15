"""Scores by hand: SAW, WP, AHP, classes, rankings, and cards that are learnt."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.loans.domain.scoring import ahp, cards, ranking, scores, simple
from services.loans.domain.scoring.ahp import Comparison
from services.loans.domain.scoring.cards import Past
from services.loans.domain.scoring.models import (
    COST,
    DEFAULT,
    DEFAULT_CLASSES,
    SAW,
    SCORECARD,
    WP,
    Criterion,
    Model,
    RiskClass,
)
from services.loans.domain.scoring.scores import Terms
from services.loans.domain.scoring.sources import Inputs

TERMS = Terms(amount=3_000_000, product_maximum=20_000_000, product_rate_bps=1800)
BUDI: dict[str, int | str | None] = {
    "monthly_income": 4_500_000,
    "membership_months": 9,
    "cover_bps": 5000,
    "savings_bps": 2500,
    "on_time_bps": None,
    "simple_class": "B",
}


def criterion(key: str, source: str, weight: int, **more: Any) -> Criterion:
    given: dict[str, Any] = {"name": key, "kind": "benefit", "lower": 0, "upper": 100}
    return Criterion(key=key, source=source, weight_bps=weight, **(given | more))


# Income 50 of 100, membership 25, cover 40, savings 50, no history 50.
def test_budi_by_hand() -> None:
    found = scores.score(DEFAULT, BUDI, TERMS)

    assert [one.rating_bps for one in found.criteria] == [5000, 2500, 4000, 5000, 5000]
    assert [one.contribution_bps for one in found.criteria] == [
        2000,
        500,
        1000,
        250,
        500,
    ]
    assert (found.score_bps, found.risk_class) == (4250, "D")
    assert (found.max_amount, found.rate_bps) == (3_000_000, 1800)
    assert found.reasons == (
        "Nilai 42,50 dari 100 masuk kelas risiko D.",
        "Nilai jaminan terhadap pinjaman menurunkan nilai: 40 dari 100, bobot 25%.",
        "Lama menjadi anggota menurunkan nilai: 25 dari 100, bobot 20%.",
        "Angsuran dibayar tepat waktu belum diketahui.",
    )


def test_in_a_product_one_bad_rating_weighs_more_than_in_a_sum() -> None:
    model = Model(
        method=SAW,
        criteria=(
            criterion("a", "bureau_score", 5000),
            criterion("b", "worst_dpd", 5000, kind=COST),
        ),
        classes=DEFAULT_CLASSES,
    )
    inputs: Inputs = {"bureau_score": 81, "worst_dpd": 84, "simple_class": "A"}

    added = scores.score(model, inputs, TERMS)
    multiplied = scores.score(replace(model, method=WP), inputs, TERMS)

    assert added.score_bps == (8100 + 1600) // 2
    # The square root of 0.81 times that of 0.16.
    assert [one.contribution_bps for one in multiplied.criteria] == [9000, 4000]
    assert multiplied.score_bps == 3600


def test_a_class_sets_the_largest_amount_and_the_rate_under_the_cap() -> None:
    classes = (
        RiskClass(grade="A", from_bps=5000, amount_bps=10_000, rate_add_bps=-200),
        RiskClass(grade="B", from_bps=0, amount_bps=1000, rate_add_bps=700),
    )
    model = replace(DEFAULT, classes=classes)
    rich = BUDI | {"monthly_income": 8_000_000}

    good = scores.score(model, rich, TERMS)
    poor = scores.score(model, BUDI, TERMS)

    assert (good.risk_class, good.max_amount, good.rate_bps) == ("A", 3_000_000, 1600)
    assert (poor.risk_class, poor.max_amount, poor.rate_bps) == ("B", 2_000_000, 2400)


@settings(max_examples=100)
@given(
    st.lists(st.integers(1, 100), min_size=1, max_size=8),
    st.lists(st.integers(0, 100), min_size=8, max_size=8),
    st.sampled_from([SAW, WP]),
)
def test_no_score_leaves_its_range_and_more_is_never_worse(
    shares: list[int], values: list[int], method: str
) -> None:
    weights = [share * 10_000 // sum(shares) for share in shares]
    weights[0] += 10_000 - sum(weights)
    model = Model(
        method=method,
        criteria=tuple(
            criterion(f"c{place}", f"source{place}", weight)
            for place, weight in enumerate(weights)
        ),
        classes=DEFAULT_CLASSES,
    )
    inputs: dict[str, int | str | None] = {
        f"source{place}": value for place, value in enumerate(values)
    }
    inputs |= {"simple_class": "B"}
    better = inputs | {"source0": 100}

    found = scores.score(model, inputs, TERMS)

    assert 0 <= found.score_bps <= 10_000
    assert found.score_bps <= scores.score(model, better, TERMS).score_bps
    if method == SAW:
        assert found.score_bps == sum(one.contribution_bps for one in found.criteria)


def test_three_criteria_compared_as_in_the_textbook() -> None:
    found = ahp.priorities(
        ["income", "cover", "savings"],
        [
            Comparison(criterion="income", over="cover", importance=3),
            Comparison(criterion="income", over="savings", importance=5),
            Comparison(criterion="cover", over="savings", importance=3),
        ],
    )

    assert found.weights == (6370, 2583, 1047)
    # The largest eigenvalue is 3.0385: 0.0193 over Saaty's 0.58.
    assert (found.consistency_bps, found.is_consistent) == (332, True)


def test_going_round_in_a_circle_is_inconsistent() -> None:
    found = ahp.priorities(
        ["a", "b", "c"],
        [
            Comparison(criterion="a", over="b", importance=9),
            Comparison(criterion="b", over="c", importance=9),
            Comparison(criterion="c", over="a", importance=9),
        ],
    )

    assert not found.is_consistent
    assert sum(found.weights) == 10_000


@pytest.mark.parametrize(
    "pairs", [[("a", "b")], [("a", "b"), ("b", "a"), ("a", "c")], [("a", "a")]]
)
def test_every_pair_is_compared_once(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(ahp.IncompleteComparisons):
        ahp.priorities(
            ["a", "b", "c"],
            [Comparison(criterion=x, over=y, importance=2) for x, y in pairs],
        )


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=6))
def test_comparisons_that_agree_give_back_what_they_were_made_of(
    truth: list[int],
) -> None:
    """Powers of two within Saaty's scale never contradict each other."""
    powers = [value % 3 for value in truth]
    keys = [str(place) for place in range(len(powers))]
    comparisons = []
    for pair in combinations(range(len(powers)), 2):
        less, more = sorted(pair, key=lambda place: powers[place])
        comparisons.append(
            Comparison(
                criterion=keys[more],
                over=keys[less],
                importance=2 ** (powers[more] - powers[less]),
            )
        )

    found = ahp.priorities(keys, comparisons)

    total = sum(2**power for power in powers)
    exact = [10_000 * 2**power / total for power in powers]
    assert found.consistency_bps == 0
    assert all(abs(a - b) < 1 for a, b in zip(found.weights, exact, strict=True))


def test_a_batch_is_ranked_as_in_the_textbook() -> None:
    model = Model(
        method=SAW,
        criteria=(
            criterion("income", "monthly_income", 6000),
            criterion("late", "worst_dpd", 4000, kind=COST),
        ),
        classes=DEFAULT_CLASSES,
    )
    batch: dict[str, Inputs] = {
        "ani": {"monthly_income": 4, "worst_dpd": 2},
        "budi": {"monthly_income": 8, "worst_dpd": 8},
        "citra": {"monthly_income": 2, "worst_dpd": 4},
    }

    added = ranking.rank(model, batch)
    multiplied = ranking.rank(replace(model, method=WP), batch)

    # Ani 0.6 * 4/8 + 0.4 * 2/2, Budi 0.6 + 0.4 * 2/8, Citra 0.6 * 2/8 + 0.4 * 2/4.
    assert [(one.id, one.value_bps, one.rank) for one in added] == [
        ("ani", 7000, 1),
        ("budi", 7000, 1),
        ("citra", 3500, 3),
    ]
    # 4^0.6 / 2^0.4 = 1.741, 8^0.6 / 8^0.4 = 1.516, 2^0.6 / 4^0.4 = 0.871.
    assert [(one.id, one.value_bps) for one in multiplied] == [
        ("ani", 4218),
        ("budi", 3672),
        ("citra", 2109),
    ]


@pytest.mark.parametrize(
    ("months", "late", "business", "cycle", "expected"),
    [
        (25, None, 24, "daily", "A"),
        (24, None, 24, "daily", "B"),
        (25, None, 24, "seasonal", "B"),
        (25, None, None, None, "B"),
        (25, 31, 60, "monthly", "B"),
        (60, 91, 60, "monthly", "C"),
        (11, None, 12, "daily", "C"),
    ],
)
def test_the_simple_score(
    months: int,
    late: int | None,
    business: int | None,
    cycle: str | None,
    expected: str,
) -> None:
    assert expected == simple.class_of(
        membership_months=months,
        worst_dpd=late,
        business_months=business,
        income_cycle=cycle,
    )


def history(count: int = 400) -> list[Past]:
    """Poor people and those with little savings fail more often; size says nothing."""
    dice = random.Random(7)
    past = []
    for _ in range(count):
        income, saved = dice.randint(1, 10), dice.randint(0, 100)
        risk = 0.45 - 0.03 * income - 0.0015 * saved
        past.append(
            Past(
                inputs={
                    "monthly_income": income * 1_000_000,
                    "savings_bps": saved * 100 if saved > 5 else None,
                    "instalments": 12,
                },
                is_bad=dice.random() < risk,
            )
        )
    return past


def test_a_card_is_monotone_and_tells_good_from_bad() -> None:
    from services.loans.operations.scoring.cards import _fit

    found = cards.train(history(), _fit)

    assert found is not None
    card, quality = found
    features = {one.source: one for one in card.features}
    assert set(features) == {"monthly_income", "savings_bps"}
    for feature in features.values():
        points = [one.points for one in feature.bins]
        assert all(one < two for one, two in pairwise(points))
        assert feature.bins[-1].upto is None
    assert quality.auc_bps > 6000
    assert quality.ks_bps > 1500
    assert sum(one.count for one in quality.deciles) == 400
    worst, best = quality.deciles[0], quality.deciles[-1]
    assert worst.foreseen_bps > best.foreseen_bps
    assert worst.bad > best.bad


def test_points_of_a_card_make_its_score_and_its_odds() -> None:
    from services.loans.operations.scoring.cards import _fit

    found = cards.train(history(), _fit)
    assert found is not None
    model = Model(method=SCORECARD, criteria=(), classes=DEFAULT_CLASSES, card=found[0])
    poor: Inputs = {
        "monthly_income": 1_000_000,
        "savings_bps": 600,
        "simple_class": "C",
    }
    rich: Inputs = {
        "monthly_income": 10_000_000,
        "savings_bps": 9900,
        "simple_class": "A",
    }

    low, high = (scores.score(model, one, TERMS) for one in (poor, rich))

    added = sum(one.contribution_bps for one in high.criteria)
    assert high.score_bps == min(found[0].base + added, 10_000)
    assert [one.rating_bps for one in high.criteria] == [10_000, 10_000]
    assert low.score_bps < high.score_bps
    assert cards.probability_of_bad(found[0], poor) > 0.3
    assert cards.probability_of_bad(found[0], rich) < 0.1


def test_nothing_is_learnt_from_what_makes_no_difference() -> None:
    past = [Past(inputs={"amount": 1}, is_bad=place % 10 == 0) for place in range(300)]

    assert cards.train(past, lambda _rows, _good: (0.0, [])) is None


def test_quality_by_hand() -> None:
    """Of the four pairs of good and bad three are in order and one is a tie."""
    judged = [(0.9, True), (0.5, False), (0.5, True), (0.1, False)]

    found = cards.quality_of(judged)

    assert found.auc_bps == 8750
    assert found.ks_bps == 5000
    # 0.01 + 0.25 + 0.25 + 0.01, over four.
    assert found.brier_bps == 1300
