"""Logins that mean the same are the same."""

from __future__ import annotations

import pytest

from services.members.domain import logins, phones


@pytest.mark.parametrize(
    "login",
    ["081234567890", "0812-3456-7890", "+62 812 3456 7890", " 6281234567890 "],
)
def test_a_phone_number_is_one_number_however_it_is_written(login: str) -> None:
    assert logins.normalised(login) == "+6281234567890"


@pytest.mark.parametrize("login", ["Sari@Contoh.ID", " sari@contoh.id "])
def test_an_address_has_no_case(login: str) -> None:
    assert logins.normalised(login) == "sari@contoh.id"


@pytest.mark.parametrize("login", ["sari", "12", "", "☎"])
def test_what_is_neither_is_nobodys_login_and_no_fault(login: str) -> None:
    assert logins.normalised(login) == login


@pytest.mark.parametrize(
    ("number", "is_mobile"),
    [("+6281234567890", True), ("+62361223344", False), ("+14155552671", False)],
)
def test_a_mobile_number_of_indonesia_is_told_from_others(
    number: str, *, is_mobile: bool
) -> None:
    assert phones.is_mobile(number) == is_mobile
