"""Members' numbers and how much of a name a payer sees."""

from __future__ import annotations

from datetime import date

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


@pytest.mark.parametrize(
    ("born", "years"),
    [
        (date(2009, 11, 22), 17),
        (date(2009, 11, 23), 16),
        (date(2026, 11, 22), 0),
        (date(1908, 2, 29), 118),
    ],
)
def test_a_year_older_from_the_birthday_on(born: date, years: int) -> None:
    assert membership.age(born, date(2026, 11, 22)) == years


def test_who_was_born_on_a_leap_day_is_older_on_the_first_of_march() -> None:
    assert membership.age(date(2008, 2, 29), date(2025, 2, 28)) == 16
    assert membership.age(date(2008, 2, 29), date(2025, 3, 1)) == 17


def test_addresses_are_recognised_but_not_collected() -> None:
    assert membership.masked_phone("+6281234567890") == "+62812••••7890"
    assert membership.masked_email("budi.santoso@contoh.id") == "b•••@contoh.id"
