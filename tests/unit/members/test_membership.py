"""Members' numbers and how much of a name a payer sees."""

from __future__ import annotations

import pytest

from services.members.domain import cooperatives, membership


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("Budi Santoso", "B*** S******"),
        ("Sukarno", "S******"),
        ("I Gusti Ayu", "I G**** A**"),
        ("  Siti   Aminah ", "S*** A*****"),
        ("Ña", "Ñ*"),
    ],
)
def test_a_masked_name_keeps_the_first_letters(name: str, masked: str) -> None:
    assert membership.masked_name(name) == masked


def test_member_numbers_begin_with_the_cooperatives_code() -> None:
    assert membership.member_number("0101", 1) == "0101-000001"
    assert membership.member_number("0101", 1_234_567) == "0101-1234567"


def test_a_candidate_may_not_hold_accounts() -> None:
    assert not membership.may_hold_accounts(membership.CANDIDATE)
    assert membership.may_hold_accounts(membership.ACTIVE)


@pytest.mark.parametrize(
    ("status", "sign_in", "new_clients"),
    [
        (cooperatives.REGISTERED, False, True),
        (cooperatives.ACTIVE, True, True),
        (cooperatives.DEACTIVATED, False, False),
    ],
)
def test_only_an_active_cooperative_signs_in(
    status: str, *, sign_in: bool, new_clients: bool
) -> None:
    assert cooperatives.may_sign_in(status) is sign_in
    assert cooperatives.may_have_new_clients(status) is new_clients
