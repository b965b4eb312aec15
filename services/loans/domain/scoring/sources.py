"""What is known of an application when it is scored, and what that is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NUMBERS: Final[Mapping[str, str]] = {
    "monthly_income": "Penghasilan bulanan",
    "debt_service_bps": "Beban angsuran terhadap penghasilan",
    "membership_months": "Lama menjadi anggota",
    "savings_total": "Jumlah simpanan",
    "savings_bps": "Simpanan terhadap pinjaman",
    "on_time_bps": "Angsuran dibayar tepat waktu",
    "worst_dpd": "Keterlambatan terlama",
    "settled_loans": "Pinjaman yang sudah lunas",
    "bureau_score": "Riwayat kredit di SLIK",
    "cover_bps": "Nilai jaminan terhadap pinjaman",
    "business_months": "Lama usaha atau bekerja",
    "amount": "Jumlah yang diajukan",
    "instalments": "Jumlah angsuran",
}
"""Inputs that are numbers, and their names; `_bps` are shares, 10000 is all."""

CHOICES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "check_result": ("Hasil pemeriksaan identitas", ("LOLOS", "TINJAU", "GAGAL")),
    "employment": ("Pekerjaan", ("employee", "self_employed")),
    "income_cycle": (
        "Siklus penghasilan",
        ("daily", "weekly", "monthly", "seasonal"),
    ),
    "simple_class": ("Kelas risiko sederhana", ("A", "B", "C")),
    "sector": (
        "Sektor usaha",
        (
            "perdagangan",
            "pertanian",
            "perikanan",
            "peternakan",
            "industri",
            "jasa",
            "konsumsi",
            "lainnya",
        ),
    ),
}
"""Inputs that are one of a few words."""

SOURCES: Final = (*NUMBERS, *CHOICES)

Inputs = Mapping[str, int | str | None]
"""Everything that is known of an application, by source; None is not known."""
