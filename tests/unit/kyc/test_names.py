"""Names that are one person's are found and alike; names that are not, are not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kyc.domain import names
from services.kyc.domain.screening import ALERT_SCORE


def like(one: str, other: str) -> tuple[int, bool]:
    """How alike two names are, and whether the index finds one by the other."""
    first, second = names.folded(one), names.folded(other)
    return names.similarity(first, second), bool(set(first.keys) & set(second.keys))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("BUDI SANTOSO", "budi  santoso"),
        ("H. Moh. Joesoef, S.E.", "Muhammad Yusuf"),
        ("Soekardjo", "Sukarjo"),
        ("Tjipto Mangoenkoesoemo", "Cipto Mangunkusumo"),
        ("Achmad Sjarifoeddin", "Ahmad Syarifuddin"),
        ("Njoto Prawiro", "Nyoto Prawiro"),
        ("Djoko Widjaja", "Joko Wijaya"),
        ("Jusuf Kalla", "Yusuf Kala"),
        ("Mochamad Ridwan", "M. Ridwan"),
        ("Mohammed Rizal", "Muh. Rizal"),
        ("Drs. H.Budi Santoso, M.Si", "BUDI SANTOSA"),
        ("K.H. Zainal Abidin", "Zaenal Abidin"),
        ("Abdul Rahman Wahid", "Abdurrahman Wahid"),
        ("Abd. Aziz", "Abdulaziz"),
        ("Abdullah", "Abdulloh"),
        ("Nur Hayati binti Ahmad", "Nurhayati Ahmad"),
        ("Fitri Handayani", "Vitri Handajani"),
        ("Ma'ruf Amin", "Maruf Amin"),
        ("Santoso, Budi", "Budi Santoso"),
        ("Hary Tanoe", "Hari Tanu"),
        ("Utsman bin Affan", "Oesman Afan"),
        ("José Ramos Horta", "Jose Ramos-Horta"),
        ("Ahmad Ali Budiman Santoso", "Ali Ahmad"),
    ],
)
def test_the_same_person_is_found_however_it_is_spelled(one: str, other: str) -> None:
    score, is_found = like(one, other)
    assert is_found
    assert score >= ALERT_SCORE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Siti Nurbaya", "Siti Aminah"),
        ("Budi", "Budi Santoso"),
        ("Muhammad Ali", "Muhammad Eka"),
        ("Abdurrahman Saleh", "Abdurrahman Wahid"),
        ("Joko Widodo", "Joko Susilo"),
        ("Muhammad", "Muhammad Rizki Ramadhan"),
    ],
)
def test_two_persons_are_not_one(one: str, other: str) -> None:
    assert like(one, other)[0] < ALERT_SCORE


def test_a_title_alone_is_a_name() -> None:
    assert names.folded("Drs.").words
    assert names.folded("H. Ir. Budi").words == ("budi",)
    assert names.aliases("Umar Patek alias Hisyam a.k.a. Abu") == [
        "Umar Patek",
        "Hisyam",
        "Abu",
    ]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_a_name_that_is_as_alike_one_way_as_the_other(
    one: str, other: str
) -> None:
    first, second = names.folded(one), names.folded(other)
    score = names.similarity(first, second)
    assert 0 <= score <= 100
    assert score == names.similarity(second, first)
    if first.words:
        assert names.similarity(first, first) == 100
        assert first.keys
