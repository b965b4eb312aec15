"""What one row of a sheet says, and what is wrong with it on its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from services.members.domain import membership, phones
from services.members.domain.imports import problems, sheets
from services.members.domain.imports.problems import Problem
from services.members.domain.imports.sheets import Column, Header, Kind, Sheet
from services.shared import identity_numbers
from services.shared.presentation import formats

KEY_LENGTH_MAX: Final = 40
NAME_LENGTH_MAX: Final = 200
TEXT_LENGTH_MAX: Final = 500
AMOUNT_MAX: Final = 10**15
COUNT_MAX: Final = 100_000
AGE_YEARS_MAX: Final = 120
RATE_BPS_MAX: Final = 2400
"""24 % a year (R114)."""

STATUSES: Final[Mapping[str, str]] = {
    "": membership.ACTIVE,
    "aktif": membership.ACTIVE,
    "anggota": membership.ACTIVE,
    "calon": membership.CANDIDATE,
    "calon anggota": membership.CANDIDATE,
}
LEFT: Final = frozenset(
    {"keluar", "nonaktif", "non aktif", "tidak aktif", "meninggal", "berhenti"}
)

PERSONAL: Final[Mapping[str, str]] = {
    "nik": "nik",
    "hp": "phone",
    "tgl_lahir": "birth_date",
    "alamat": "address",
}
"""Columns that are kept encrypted, and what a member's record calls them."""

_RATE: Final = re.compile(r"(?P<whole>[0-9]{1,3})(?:[.,](?P<decimals>[0-9]{1,2}))? ?%?")
_DIGITS_ONLY: Final = re.compile(r"[\s.\-']")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A row as it was understood: values by column, None where there is none."""

    sheet: str
    row: int
    values: Mapping[str, Any]
    problems: Sequence[Problem] = ()

    @property
    def missing(self) -> list[str]:
        """The personal data that a member's row lacks: "Data belum lengkap"."""
        if self.sheet != sheets.MEMBERS:
            return []
        return [name for name in PERSONAL if self.values.get(name) is None]


@dataclass(slots=True, kw_only=True)
class _Reading:
    """A row while its cells are being read."""

    sheet: Sheet
    row: int
    today: date
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def report(self, column: Column, code: str, found: str | None = None) -> None:
        is_personal = column.name in PERSONAL
        value = None if found is None or is_personal else problems.shown(found)
        self.problems.append(
            Problem(
                sheet=self.sheet.name,
                row=self.row,
                column=column.name,
                code=code,
                value=value,
            )
        )


def parse(
    sheet: Sheet, header: Header, row: int, cells: Sequence[str], today: date
) -> Parsed | None:
    """What the cells of a row say; None for an empty row.

    ``row`` counts as a spreadsheet does: the header is row 1.
    """
    if not any(cell.strip() for cell in cells):
        return None
    reading = _Reading(sheet=sheet, row=row, today=today)
    for column in sheet.columns:
        place = header.places.get(column.name)
        text = cells[place].strip() if place is not None and place < len(cells) else ""
        reading.values[column.name] = _read_cell(reading, column, text)
    if sheet.name == sheets.MEMBERS:
        _check_nik(reading)
    return Parsed(
        sheet=sheet.name,
        row=row,
        values=reading.values,
        problems=tuple(reading.problems),
    )


def _read_cell(reading: _Reading, column: Column, text: str) -> Any:
    if not text and column.kind is not Kind.STATUS:
        if column.is_required:
            reading.report(column, "value_missing")
        return None
    return _READERS[column.kind](reading, column, text)


def _read_key(reading: _Reading, column: Column, text: str) -> str | None:
    if len(text) > KEY_LENGTH_MAX or not text.isprintable():
        reading.report(column, "text_invalid")
        return None
    # Products and codes are told apart without regard to case, numbers as they are.
    return text.lower() if column.name == "produk" else text


def _read_text(reading: _Reading, column: Column, text: str) -> str | None:
    longest = NAME_LENGTH_MAX if column.name == "nama" else TEXT_LENGTH_MAX
    plain = " ".join(text.split())
    if len(plain) > longest or not plain.isprintable():
        reading.report(column, "text_invalid")
        return None
    return plain


def _read_nik(_reading: _Reading, _column: Column, text: str) -> str:
    # Judged with the birth date, when the whole row has been read.
    return _DIGITS_ONLY.sub("", text)


def _read_phone(reading: _Reading, column: Column, text: str) -> str | None:
    # A spreadsheet that took the number for an amount has eaten its first zero.
    plain = f"0{text}" if text.startswith("8") else text
    number = phones.e164(plain)
    if number is None or not phones.is_mobile(number):
        reading.report(column, "phone_invalid")
        return None
    return number


def _read_date(reading: _Reading, column: Column, text: str) -> date | None:
    try:
        day = formats.parse_date(text)
    except formats.UnreadableDate:
        reading.report(column, "date_invalid")
        return None
    if day > reading.today or day.year < reading.today.year - AGE_YEARS_MAX:
        reading.report(column, "date_impossible")
        return None
    return day


def _read_status(reading: _Reading, column: Column, text: str) -> str | None:
    status = " ".join(text.lower().split())
    if status in STATUSES:
        return STATUSES[status]
    reading.report(column, "status_left" if status in LEFT else "status_unknown", text)
    return None


def _read_amount(reading: _Reading, column: Column, text: str) -> int | None:
    try:
        amount = formats.parse_rupiah(text)
    except formats.UnreadableAmount:
        reading.report(column, "amount_invalid", text)
        return None
    if abs(amount) > AMOUNT_MAX:
        reading.report(column, "amount_too_large", text)
        return None
    return amount


def _read_not_negative(reading: _Reading, column: Column, text: str) -> int | None:
    amount = _read_amount(reading, column, text)
    if amount is not None and amount < 0:
        reading.report(column, "amount_negative", text)
        return None
    return amount


def _read_count(reading: _Reading, column: Column, text: str) -> int | None:
    if not (text.isascii() and text.isdigit()) or int(text) > COUNT_MAX:
        reading.report(column, "count_invalid", text)
        return None
    return int(text)


def _read_rate(reading: _Reading, column: Column, text: str) -> int | None:
    """Percent a year with at most two decimals, as basis points."""
    found = _RATE.fullmatch(text)
    rate_bps = None
    if found is not None:
        decimals = (found["decimals"] or "").ljust(2, "0")
        rate_bps = int(found["whole"]) * 100 + int(decimals)
    if rate_bps is None or rate_bps > RATE_BPS_MAX:
        reading.report(column, "rate_invalid", text)
        return None
    return rate_bps


_READERS: Final[Mapping[Kind, Callable[[_Reading, Column, str], Any]]] = {
    Kind.KEY: _read_key,
    Kind.TEXT: _read_text,
    Kind.NIK: _read_nik,
    Kind.PHONE: _read_phone,
    Kind.DATE: _read_date,
    Kind.STATUS: _read_status,
    Kind.AMOUNT: _read_amount,
    Kind.NOT_NEGATIVE: _read_not_negative,
    Kind.COUNT: _read_count,
    Kind.RATE: _read_rate,
}


def _check_nik(reading: _Reading) -> None:
    """A NIK that cannot be right is an error; one that is not there is none."""
    number = reading.values.get("nik")
    if number is None:
        return
    birth_date = reading.values.get("tgl_lahir")
    if (
        identity_numbers.fault(number, birth_date=birth_date, today=reading.today)
        is not None
    ):
        reading.values["nik"] = None
        column = next(one for one in reading.sheet.columns if one.name == "nik")
        reading.report(column, "nik_invalid")
