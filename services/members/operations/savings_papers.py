"""What is printed about savings: statements and the slips of withheld tax."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from services.members.domain import taxes
from services.members.models import Cooperative, Member, Withholding
from services.members.operations import papers
from services.members.store.statements import Holder
from services.shared import clock
from services.shared.presentation import formats, sheets
from services.shared.presentation.pdf import Column, Document, Signature

_LINES: Final = (
    Column(title="Tanggal", share=3),
    Column(title="Keterangan", share=7),
    Column(title="Debit", share=4, is_amount=True),
    Column(title="Kredit", share=4, is_amount=True),
    Column(title="Saldo", share=4, is_amount=True),
)


def statement(
    holder: Holder, product_name: str, of: Mapping[str, Any], made_at: datetime
) -> bytes:
    """A statement (rekening koran) as PDF; ``of`` is the ledger's, on one page."""
    paper = Document(
        title="Rekening Koran",
        number=holder.account.number,
        letterhead=papers.letterhead(holder.cooperative),
        produced_at=made_at,
    )
    paper.facts(
        [
            ("Nama anggota", holder.member.name),
            ("Nomor anggota", holder.member.number),
            ("Nomor rekening", holder.account.number),
            ("Produk", product_name),
            ("Saldo awal", formats.rupiah(of["opening_balance"])),
            ("Saldo akhir", formats.rupiah(of["closing_balance"])),
        ]
    )
    debits = sum(line["debit"] for line in of["items"])
    credits_ = sum(line["credit"] for line in of["items"])
    paper.table(
        _LINES,
        [
            (
                formats.date_short(_day(line)),
                line["description"],
                line["debit"],
                line["credit"],
                line["balance"],
            )
            for line in of["items"]
        ],
        total=("", "Jumlah", debits, credits_, of["closing_balance"]),
    )
    return paper.render()


def statement_sheet(of: Mapping[str, Any]) -> bytes:
    """A statement as a spreadsheet, with its balances as first and last line."""
    rows: list[tuple[Any, ...]] = [
        (None, "Saldo awal", "", 0, 0, of["opening_balance"])
    ]
    rows += [
        (
            _day(line),
            line["description"],
            line["journal_id"],
            line["debit"],
            line["credit"],
            line["balance"],
        )
        for line in of["items"]
    ]
    rows.append((None, "Saldo akhir", "", 0, 0, of["closing_balance"]))
    header = ("Tanggal", "Keterangan", "Jurnal", "Debit", "Kredit", "Saldo")
    return sheets.write(rows, header, "Rekening koran")


def withholding_slip(
    cooperative: Cooperative, member: Member, slip: Withholding
) -> bytes:
    """The slip of a month's tax on interest (bukti potong), also of none."""
    paper = Document(
        title="Bukti Pemotongan PPh Final atas Bunga Simpanan",
        number=slip.number,
        letterhead=papers.letterhead(cooperative),
        produced_at=slip.updated_at,
    )
    paper.facts(
        [
            ("Nomor", slip.number),
            ("Masa pajak", formats.month(slip.month)),
            ("Nama anggota", member.name),
            ("Nomor anggota", member.number),
            ("Bunga bruto", formats.rupiah(slip.gross)),
            ("Tarif", "10%" if slip.tax else "0%"),
            ("PPh terutang", formats.rupiah(slip.tax)),
            ("PPh dipotong", formats.rupiah(slip.withheld)),
            ("Terbilang", formats.terbilang(slip.withheld)),
        ]
    )
    paper.paragraph(
        "Dasar: PP 15/2009. Bunga simpanan sampai dengan "
        f"{formats.rupiah(taxes.FREE_PER_MONTH)} sebulan tidak dipotong pajak; di "
        "atasnya 10% dari seluruh bunga."
    )
    day = formats.date_long(slip.updated_at.astimezone(clock.JAKARTA).date())
    paper.signatures(day, [Signature(role="Pemotong pajak", name=cooperative.name)])
    return paper.render()


def _day(line: Mapping[str, Any]) -> date:
    return date.fromisoformat(line["business_date"])
