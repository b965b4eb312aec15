"""The risk profile of a cooperative, on paper and as a workbook (R162, R163)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from services.shared.presentation import formats, sheets
from services.shared.presentation.pdf import Column, Document, Letterhead, Signature

TITLE: Final = "Profil Risiko Koperasi (Penilaian Mandiri)"
NOTICE: Final = (
    "Penilaian mandiri koperasi; bukan hasil pemeriksaan kesehatan dari instansi "
    "yang berwenang."
)

_FACTORS: Final = {
    "own_capital": ("Modal sendiri", "> Rp 1 miliar", "< Rp 500 juta"),
    "certified_staff": ("Pengelola bersertifikat", "> 3 orang", "< 2 orang"),
    "sector": ("Sektor pinjaman terbesar", "Perdagangan", "Pertanian"),
    "location": ("Lokasi", "Perkotaan", "Terpencil"),
    "age": ("Berdiri sejak", "> 5 tahun", "< 3 tahun"),
}
_CODES: Final = {
    "trade": "Perdagangan",
    "farming": "Pertanian, perikanan, peternakan",
    "other": "Lainnya",
    "city": "Perkotaan",
    "remote": "Terpencil",
}
_LEVELS: Final = {
    "low": "Rendah",
    "medium": "Sedang",
    "high": "Tinggi",
    "unknown": "Belum diketahui",
}
_HEADER: Final = (
    "Faktor",
    "Keadaan",
    "Risiko rendah",
    "Risiko tinggi",
    "Tingkat risiko",
)


def paper(
    cooperative_name: str, code: str, sheet: Mapping[str, Any], made_at: datetime
) -> bytes:
    """The sheet as PDF; ``sheet`` is a `RiskProfile`."""
    day = formats.date_long(date.fromisoformat(sheet["day"]))
    document = Document(
        title=TITLE,
        number=f"Per {day}",
        letterhead=Letterhead(name=cooperative_name, lines=[f"Kode koperasi {code}"]),
        produced_at=made_at,
    )
    document.table([Column(title=title, share=3) for title in _HEADER], _rows(sheet))
    document.facts([_trainings(sheet)])
    document.paragraph(NOTICE)
    document.signatures(day, [Signature(role="Pengurus")])
    return document.render()


def workbook(sheet: Mapping[str, Any]) -> bytes:
    """The sheet as a workbook."""
    return sheets.write([*_rows(sheet), _trainings(sheet)], _HEADER, "Profil risiko")


def _rows(sheet: Mapping[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for one in sheet["factors"]:
        name, low, high = _FACTORS[one["factor"]]
        rows.append((name, _value(one), low, high, _LEVELS[one["level"]]))
    return rows


def _trainings(sheet: Mapping[str, Any]) -> tuple[str, str]:
    known = sheet["trainings"]
    return (
        f"Pelatihan pengelola {known['year']}",
        f"{known['held']} dari {known['target']}",
    )


def _value(one: Mapping[str, Any]) -> str:
    value: str | None = one["value"]
    if value is None:
        return "-"
    if one["factor"] == "own_capital":
        return formats.rupiah(int(value))
    if one["factor"] == "age":
        return formats.date_long(date.fromisoformat(value))
    return _CODES.get(value, value)
