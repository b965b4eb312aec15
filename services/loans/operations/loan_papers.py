"""What is printed of a loan in the book: its card (kartu angsuran)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from services.shared.presentation import formats, sheets
from services.shared.presentation.pdf import Column, Document, Letterhead
from services.shared.presentation.sheets import Sheet

CHANNELS: Final = {
    "cash": "Tunai",
    "savings": "Rekening simpanan",
    "va": "Virtual account",
    "bank": "Bank",
    "insurance": "Klaim asuransi",
    "collateral": "Hasil agunan",
    "guarantor": "Penjamin",
}
_SCHEDULE: Final = (
    Column(title="Ke", share=2, is_amount=True),
    Column(title="Jatuh tempo", share=4),
    Column(title="Pokok", share=4, is_amount=True),
    Column(title="Bunga", share=4, is_amount=True),
    Column(title="Denda", share=3, is_amount=True),
    Column(title="Dibayar", share=4, is_amount=True),
    Column(title="Lunas", share=4),
)
_PAID: Final = (
    Column(title="Tanggal", share=4),
    Column(title="Melalui", share=5),
    Column(title="Pokok", share=4, is_amount=True),
    Column(title="Bunga", share=4, is_amount=True),
    Column(title="Denda", share=3, is_amount=True),
    Column(title="Jumlah", share=4, is_amount=True),
    Column(title="Sisa pokok", share=4, is_amount=True),
)


def card(
    cooperative_name: str, code: str, of: Mapping[str, Any], made_at: datetime
) -> bytes:
    """A loan's card as PDF; ``of`` is a `LoanCard`."""
    loan = of["loan"]
    paper = Document(
        title="Kartu Angsuran Pinjaman",
        number=loan["number"],
        letterhead=Letterhead(name=cooperative_name, lines=[f"Kode koperasi {code}"]),
        produced_at=made_at,
    )
    paper.facts(
        [
            ("Nama anggota", loan["member_name"]),
            ("Pokok pinjaman", formats.rupiah(loan["principal"])),
            ("Bunga per tahun", formats.percent_bps(loan["rate_bps"])),
            ("Tanggal cair", _long(loan["disbursed_on"])),
            ("Jatuh tempo akhir", _long(loan["matures_on"])),
            ("Sisa pokok", formats.rupiah(loan["outstanding"])),
            (
                "Angsuran lunas",
                f"{loan['instalments_paid']} dari {len(of['items'])}",
            ),
        ]
    )
    paper.heading("Jadwal angsuran")
    paper.table(
        _SCHEDULE,
        [
            (
                one["number"],
                _short(one["due_on"]),
                one["principal"],
                one["interest"],
                one["penalty"],
                _paid(one),
                _short(one["settled_on"]) if one["settled_on"] else "",
            )
            for one in of["items"]
        ],
    )
    paper.heading("Pembayaran")
    paper.table(
        _PAID,
        [
            (
                _short(one["business_date"]),
                CHANNELS[one["channel"]],
                one["principal"],
                one["interest"],
                one["penalty"],
                one["amount"],
                one["outstanding"],
            )
            for one in of["repayments"]
        ],
    )
    return paper.render()


def card_sheet(of: Mapping[str, Any]) -> bytes:
    """A loan's card as a workbook: the schedule, and what was paid."""
    schedule = [
        (
            one["number"],
            date.fromisoformat(one["due_on"]),
            one["principal"],
            one["interest"],
            one["penalty"],
            _paid(one),
            date.fromisoformat(one["settled_on"]) if one["settled_on"] else None,
        )
        for one in of["items"]
    ]
    paid = [
        (
            date.fromisoformat(one["business_date"]),
            CHANNELS[one["channel"]],
            one["principal"],
            one["interest"],
            one["penalty"],
            one["fee"],
            one["amount"],
            one["outstanding"],
            one["reference"],
        )
        for one in of["repayments"]
    ]
    return sheets.write_book(
        [
            Sheet(
                title="Jadwal angsuran",
                header=(
                    "Ke", "Jatuh tempo", "Pokok", "Bunga", "Denda", "Dibayar", "Lunas",
                ),
                rows=schedule,
            ),
            Sheet(
                title="Pembayaran",
                header=(
                    "Tanggal", "Melalui", "Pokok", "Bunga", "Denda", "Biaya", "Jumlah",
                    "Sisa pokok", "Referensi",
                ),
                rows=paid,
            ),
        ]
    )  # fmt: skip


def _paid(one: Mapping[str, Any]) -> int:
    paid: int = one["principal_paid"] + one["interest_paid"] + one["penalty_paid"]
    return paid


def _long(day: str) -> str:
    return formats.date_long(date.fromisoformat(day))


def _short(day: str) -> str:
    return formats.date_short(date.fromisoformat(day))
