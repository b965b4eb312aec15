"""Guarantees in parts: nothing is lost, and never is less held than is owed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from services.loans.domain import guarantees

AMOUNTS = st.integers(1, 10**12)


@settings(max_examples=100)
@given(AMOUNTS)
def test_the_parts_are_the_whole(amount: int) -> None:
    parts = guarantees.parts_of(amount)

    assert sum(parts) == amount
    assert all(parts)
    assert max(parts) - min(parts) <= 1


@settings(max_examples=100)
@given(AMOUNTS, AMOUNTS, st.data())
def test_what_goes_leaves_as_much_as_is_owed(
    amount: int, principal: int, data: st.DataObject
) -> None:
    outstanding = data.draw(st.integers(0, principal))
    parts = guarantees.parts_of(amount)
    wanted = guarantees.needed(amount, outstanding, principal)

    count = guarantees.to_release(parts, wanted)

    assert sum(parts[count:]) >= wanted
    if count < len(parts):
        assert sum(parts[count + 1 :]) < wanted or wanted == 0
    assert count == len(parts) or outstanding > 0


def test_half_a_loan_needs_half_of_the_guarantee() -> None:
    assert guarantees.parts_of(1_000_003) == [250_001, 250_001, 250_001, 250_000]
    assert guarantees.needed(1_000_000, 1_500_000, 3_000_000) == 500_000
    assert guarantees.to_release([250_000] * 4, 500_000) == 2
    assert guarantees.to_release([250_000] * 4, 500_001) == 1


@settings(max_examples=100)
@given(AMOUNTS, st.data())
def test_just_what_is_called_is_taken(amount: int, data: st.DataObject) -> None:
    called = data.draw(st.integers(1, amount))
    parts = guarantees.parts_of(amount)

    taken = guarantees.to_call(parts, called)

    assert sum(taken) == called
    assert all(0 < one <= part for one, part in zip(taken, parts, strict=False))
