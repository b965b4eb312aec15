"""What can be wrong with an import: a frozen code and two sentences for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ERROR: Final = "error"
WARNING: Final = "warning"

SHEET_ROW: Final = 0
"""Stands for the sheet as a whole."""

VALUE_LENGTH_MAX: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of problem; ``{value}`` in its sentences is what was found."""

    severity: str
    english: str
    indonesian: str


def _error(english: str, indonesian: str) -> Kind:
    return Kind(severity=ERROR, english=english, indonesian=indonesian)


def _warning(english: str, indonesian: str) -> Kind:
    return Kind(severity=WARNING, english=english, indonesian=indonesian)


KINDS: Final = {
    "file_unreadable": _error(
        "The file cannot be read: {value}", "Berkas tidak dapat dibaca: {value}"
    ),
    "sheet_empty": _error("The sheet has no rows.", "Lembar ini tidak berisi baris."),
    "column_missing": _error(
        "The column {value} is missing.", "Kolom {value} tidak ada."
    ),
    "column_repeated": _error(
        "The column {value} occurs twice.", "Kolom {value} ada dua kali."
    ),
    "column_unknown": _warning(
        "The column {value} is not part of the template and is left out.",
        "Kolom {value} tidak ada dalam templat dan dilewati.",
    ),
    "value_missing": _error("A value is required.", "Kolom ini wajib diisi."),
    "text_invalid": _error(
        "The text is too long or holds control characters.",
        "Teks terlalu panjang atau berisi karakter kendali.",
    ),
    "amount_invalid": _error(
        "{value} is not an amount of whole rupiah.",
        "{value} bukan jumlah rupiah utuh.",
    ),
    "amount_negative": _error(
        "{value} is negative; a withdrawal is no balance.",
        "{value} negatif; penarikan bukan saldo.",
    ),
    "amount_too_large": _error(
        "{value} is more than one posting can hold.",
        "{value} melebihi batas satu ayat jurnal.",
    ),
    "count_invalid": _error(
        "{value} is not a whole number.", "{value} bukan bilangan bulat."
    ),
    "rate_invalid": _error(
        "{value} is not a rate of 0 to 24 percent a year.",
        "{value} bukan suku bunga 0 sampai 24 persen per tahun.",
    ),
    "date_invalid": _error(
        "The date must be written dd/mm/yyyy or yyyy-mm-dd.",
        "Tanggal harus ditulis dd/mm/yyyy atau yyyy-mm-dd.",
    ),
    "date_impossible": _error(
        "The date is in the future or more than 120 years ago.",
        "Tanggal di masa depan atau lebih dari 120 tahun yang lalu.",
    ),
    "nik_invalid": _error(
        "The NIK is not one that Dukcapil could have issued to this person.",
        "NIK tidak mungkin diterbitkan Dukcapil untuk orang ini; periksa 16 digitnya "
        "dan tanggal lahirnya.",
    ),
    "nik_repeated": _error(
        "Another row has the same NIK.", "Baris lain memiliki NIK yang sama."
    ),
    "nik_taken": _error(
        "The cooperative has a member with this NIK already.",
        "Koperasi sudah memiliki anggota dengan NIK ini.",
    ),
    "phone_invalid": _warning(
        "This is not a telephone number; the member is taken over without one.",
        "Bukan nomor telepon; anggota dialihkan tanpa nomor telepon.",
    ),
    "status_unknown": _error(
        "The status {value} is neither aktif nor calon.",
        "Status {value} bukan aktif atau calon.",
    ),
    "status_left": _error(
        "Who has left the cooperative ({value}) is not taken over.",
        "Yang sudah keluar ({value}) tidak dialihkan.",
    ),
    "key_repeated": _error(
        "Another row has the same number: {value}.",
        "Baris lain memiliki nomor yang sama: {value}.",
    ),
    "old_number_taken": _error(
        "The number {value} was taken over by an earlier import.",
        "Nomor {value} sudah dialihkan oleh impor sebelumnya.",
    ),
    "member_unknown": _error(
        "The sheet Anggota has no member {value}.",
        "Lembar Anggota tidak memuat anggota {value}.",
    ),
    "member_left_out": _error(
        "The member {value} has errors of its own.",
        "Data anggota {value} sendiri masih salah.",
    ),
    "member_is_candidate": _error(
        "The member {value} is a candidate, who may not hold savings.",
        "Anggota {value} masih calon dan belum boleh memiliki simpanan.",
    ),
    "product_unknown": _error(
        "The cooperative has no savings product {value}.",
        "Koperasi tidak memiliki produk simpanan {value}.",
    ),
    "loan_product_unknown": _error(
        "The cooperative has no loan product {value}.",
        "Koperasi tidak memiliki produk pinjaman {value}.",
    ),
    "savings_repeated": _error(
        "Another row has the same member and product: {value}.",
        "Baris lain memuat anggota dan produk yang sama: {value}.",
    ),
    "name_differs": _warning(
        "The name differs from the one in the sheet Anggota.",
        "Nama berbeda dari lembar Anggota.",
    ),
    "account_unknown": _error(
        "The chart of accounts has no code {value}.",
        "Bagan akun tidak memuat kode {value}.",
    ),
    "account_not_in_balance_sheet": _error(
        "The code {value} is not one of a balance sheet (1, 2 or 3).",
        "Kode {value} bukan akun neraca (1, 2 atau 3).",
    ),
    "balance_sheet_missing": _error(
        "Balances need the sheet Neraca beside them.",
        "Saldo memerlukan lembar Neraca.",
    ),
    "balance_sheet_unbalanced": _error(
        "Assets differ from liabilities and equity by {value}.",
        "Aset berbeda dari kewajiban dan ekuitas sebesar {value}.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong in one cell, row or sheet.

    ``value`` is shown to people and kept: never a personal number.
    """

    sheet: str
    row: int
    code: str
    column: str | None = None
    value: str | None = None

    @property
    def severity(self) -> str:
        """Whether the row cannot be taken over."""
        return KINDS[self.code].severity


def shown(value: str) -> str:
    """What was found, short enough for a sentence."""
    plain = "".join(one if one.isprintable() else "?" for one in value)
    return plain if len(plain) <= VALUE_LENGTH_MAX else f"{plain[:VALUE_LENGTH_MAX]}…"


def english(code: str, value: str | None) -> str:
    """The sentence that the API shows."""
    return KINDS[code].english.format(value=value or "")


def indonesian(code: str, value: str | None) -> str:
    """The sentence that staff read in the error file."""
    return KINDS[code].indonesian.format(value=value or "")
