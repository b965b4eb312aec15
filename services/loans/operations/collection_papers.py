"""Letters to borrowers who are late, on paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from services.loans.domain import collections as domain
from services.shared.contracts.loans import collections as contract
from services.shared.presentation import formats
from services.shared.presentation.pdf import Document, Letterhead, Signature


def letter(number: str, level: int, content: Mapping[str, Any]) -> bytes:
    """The surat teguran or a surat peringatan, a `LetterContent`."""
    data = cast("dict[str, Any]", contract.CollectionLetterContent().load(content))
    paper = Document(
        title=domain.LETTER_NAMES[level],
        number=number,
        letterhead=Letterhead(
            name=data["cooperative_name"],
            lines=[f"Kode koperasi {data['cooperative_code']}"],
        ),
        produced_at=data["issued_at"],
    )
    paper.facts(
        [
            ("Kepada Yth.", data["member_name"]),
            ("Perihal", f"Tunggakan pinjaman {data['loan_number']}"),
            ("Tanggal", formats.date_long(data["issued_on"])),
        ]
    )
    oldest = formats.date_long(data["oldest_due_on"])
    paper.paragraph(
        f"Menurut catatan kami, angsuran pinjaman Saudara yang jatuh tempo sejak "
        f"{oldest} belum dibayar dan telah terlambat {data['dpd']} hari:"
    )
    paper.facts(
        [
            ("Tunggakan pokok", formats.rupiah(data["principal"])),
            ("Tunggakan bunga", formats.rupiah(data["interest"])),
            ("Denda", formats.rupiah(data["penalty"])),
            ("Jumlah", formats.rupiah(data["total"])),
            ("Terbilang", data["terbilang"]),
        ]
    )
    paper.paragraph(
        "Kami minta Saudara melunasi tunggakan tersebut paling lambat "
        f"{formats.date_long(data['pay_by'])}. {_consequence(level)}"
    )
    paper.signatures(formats.date_long(data["issued_on"]), [Signature(role="Pengurus")])
    return paper.render()


def _consequence(level: int) -> str:
    if level == domain.LAST_WARNING:
        return (
            "Ini adalah peringatan terakhir: tanpa pembayaran, koperasi akan menempuh "
            "penjualan agunan sesuai akad dan ketentuan yang berlaku."
        )
    return (
        "Bila Saudara mengalami kesulitan, hubungi kantor kami untuk membicarakan "
        "jalan keluar, termasuk restrukturisasi."
    )
