"""How many of a committee must agree."""

import pytest

from services.loans.domain import decisions
from services.loans.domain.decisions import Terms, Tier


@pytest.mark.parametrize(
    ("amount", "quorum"),
    [
        (10_000_000, 1),
        (10_000_001, 2),
        (50_000_000, 2),
        (50_000_001, 3),
    ],
)
def test_larger_loans_need_more_votes(amount: int, quorum: int) -> None:
    assert decisions.tier_of(decisions.DEFAULT_TIERS, amount).quorum == quorum


@pytest.mark.parametrize(
    "tiers",
    [
        (),
        (Tier(through=1_000, quorum=1),),
        (Tier(through=2_000, quorum=1), Tier(through=1_000, quorum=2)),
        (Tier(through=1_000, quorum=2), Tier(through=None, quorum=1)),
        (Tier(through=None, quorum=1), Tier(through=None, quorum=2)),
        (Tier(through=None, quorum=1, roles=()),),
        (Tier(through=None, quorum=1, roles=("teller",)),),
    ],
)
def test_tiers_that_make_no_sense_are_told(tiers: tuple[Tier, ...]) -> None:
    assert not decisions.are_sound(tiers)
    assert decisions.are_sound(decisions.DEFAULT_TIERS)


def test_votes_of_different_kinds_are_not_added_up() -> None:
    assert decisions.decided(["approve", "reject"], 2) is None
    assert decisions.decided(["approve", "reject", "approve"], 2) == "approve"
    assert decisions.decided(["reject"], 1) == "reject"


def test_what_is_worse_than_what_was_asked_for_has_to_be_accepted() -> None:
    asked = Terms(amount=3_000_000, count=12, rate_bps=1800)
    cheaper = Terms(amount=3_000_000, count=12, rate_bps=1200)

    assert decisions.outcome_of("approve", asked, asked) == "approved"
    assert decisions.outcome_of("approve", cheaper, asked) == "approved"
    assert decisions.outcome_of("reject", asked, asked) == "rejected"
    for changed in (
        Terms(amount=2_000_000, count=12, rate_bps=1800),
        Terms(amount=3_000_000, count=10, rate_bps=1800),
        Terms(amount=3_000_000, count=12, rate_bps=1801),
        Terms(amount=3_000_000, count=12, rate_bps=1800, conditions="BPKB"),
    ):
        assert decisions.outcome_of("approve", changed, asked) == "conditional"
