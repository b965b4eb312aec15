"""How savings accounts are numbered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.members.domain import account_numbers

CODES = st.from_regex(r"[0-9]{4}\Z", fullmatch=True)
SEQUENCES = st.integers(min_value=1, max_value=10**9 - 1)


@given(code=CODES, sequence=SEQUENCES)
def test_a_number_names_its_cooperative_and_is_well_formed(
    code: str, sequence: int
) -> None:
    number = account_numbers.account_number(code, "sukarela", sequence)

    assert len(number) == 16
    assert account_numbers.is_well_formed(number)
    assert account_numbers.cooperative_code(number) == code


@given(
    sequence=SEQUENCES,
    place=st.integers(min_value=0, max_value=15),
    digit=st.sampled_from("0123456789"),
)
def test_one_wrong_digit_is_noticed(sequence: int, place: int, digit: str) -> None:
    number = account_numbers.account_number("0101", "sukarela", sequence)
    wrong = number[:place] + digit + number[place + 1 :]

    assert account_numbers.is_well_formed(wrong) == (wrong == number)


@given(sequence=SEQUENCES, place=st.integers(min_value=0, max_value=14))
def test_two_swapped_digits_are_noticed(sequence: int, place: int) -> None:
    number = account_numbers.account_number("0101", "sukarela", sequence)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]

    assert account_numbers.is_well_formed(swapped) == (swapped == number)


@pytest.mark.parametrize("number", ["", "0101", "010110000000001x", "1" * 17])
def test_what_is_not_sixteen_digits_is_not_well_formed(number: str) -> None:
    assert not account_numbers.is_well_formed(number)


def test_numbers_run_out_rather_than_grow() -> None:
    with pytest.raises(account_numbers.NumbersExhausted):
        account_numbers.account_number("0101", "sukarela", 10**9)
