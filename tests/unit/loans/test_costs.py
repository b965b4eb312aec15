"""What a loan costs beside its interest: test vector 1 of domain.md, and who pays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.loans.domain import costs, disbursements
from services.loans.domain.costs import Costs

SCHEDULE = [
    {
        "kind": "disbursement",
        "valid_from": "2024-01-01",
        "base_over": over,
        "base_through": through,
        "fixed_amount": None,
        "rate_bps": rate_bps,
    }
    for over, through, rate_bps in (
        (None, 10_000_000, 50),
        (10_000_000, 50_000_000, 100),
        (50_000_000, None, 150),
    )
]


@pytest.mark.parametrize(
    ("principal", "fee"),
    [
        (10_000_000, 50_000),
        (10_000_001, 100_000),
        (50_000_000, 500_000),
        (50_000_001, 750_000),
        (75_000_000, 1_125_000),
    ],
)
def test_the_hubs_fee_goes_by_what_is_disbursed(principal: int, fee: int) -> None:
    assert costs.platform_fee(SCHEDULE, principal) == fee


def test_an_amount_without_a_price_is_told() -> None:
    with pytest.raises(costs.NoPrice):
        costs.platform_fee(SCHEDULE[1:], 1_000_000)


def test_what_became_dearer_after_signing_is_not_the_borrowers() -> None:
    dearer = Costs(principal=10_000_000, fee=60_000, premium=500_000)
    cheaper = Costs(principal=10_000_000, fee=40_000, premium=400_000)

    agreed = {"administration": 25_000, "passed_fee": 50_000, "passed_premium": 450_000}

    assert costs.as_agreed(dearer, **agreed).deducted == 525_000
    assert costs.as_agreed(cheaper, **agreed).deducted == 465_000


@given(
    principal=st.integers(1_000_000, 10**9),
    parts=st.tuples(*[st.integers(0, 100_000)] * 5),
)
def test_what_is_posted_is_what_was_agreed(
    principal: int, parts: tuple[int, int, int, int, int]
) -> None:
    administration, passed_fee, own_fee, passed_premium, own_premium = parts
    agreed = Costs(
        principal=principal,
        administration=administration,
        fee=passed_fee + own_fee,
        passed_fee=passed_fee,
        premium=passed_premium + own_premium,
        passed_premium=passed_premium,
    )
    net: dict[str, int] = {}
    for debit, credit, amount in disbursements.postings(
        "coop_1", loan="loan", savings="savings", agreed=agreed
    ):
        assert amount > 0
        net[debit] = net.get(debit, 0) + amount
        net[credit] = net.get(credit, 0) - amount
    fees = disbursements.fees("loa_1", agreed, 12)

    assert net["loan"] == principal
    assert -net["savings"] == agreed.received
    # What is held for the insurer is exactly what the premium takes out of it again.
    held = sum(fee["amount"] for fee in fees if fee["borne_by"] == "premiums_held")
    assert -net.get("coop_1:2-1300", 0) == held
    assert sum(fee["amount"] for fee in fees) == agreed.fee + agreed.premium
