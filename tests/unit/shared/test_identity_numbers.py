"""Which numbers can be a NIK."""

from __future__ import annotations

from datetime import date

import pytest

from services.shared import identity_numbers as nik

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("number", "birth_date"),
    [
        pytest.param("5171011708900001", date(1990, 8, 17), id="man"),
        pytest.param("5171015708900001", date(1990, 8, 17), id="woman"),
        pytest.param("3171010101030001", date(2003, 1, 1), id="this century"),
        pytest.param("3171010101030001", date(1903, 1, 1), id="last century"),
        pytest.param("3171010101030001", None, id="no birth date stated"),
        pytest.param("6502012902000001", date(2000, 2, 29), id="leap day, Kaltara"),
        pytest.param("9603010101900001", None, id="Southwest Papua"),
    ],
)
def test_a_possible_nik_has_no_fault(number: str, birth_date: date | None) -> None:
    assert nik.fault(number, birth_date=birth_date, today=TODAY) is None


@pytest.mark.parametrize(
    ("number", "birth_date", "word"),
    [
        pytest.param("517101170890000", None, "16 digits", id="15 digits"),
        pytest.param("51710117089000012", None, "16 digits", id="17 digits"),
        pytest.param("517101170890000x", None, "16 digits", id="letter"),
        pytest.param("\u0665171011708900001", None, "16 digits", id="other digits"),
        pytest.param("2071011708900001", None, "province", id="unknown province"),
        pytest.param("5100011708900001", None, "regency", id="no regency"),
        pytest.param("5171001708900001", None, "regency", id="no district"),
        pytest.param("5171011708900000", None, "serial", id="no serial"),
        pytest.param("5171013202900001", None, "birth date", id="day 32"),
        pytest.param("5171014002900001", None, "birth date", id="day 40"),
        pytest.param("5171017202900001", None, "birth date", id="day 72"),
        pytest.param("5171011713900001", None, "birth date", id="month 13"),
        pytest.param("5171012902010001", None, "birth date", id="29 Feb of no year"),
        pytest.param(
            "5171011708900001", date(1990, 8, 18), "stated", id="another birth date"
        ),
        pytest.param(
            "5171012311260001", date(2026, 11, 23), "stated", id="born tomorrow"
        ),
    ],
)
def test_an_impossible_nik_is_explained(
    number: str, birth_date: date | None, word: str
) -> None:
    fault = nik.fault(number, birth_date=birth_date, today=TODAY)

    assert fault is not None
    assert word in fault


def test_there_are_thirty_eight_provinces() -> None:
    assert len(nik.PROVINCES) == 38


def test_a_nik_is_shown_without_its_middle() -> None:
    assert nik.masked("5171011708900001") == "5171••••••••0001"


@pytest.mark.parametrize(
    ("number", "gender", "is_possible"),
    [
        ("5171011708900001", nik.MALE, True),
        ("5171011708900001", nik.FEMALE, False),
        ("5171015708900001", nik.FEMALE, True),
        ("5171015708900001", nik.MALE, False),
        ("5171015708900001", None, True),
    ],
)
def test_women_have_forty_added_to_the_day(
    number: str, gender: str | None, *, is_possible: bool
) -> None:
    fault = nik.fault(number, birth_date=None, today=TODAY, gender=gender)

    assert (fault is None) is is_possible


def test_a_nik_leaves_the_century_open() -> None:
    assert nik.birth_dates("3171010101030001", TODAY) == [
        date(1903, 1, 1),
        date(2003, 1, 1),
    ]
