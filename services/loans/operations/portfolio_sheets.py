"""The reports on the portfolio as workbooks, for meetings and for the RAT (R159)."""

from __future__ import annotations

from typing import Any, Final

from services.shared.presentation import formats, sheets
from services.shared.presentation.sheets import Sheet

_BY: Final = {
    "cause": "Penyebab",
    "sector": "Sektor",
    "branch": "Cabang",
    "officer": "Petugas",
    "product": "Produk",
}
_LIGHTS: Final = {"green": "Hijau", "yellow": "Kuning", "red": "Merah", "unknown": "-"}


def ageing(report: dict[str, Any]) -> bytes:
    """Classes on one sheet, collection stages on the other."""
    classes = [
        [
            one["collectibility"],
            one["name"],
            one["loans"],
            one["outstanding"],
            _percent(one["share_bps"]),
            _percent(one["provision_bps"]),
            one["provision"],
            one["unaccrued_interest"],
        ]
        for one in report["classes"]
    ]
    stages = [
        [
            one["from_day"],
            one["action"],
            one["loans"],
            one["outstanding"],
            _percent(one["share_bps"]),
        ]
        for one in report["stages"]
    ]
    return sheets.write_book(
        [
            Sheet(
                title="Kolektibilitas",
                header=(
                    "Kol",
                    "Nama",
                    "Pinjaman",
                    "Sisa pokok",
                    "Porsi",
                    "Tarif penyisihan",
                    "Penyisihan",
                    "Bunga ekstrakomptabel",
                ),
                rows=classes,
            ),
            Sheet(
                title="Tahap penagihan",
                header=(
                    "Mulai hari",
                    "Tindakan",
                    "Pinjaman",
                    "Sisa pokok",
                    "Porsi",
                ),
                rows=stages,
            ),
        ]
    )


def ratios(report: dict[str, Any]) -> bytes:
    """Each ratio with its light."""
    named = (
        ("NPF", "npf"),
        ("CKP / NPF", "coverage"),
        ("LDR", "ldr"),
        ("ROA", "roa"),
    )
    rows = [
        [title, _percent(report[name]["bps"]), _LIGHTS[report[name]["light"]]]
        for title, name in named
    ]
    return sheets.write(rows, ("Rasio", "Nilai", "Lampu"), "Rasio")


def trend(report: dict[str, Any]) -> bytes:
    """One row per end of a month, the last is now."""
    rows = [
        [
            one["day"],
            one["loans"],
            one["outstanding"],
            one["npf_outstanding"],
            _percent(one["npf_bps"]),
        ]
        for one in report["points"]
    ]
    header = ("Tanggal", "Pinjaman", "Sisa pokok", "Sisa pokok NPF", "NPF")
    return sheets.write(rows, header, "Tren")


def breakdown(report: dict[str, Any]) -> bytes:
    """One row per part."""
    rows = [
        [
            one["key"] or "Belum diketahui",
            one["loans"],
            one["outstanding"],
            _percent(one["share_bps"]),
            one["npf_loans"],
            one["npf_outstanding"],
            _percent(one["npf_bps"]),
        ]
        for one in report["parts"]
    ]
    header = (
        _BY[report["by"]],
        "Pinjaman",
        "Sisa pokok",
        "Porsi",
        "Pinjaman NPF",
        "Sisa pokok NPF",
        "NPF",
    )
    return sheets.write(rows, header, f"Per {_BY[report['by']].lower()}")


def _percent(bps: int | None) -> str:
    return "-" if bps is None else formats.percent_bps(bps)
