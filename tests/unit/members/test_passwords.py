"""Which passwords and PINs people may choose (R7, C10)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.members.domain import passwords


@pytest.mark.parametrize(
    ("password", "is_staff", "fault"),
    [
        pytest.param("melati", False, None, id="six characters for members"),
        pytest.param("melat", False, "too_short", id="five are too few"),
        pytest.param("melati7", True, "too_short", id="seven are too few for staff"),
        pytest.param("melati-7", True, None, id="eight for staff"),
        pytest.param("123456", False, "common", id="what everybody tries"),
        pytest.param("Koperasi123", True, "common", id="common whatever its case"),
        pytest.param("aaaaaaaa", True, "repetitive", id="a held-down key"),
        pytest.param("ababab", False, "repetitive", id="two keys in turn"),
        pytest.param("fghijkl", False, "repetitive", id="along the alphabet"),
        pytest.param("poiuytrewq", True, "repetitive", id="the keyboard backwards"),
        pytest.param("Rahasia#2026", True, None, id="a mix is not refused"),
    ],
)
def test_a_password_is_refused_for_one_reason(
    password: str, fault: str | None, *, is_staff: bool
) -> None:
    assert passwords.fault(password, is_staff=is_staff) == fault


@pytest.mark.parametrize(
    "password", ["sari dewi", "SariDewi1", "sari@contoh.id", "dewi123", "6281234567"]
)
def test_what_everybody_knows_of_the_owner_is_no_password(password: str) -> None:
    personal = [
        "Sari Dewi",
        "saridewi",
        "sari@contoh.id",
        "+6281234567890",
        "628123456",
    ]
    assert passwords.fault(password, is_staff=False, personal=personal) == "personal"


def test_a_name_inside_a_long_password_does_no_harm() -> None:
    found = passwords.fault(
        "dewi suka kopi tubruk", is_staff=True, personal=["Sari Dewi"]
    )
    assert found is None


@pytest.mark.parametrize(
    ("password", "score", "advice"),
    [
        pytest.param("12345", 0, ("too_short",), id="refused"),
        pytest.param("melati", 1, ("longer", "mix"), id="just allowed"),
        pytest.param("melatiku", 2, ("longer", "mix"), id="eight letters"),
        pytest.param("Melati-7", 3, ("longer",), id="a mix (R7)"),
        pytest.param("melati putih harum", 3, ("mix",), id="long"),
        pytest.param("Melati-Putih-42", 4, (), id="long and mixed"),
        pytest.param("Rahasia#2026", 1, ("common",), id="a common word with a tail"),
    ],
)
def test_strength_is_told_with_what_would_make_it_better(
    password: str, score: int, advice: tuple[str, ...]
) -> None:
    found = passwords.strength(password)
    assert (found.score, found.advice) == (score, advice)


@given(st.text(max_size=40))
def test_a_password_is_refused_exactly_when_it_scores_nothing(text: str) -> None:
    found = passwords.strength(text)
    assert (found.score == 0) == (passwords.fault(text, is_staff=False) is not None)
    assert 0 <= found.score <= passwords.SCORE_MAX


def test_the_same_letters_are_the_same_password_however_they_are_composed() -> None:
    assert passwords.prepared("cafe\u0301") == passwords.prepared("caf\u00e9")


@pytest.mark.parametrize("pin", ["285714", "902517"])
def test_six_digits_are_a_pin(pin: str) -> None:
    assert passwords.is_pin(pin)


@pytest.mark.parametrize(
    "pin",
    [
        "12345",
        "1234567",
        "abcdef",
        "111111",
        "123456",
        "654321",
        "123123",
        "121212",
        "٢٨٥٧١٤",
    ],
)
def test_what_anybody_would_try_first_is_no_pin(pin: str) -> None:
    assert not passwords.is_pin(pin)
