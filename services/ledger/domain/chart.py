"""Which accounts every book has (domain.md, topic 6).

A cooperative may rename its accounts but not recode them. Contra accounts, marked (K)
in the source, stand on the other side of their class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

COOPERATIVE_CHART: Final[Mapping[str, str]] = {
    "1-1000": "Kas",
    "1-1010": "Bank",
    "1-1020": "Dompet iPaymu",
    "1-1030": "Dana Likuiditas di Hub",
    "1-1100": "Piutang Pinjaman Anggota",
    "1-1110": "Piutang Bunga",
    "1-1190": "Penyisihan Kerugian Piutang",
    "1-1200": "Kas di Kolektor",
    "1-1210": "Piutang Kolektor",
    "1-1300": "Piutang Antar Koperasi",
    "1-1400": "Piutang Klaim Asuransi",
    "1-1500": "Piutang Hasil Lelang/Subrogasi",
    "1-1600": "Penyertaan pada Usaha Anggota",
    "1-2000": "Aset Tetap",
    "1-2900": "Akumulasi Penyusutan",
    "2-1000": "Simpanan Sukarela",
    "2-1010": "Simpanan Berjangka",
    "2-1050": "Utang Bunga Simpanan",
    "2-1100": "Utang Usaha",
    "2-1200": "Utang Antar Koperasi",
    "2-1300": "Titipan Premi Asuransi",
    "2-1350": "Titipan Setoran",
    "2-1400": "Utang PPh",
    "2-2000": "Pinjaman Bank/Koperasi Lain",
    "2-3000": "Dana SHU",
    "3-1000": "Simpanan Pokok",
    "3-1100": "Simpanan Wajib",
    "3-2000": "Cadangan Umum",
    "3-2100": "Cadangan Risiko",
    "3-3000": "SHU Tahun Berjalan",
    "3-3100": "SHU Tahun Lalu",
    "3-4000": "Hibah",
    "3-5000": "Modal Penyertaan",
    "3-6000": "Modal Tetap USP",
    "3-9000": "Ekuitas Lain",
    "4-1000": "Pendapatan Bunga",
    "4-2000": "Pendapatan Administrasi",
    "4-3000": "Pendapatan Denda",
    "4-9000": "Pendapatan Lain",
    "4-9100": "Selisih Kas",
    "5-1000": "Beban Bunga Simpanan",
    "5-2000": "Beban Gaji",
    "5-2200": "Biaya Platform",
    "5-3000": "Beban Penyisihan",
    "5-9000": "Beban Lain",
    "9-9000": "Saldo Awal Migrasi",
}

LIQUIDITY: Final = "2-1500"
WALLETS: Final = "2-1600"
POSITIONS: Final = "2-1700"

HUB_CHART: Final[Mapping[str, str]] = {
    "1-1010": "Bank",
    "1-1020": "Dompet iPaymu",
    LIQUIDITY: "Dana Likuiditas Koperasi",
    WALLETS: "Dompet Koperasi",
    POSITIONS: "Posisi Kliring Koperasi",
    "2-1300": "Titipan Premi Asuransi",
    "3-3000": "SHU Tahun Berjalan",
    "4-2000": "Pendapatan Layanan",
    "5-9000": "Beban Lain",
}

PARENTS: Final = frozenset({LIQUIDITY, WALLETS, POSITIONS})
"""Codes of the hub that have one account per cooperative and none of their own."""

CONTRA: Final = frozenset({"1-1190", "1-2900"})


def is_debit_normal(code: str) -> bool:
    """Whether an account of this code grows when debited: assets and expenses."""
    return (code[:1] in {"1", "5"}) != (code in CONTRA)


def is_known(code: str) -> bool:
    """Whether a cooperative's book has this code."""
    return code in COOPERATIVE_CHART
