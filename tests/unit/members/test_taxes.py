"""The tax on interest of PP 15/2009, by the month's total."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.members.domain import taxes

payments = st.lists(st.integers(1, 1_000_000), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("gross", "tax"),
    [
        pytest.param(1, 0, id="next to nothing"),
        pytest.param(240_000, 0, id="the limit itself is free"),
        pytest.param(240_001, 24_000, id="24.000,1 is 24.000"),
        pytest.param(500_000, 50_000, id="10 % of the whole"),
    ],
)
def test_the_tax_of_a_month(gross: int, tax: int) -> None:
    """Test vector 11."""
    assert taxes.tax_of(gross) == tax


@given(grosses=payments)
def test_what_is_withheld_is_the_tax_of_the_total_as_far_as_payments_go(
    grosses: list[int],
) -> None:
    total = withheld = 0
    for gross in grosses:
        share = taxes.to_withhold(
            gross_before=total, withheld_before=withheld, gross=gross
        )
        assert 0 <= share <= gross
        total, withheld = total + gross, withheld + share
        missing = taxes.tax_of(total) - withheld
        # Something is missing only when this payment was taken whole.
        assert missing == 0 or share == gross
        assert missing >= 0


@given(
    grosses=st.lists(st.integers(1, 10**9), min_size=1, max_size=6),
    percent=st.integers(0, 100),
)
def test_accounts_share_a_tax_out_to_the_last_rupiah(
    grosses: list[int], percent: int
) -> None:
    of = {str(number): gross for number, gross in enumerate(grosses)}
    tax = sum(grosses) * percent // 100

    shares = taxes.shared_out(tax, of)

    assert sum(shares.values()) == tax
    assert all(0 <= shares[account] <= gross for account, gross in of.items())
