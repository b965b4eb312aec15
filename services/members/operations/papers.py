"""What the counter prints: slips, records of a cash count, certificates of deposits.

Laid out here, out of the same plain data that the JSON answers show. The same data
gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.members.domain import deposits, slips
from services.members.models import CashDrawer, CashShift, Cooperative, Slip
from services.shared import clock
from services.shared.presentation import formats
from services.shared.presentation.pdf import Column, Document, Letterhead, Signature

_NOTES = (
    Column(title="Pecahan", share=2, is_amount=True),
    Column(title="Lembar/keping", share=1, is_amount=True),
    Column(title="Jumlah", share=2, is_amount=True),
)


def letterhead(cooperative: Cooperative) -> Letterhead:
    """The cooperative's name and code, on top of everything it prints."""
    return Letterhead(
        name=cooperative.name, lines=[f"Kode koperasi {cooperative.code}"]
    )


def slip(
    cooperative: Cooperative, of: Slip, owner_name: str | None, zone: ZoneInfo
) -> bytes:
    """The slip of a movement, on half a page: number, terbilang, signature lines.

    Its time is that of the branch.
    """
    at = of.posted_at or of.created_at
    paper = Document(
        title=slips.TITLES.get(of.kind, "Slip"),
        number=of.number or "",
        letterhead=letterhead(cooperative),
        produced_at=at,
        page="A5",
        is_landscape=True,
    )
    paper.facts(
        (name, value)
        for name, value in (
            ("Tanggal", formats.moment(at, zone)),
            # Only savings accounts have numbers; other keys say nothing to people.
            ("Rekening", of.account if of.account.isdigit() else ""),
            ("Nama", owner_name or ""),
            ("Keterangan", of.description),
            ("Melalui", slips.CHANNEL_NAMES.get(of.channel, of.channel)),
            ("Referensi", of.reference or ""),
            ("Jumlah", formats.rupiah(of.amount)),
            ("Terbilang", formats.terbilang(of.amount)),
            (
                "Sisa pokok" if of.kind in slips.OF_LOANS else "Saldo",
                formats.rupiah(of.balance or 0),
            ),
        )
        if value
    )
    first, second = slips.signers(of.kind)
    named = (Signature(role=first, name=owner_name or ""), Signature(role=second))
    paper.signatures(formats.date_long(at.astimezone(zone).date()), named)
    return paper.render()


def cash_count(
    cooperative: Cooperative, drawer: CashDrawer, shift: CashShift, expected: int
) -> bytes:
    """The record of counting a drawer (berita acara kas opname)."""
    at = shift.counted_at or shift.opened_at
    counted = shift.counted_amount or 0
    paper = Document(
        title="Berita Acara Penghitungan Kas",
        number=shift.id,
        letterhead=letterhead(cooperative),
        produced_at=at,
    )
    paper.facts(
        [
            ("Laci", drawer.name),
            ("Dibuka", formats.moment(shift.opened_at)),
            ("Dihitung", formats.moment(at)),
            ("Kas awal", formats.rupiah(shift.float_amount)),
            ("Saldo menurut buku", formats.rupiah(expected)),
            ("Saldo menurut hitungan", formats.rupiah(counted)),
            ("Terbilang", formats.terbilang(counted)),
            ("Selisih", formats.rupiah(counted - expected)),
            ("Catatan", shift.note or "-"),
        ]
    )
    notes = {
        int(value): pieces for value, pieces in (shift.denominations or {}).items()
    }
    if notes:
        rows = [
            (formats.rupiah(value), pieces, value * pieces)
            for value, pieces in sorted(notes.items(), reverse=True)
        ]
        paper.table(_NOTES, rows, total=("Jumlah", sum(notes.values()), counted))
    paper.signatures(
        _today(at), [Signature(role="Teller"), Signature(role="Petugas Brankas")]
    )
    return paper.render()


def certificate(cooperative: Cooperative, data: Mapping[str, Any]) -> bytes:
    """The certificate of a time deposit (bilyet); ``data`` as in the contract."""
    starts_on = data["starts_on"]
    paper = Document(
        title="Sertifikat Simpanan Berjangka",
        number=data["number"],
        letterhead=letterhead(cooperative),
        produced_at=datetime.combine(starts_on, datetime.min.time(), clock.JAKARTA),
    )
    paper.facts(
        [
            ("Nama anggota", data["member_name"]),
            ("Nomor anggota", data["member_number"]),
            ("Produk", data["product_name"]),
            ("Nilai simpanan", formats.rupiah(data["principal"])),
            ("Terbilang", formats.terbilang(data["principal"])),
            ("Jangka waktu", f"{data['term_months']} bulan"),
            ("Jangka waktu ke", str(data["term_number"])),
            ("Tanggal mulai", formats.date_long(starts_on)),
            ("Tanggal jatuh tempo", formats.date_long(data["matures_on"])),
            ("Suku bunga", f"{formats.percent_bps(data['rate_bps'])} per tahun"),
            ("Pembayaran bunga", deposits.SCHEDULE_NAMES[data["schedule"]]),
            ("Saat jatuh tempo", deposits.ROLLOVER_NAMES[data["rollover"]]),
            ("Rekening simpanan", data["savings_account"]),
        ]
    )
    paper.paragraph(
        "Sertifikat ini tidak dapat dipindahtangankan. Bunga dikenai pajak penghasilan "
        "sesuai ketentuan yang berlaku. Pencairan sebelum jatuh tempo dikenai denda "
        "sesuai ketentuan koperasi."
    )
    paper.signatures(
        formats.date_long(starts_on),
        [
            Signature(role="Pengurus"),
            Signature(role="Anggota", name=data["member_name"]),
        ],
    )
    return paper.render()


def _today(at: datetime) -> str:
    return formats.date_long(clock.business_date(at))
