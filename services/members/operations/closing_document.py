"""The verification document of a closing, as JSON and as a paper to be signed (R19)."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from services.members.domain import closing as domain
from services.members.models import Closing
from services.members.operations import closing
from services.shared import clock
from services.shared.contracts import files
from services.shared.contracts.members.closing import DocumentMissing
from services.shared.identity import Identity
from services.shared.persistence.database import Database
from services.shared.presentation import formats, pdf
from services.shared.presentation.pdf import Column, Document, Letterhead, Signature

HUB_NAME = "Koperasi Hub"


def get_document(
    database: Database, reader: Identity, closing_id: str, wanted: str
) -> dict[str, Any]:
    """The document in the form that is wanted. Raises DocumentMissing."""
    row = closing.visible(database, reader, closing_id)
    content = _content(row)
    if wanted == files.JSON:
        return content
    name = f"{content['number'].replace('/', '-')}.pdf"
    return files.file_of(name, pdf.MEDIA_TYPE, _paper(content))


def _content(row: Closing) -> dict[str, Any]:
    if row.document is None:
        raise DocumentMissing
    facts: dict[str, Any] = json.loads(row.document)
    return facts | {"sha512": row.document_sha512}


def _paper(content: dict[str, Any]) -> bytes:
    verified_at = datetime.fromisoformat(content["verified_at"])
    paper = Document(
        title="Dokumen Verifikasi Penutupan",
        number=content["number"],
        letterhead=Letterhead(name=HUB_NAME, lines=("Penutupan akun koperasi",)),
        produced_at=verified_at,
    )
    paper.facts(_facts(content))
    paper.paragraph(
        "Permohonan penutupan telah diperiksa. Tidak ada polis asuransi gagal bayar "
        "yang berjalan, posisi kliring nihil, dan seluruh simpanan anggota telah "
        "dibayarkan kembali. Dokumen ini menjadi dasar persetujuan penutupan."
    )
    paper.heading("Neraca saldo")
    paper.table(
        (
            Column(title="Kode", share=2),
            Column(title="Akun", share=5),
            Column(title="Debit", share=3, is_amount=True),
            Column(title="Kredit", share=3, is_amount=True),
        ),
        [
            (line["code"], line["name"], line["debit"], line["credit"])
            for line in content["trial_balance"]
            if line["debit"] or line["credit"]
        ],
    )
    paper.paragraph(f"Sidik SHA-512: {content['sha512']}")
    paper.signatures(
        f"Jakarta, {formats.date_long(clock.business_date(verified_at))}",
        (
            Signature(role="Pengelola hub", name=content["verified_by"]),
            Signature(role="Pengurus koperasi"),
        ),
    )
    return paper.render()


def _facts(content: dict[str, Any]) -> list[tuple[str, str]]:
    requested = clock.business_date(datetime.fromisoformat(content["requested_at"]))
    due_on = date.fromisoformat(content["due_on"])
    deadline = f"{formats.date_long(due_on)} ({domain.WORKING_DAYS} hari kerja)"
    return [
        ("Koperasi", f"{content['cooperative_name']} ({content['cooperative_code']})"),
        ("Alasan", content["reason"]),
        ("Tanggal permohonan", formats.date_long(requested)),
        ("Batas pemeriksaan", deadline),
        ("Jumlah anggota", formats.grouped(content["member_count"])),
        ("Rekening belum ditutup", formats.grouped(content["account_count"])),
        ("Posisi kliring", formats.rupiah(content["position"])),
        ("Dana likuiditas di hub", formats.rupiah(content["liquidity"])),
        ("Polis asuransi", "tidak ada yang berjalan"),
    ]
