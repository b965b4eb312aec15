"""Which sheets an import has, and which columns (domain.md, topic 8)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

MEMBERS: Final = "anggota"
SAVINGS: Final = "simpanan"
LOANS: Final = "pinjaman"
BALANCE_SHEET: Final = "neraca"
ASSETS: Final = "aset_tetap"
WORKBOOK: Final = "workbook"

_SEPARATORS: Final = re.compile(r"[\s\-./]+")
_DECORATION: Final = re.compile(r"[^0-9a-z_]")


class Kind(Enum):
    """How a cell is read."""

    KEY = "key"
    TEXT = "text"
    NIK = "nik"
    PHONE = "phone"
    DATE = "date"
    STATUS = "status"
    AMOUNT = "amount"
    NOT_NEGATIVE = "not_negative"
    COUNT = "count"
    RATE = "rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: whether it may be left empty, and what it is for, in Indonesian."""

    name: str
    kind: Kind
    note: str
    is_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet of the template."""

    name: str
    title: str
    columns: tuple[Column, ...]

    @property
    def header(self) -> list[str]:
        """The names of the columns; required ones end with an asterisk."""
        return [f"{one.name}{'*' * one.is_required}" for one in self.columns]


def _required(name: str, kind: Kind, note: str) -> Column:
    return Column(name=name, kind=kind, note=note, is_required=True)


def _optional(name: str, kind: Kind, note: str) -> Column:
    return Column(name=name, kind=kind, note=note)


_OLD_NUMBER: Final = _required(
    "no_lama", Kind.KEY, "Nomor anggota di sistem lama; satu nomor satu anggota"
)

_SHEETS: Final = (
    Sheet(
        name=MEMBERS,
        title="Anggota",
        columns=(
            _OLD_NUMBER,
            _required("nama", Kind.TEXT, "Nama lengkap"),
            _optional("nik", Kind.NIK, "16 digit, format sel: teks; boleh kosong"),
            _optional("alamat", Kind.TEXT, "Alamat"),
            _optional("tgl_lahir", Kind.DATE, "dd/mm/yyyy"),
            _optional("hp", Kind.PHONE, "Nomor telepon seluler"),
            _optional("tgl_gabung", Kind.DATE, "dd/mm/yyyy"),
            _optional("status", Kind.STATUS, "aktif atau calon; kosong berarti aktif"),
        ),
    ),
    Sheet(
        name=SAVINGS,
        title="Simpanan",
        columns=(
            _OLD_NUMBER,
            _required("produk", Kind.KEY, "pokok, wajib, sukarela atau kode produk"),
            _required("saldo", Kind.NOT_NEGATIVE, "Rupiah utuh"),
            _optional("nama", Kind.TEXT, "Hanya untuk pemeriksaan"),
        ),
    ),
    Sheet(
        name=LOANS,
        title="Pinjaman",
        columns=(
            _OLD_NUMBER,
            _required("produk", Kind.KEY, "Kode atau nama produk pinjaman"),
            _required("sisa_pokok", Kind.NOT_NEGATIVE, "Rupiah utuh"),
            _optional("pokok_awal", Kind.NOT_NEGATIVE, "Pokok saat cair, rupiah utuh"),
            _optional("bunga", Kind.RATE, "Persen per tahun; kosong menurut produk"),
            _optional("angsuran", Kind.NOT_NEGATIVE, "Rupiah utuh per angsuran"),
            _optional("sisa_angsuran", Kind.COUNT, "Berapa kali lagi"),
            _optional("tgl_cair", Kind.DATE, "dd/mm/yyyy"),
            _optional("hari_tunggak", Kind.COUNT, "Hari sejak jatuh tempo tertua"),
        ),
    ),
    Sheet(
        name=BALANCE_SHEET,
        title="Neraca",
        columns=(
            _required("akun", Kind.KEY, "Kode akun, misalnya 1-1000"),
            _required("saldo", Kind.AMOUNT, "Rupiah utuh pada sisi normal akun"),
            _optional("nama", Kind.TEXT, "Nama akun, hanya untuk pembaca"),
        ),
    ),
    Sheet(
        name=ASSETS,
        title="AsetTetap",
        columns=(
            _required("kode", Kind.KEY, "Kode aset"),
            _required("nama", Kind.TEXT, "Nama aset"),
            _optional("tgl_perolehan", Kind.DATE, "dd/mm/yyyy"),
            _required("nilai_perolehan", Kind.NOT_NEGATIVE, "Rupiah utuh"),
            _optional("akum_penyusutan", Kind.NOT_NEGATIVE, "Rupiah utuh"),
            _optional("umur_bulan", Kind.COUNT, "Umur manfaat dalam bulan"),
        ),
    ),
)
SHEETS: Final[Mapping[str, Sheet]] = {sheet.name: sheet for sheet in _SHEETS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Where the columns of a sheet stand in a file, and what is odd about them."""

    places: Mapping[str, int]
    missing: Sequence[str]
    repeated: Sequence[str]
    unknown: Sequence[str]

    @property
    def is_usable(self) -> bool:
        """Whether rows can be read under this header."""
        return not self.missing and not self.repeated


def read_header(sheet: Sheet, cells: Sequence[str]) -> Header:
    """The columns that a header names; case, spaces and asterisks do not count."""
    known = {column.name for column in sheet.columns}
    places: dict[str, int] = {}
    repeated, unknown = [], []
    for place, cell in enumerate(cells):
        name = normalised(cell)
        if name in places:
            repeated.append(name)
        elif name in known:
            places[name] = place
        elif name:
            unknown.append(cell.strip())
    missing = [
        column.name
        for column in sheet.columns
        if column.is_required and column.name not in places
    ]
    return Header(places=places, missing=missing, repeated=repeated, unknown=unknown)


def normalised(name: str) -> str:
    """``No. Lama *`` as ``no_lama``."""
    joined = _SEPARATORS.sub("_", name.strip().lower())
    return _DECORATION.sub("", joined).strip("_")
