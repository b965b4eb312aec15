"""The akad restrukturisasi on paper, with the old and the new schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from services.loans.domain import restructurings as domain
from services.loans.operations.letters import FREQUENCIES, METHODS
from services.shared.contracts.loans import restructurings as contract
from services.shared.presentation import formats
from services.shared.presentation.pdf import Column, Document, Letterhead, Signature

_SCHEDULE: Final = (
    Column(title="Ke", share=1, is_amount=True),
    Column(title="Jatuh tempo", share=3),
    Column(title="Pokok", share=3, is_amount=True),
    Column(title="Bunga", share=3, is_amount=True),
    Column(title="Angsuran", share=3, is_amount=True),
)


def akad(number: str, kind: str, reason: str, content: Mapping[str, Any]) -> bytes:
    """The agreement on new terms, a `RestructuringContent`."""
    data = cast("dict[str, Any]", contract.RestructuringContent().load(content))
    paper = Document(
        title="Akad Restrukturisasi Pinjaman",
        number=number,
        letterhead=Letterhead(
            name=data["cooperative_name"],
            lines=[f"Kode koperasi {data['cooperative_code']}"],
        ),
        produced_at=data["made_at"],
    )
    paper.paragraph(
        f"Pada tanggal {formats.date_long(data['made_on'])}, "
        f"{data['cooperative_name']} (Koperasi) dan {data['member_name']} (Peminjam) "
        f"bersepakat mengubah ketentuan pinjaman nomor {data['loan_number']} sebagai "
        "berikut."
    )
    paper.heading("Pasal 1. Utang pada tanggal akad")
    paper.facts(
        [
            ("Sisa pokok", formats.rupiah(data["outstanding"])),
            ("Terbilang", formats.terbilang(data["outstanding"])),
            ("Tunggakan bunga", formats.rupiah(data["interest"])),
            ("Denda", formats.rupiah(data["penalty"])),
            ("Jatuh tempo semula", formats.date_long(data["matured_on"])),
        ]
    )
    paper.heading("Pasal 2. Bentuk restrukturisasi")
    paper.facts([("Bentuk", domain.METHOD_NAMES[kind]), ("Alasan", reason)])
    if data["matures_on"] is None:
        paper.paragraph(
            "Seluruh sisa pokok dialihkan menjadi modal penyertaan. Tidak ada angsuran "
            "yang terutang lagi."
        )
    else:
        _new_terms(paper, data)
    paper.heading("Jadwal angsuran semula yang belum dibayar")
    _table(paper, data["old_schedule"])
    if data["schedule"]:
        paper.heading("Jadwal angsuran baru")
        _table(paper, data["schedule"])
    paper.signatures(
        formats.date_long(data["made_on"]),
        [
            Signature(role="Untuk Koperasi"),
            Signature(role="Peminjam", name=data["member_name"]),
        ],
    )
    return paper.render()


def _new_terms(paper: Document, data: Mapping[str, Any]) -> None:
    paper.heading("Pasal 3. Ketentuan baru")
    before = formats.percent_bps(data["rate_before_bps"])
    after = formats.percent_bps(data["rate_bps"])
    paper.facts(
        [
            ("Pokok pinjaman baru", formats.rupiah(data["principal"])),
            ("Terbilang", formats.terbilang(data["principal"])),
            ("Bunga ditambahkan ke pokok", formats.rupiah(data["capitalised"])),
            ("Suku bunga", f"{after} per tahun (semula {before})"),
            ("Metode bunga", METHODS[data["method"]]),
            (
                "Jangka waktu",
                f"{data['count']} angsuran {FREQUENCIES[data['frequency']]}",
            ),
            ("Jatuh tempo baru", formats.date_long(data["matures_on"])),
            ("Bunga dan denda ditangguhkan", formats.rupiah(data["deferred"])),
        ]
    )
    if data["deferred"]:
        paper.paragraph(
            "Bunga dan denda yang ditangguhkan dibayar setelah angsuran terakhir dan "
            "tidak berbunga."
        )


def _table(paper: Document, rows: Sequence[Mapping[str, Any]]) -> None:
    paper.table(
        _SCHEDULE,
        [
            (
                one["number"],
                formats.date_short(one["due_on"]),
                one["principal"],
                one["interest"],
                one["principal"] + one["interest"],
            )
            for one in rows
        ],
        total=(
            "",
            "Jumlah",
            sum(one["principal"] for one in rows),
            sum(one["interest"] for one in rows),
            sum(one["principal"] + one["interest"] for one in rows),
        ),
    )
