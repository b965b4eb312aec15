"""Whether a NIK (Nomor Induk Kependudukan) can be right, and how it is shown.

``PPRRSSDDMMYYNNNN``: province, regency, district, birth date with 40 added to the
day for women, serial. The two-digit year leaves the century open; the birth date
that the member states settles it.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

# The 38 provinces as coded by the Ministry of Home Affairs, with the four Papuan ones
# of 2022 and North Kalimantan, which older validators do not know.
PROVINCES: Final = frozenset(
    f"{code}"
    for codes in (
        range(11, 20),
        (21,),
        range(31, 37),
        range(51, 54),
        range(61, 66),
        range(71, 77),
        (81, 82),
        range(91, 97),
    )
    for code in codes
)
FEMALE_DAY_OFFSET: Final = 40
FEMALE: Final = "female"
MALE: Final = "male"
GENDERS: Final = (FEMALE, MALE)
CENTURIES: Final = (1900, 2000)


def fault(
    nik: str, *, birth_date: date | None, today: date, gender: str | None = None
) -> str | None:
    """What is wrong with ``nik``, as a sentence; None when it can be right.

    ``birth_date`` and ``gender`` are what the person states, ``today`` is the business
    date.
    """
    if not re.fullmatch(r"[0-9]{16}", nik):
        return "The NIK must be 16 digits."
    for is_wrong, sentence in (
        (nik[:2] not in PROVINCES, "The NIK begins with a province that is none."),
        ("00" in (nik[2:4], nik[4:6]), "The NIK names no regency or district."),
        (nik[12:] == "0000", "The NIK has no serial number."),
    ):
        if is_wrong:
            return sentence
    possible = birth_dates(nik, today)
    if not possible:
        return "The NIK contains no birth date that is possible."
    if birth_date is not None and birth_date not in possible:
        return "The birth date in the NIK is another than the one stated."
    if gender is not None and gender != gender_in(nik):
        return "The gender in the NIK is another than the one stated."
    return None


def gender_in(nik: str) -> str:
    """Whether a well-formed NIK was given to a woman or a man."""
    return FEMALE if int(nik[6:8]) > FEMALE_DAY_OFFSET else MALE


def birth_dates(nik: str, today: date) -> list[date]:
    """The birth dates, none after ``today``, that a NIK of 16 digits leaves open."""
    return [day for day in _birth_dates(nik) if day <= today]


def masked(nik: str) -> str:
    """The province, the regency and the serial: ``5171••••••••0001``."""
    return f"{nik[:4]}{'•' * 8}{nik[-4:]}"


def _birth_dates(nik: str) -> list[date]:
    """The dates that the digits 7 to 12 can mean, one per century."""
    day, month, year = int(nik[6:8]), int(nik[8:10]), int(nik[10:12])
    if day > FEMALE_DAY_OFFSET:
        day -= FEMALE_DAY_OFFSET
    dates = []
    for century in CENTURIES:
        try:
            dates.append(date(century + year, month, day))
        except ValueError:
            # No such day in that year, for instance 29 February 1900.
            continue
    return dates
