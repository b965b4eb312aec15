"""What a cooperative takes with it: its books and its people in one ZIP archive.

Plain CSV that any spreadsheet and any other system reads, with the fingerprint of
every file. Built in memory a page at a time; the archive is sealed before it is kept.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from services.members.domain.closing import Books
from services.members.operations import personal_data
from services.members.store import closing as store
from services.shared.persistence.database import Database
from services.shared.settings import Settings

PAGE: Final = 1000
RISKY: Final = re.compile(r"[=@\t\r]|[+-](?![0-9]+\Z)")
"""How a cell begins that a spreadsheet runs; numbers with a sign are none."""

TRIAL_BALANCE: Final = ("kode", "nama", "debit", "kredit")
JOURNALS: Final = (
    "urutan",
    "jurnal",
    "jenis",
    "keterangan",
    "referensi",
    "tanggal_buku",
    "waktu",
    "akun_debit",
    "akun_kredit",
    "jumlah",
)
MEMBERS: Final = ("nomor", "nama", "status", "terdaftar", "aktif_sejak")
ACCOUNTS: Final = ("nomor", "nomor_anggota", "produk", "status", "dibuka")


def archive(
    database: Database,
    settings: Settings,
    books: Books,
    cooperative_id: str,
    summary: dict[str, Any],
) -> bytes:
    """The ZIP archive of a book at rest; the same twice gives the same files."""
    files = {
        "neraca_saldo.csv": _csv(TRIAL_BALANCE, _trial_balance(books)),
        "jurnal.csv": _csv(JOURNALS, _journals(books)),
        "anggota.csv": _csv(
            (*MEMBERS, *personal_data.FIELDS),
            _members(database, settings, cooperative_id),
        ),
        "rekening.csv": _csv(ACCOUNTS, _accounts(database, cooperative_id)),
    }
    manifest = summary | {
        "sha512": {
            name: hashlib.sha512(content).hexdigest() for name, content in files.items()
        }
    }
    files["ringkasan.json"] = json.dumps(
        manifest, indent=2, sort_keys=True, ensure_ascii=False
    ).encode()
    return _zip(files)


def _trial_balance(books: Books) -> Iterator[Sequence[Any]]:
    for line in books.get_trial_balance({})["accounts"]:
        yield line["code"], line["name"], line["debit"], line["credit"]


def _journals(books: Books) -> Iterator[Sequence[Any]]:
    cursor: str | None = None
    while True:
        page = books.list_postings({"limit": PAGE, "cursor": cursor})
        for line in page["items"]:
            yield (
                line["serial"],
                line["journal_id"],
                line["kind"],
                line["description"],
                line["reference"],
                line["business_date"],
                line["posted_at"],
                line["debit_key"],
                line["credit_key"],
                line["amount"],
            )
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _members(
    database: Database, settings: Settings, cooperative_id: str
) -> Iterator[Sequence[Any]]:
    after: str | None = None
    while True:
        with database.tenant(cooperative_id) as session:
            rows = store.members_past(session, after, PAGE)
            known = [
                personal_data.decrypt(
                    session, settings, cooperative_id, row.id, row.personal_data
                )
                for row in rows
            ]
        for row, data in zip(rows, known, strict=True):
            yield (
                row.number,
                row.name,
                row.status,
                row.registered_at.isoformat(),
                row.activated_at.isoformat() if row.activated_at else None,
                *(data[name] for name in personal_data.FIELDS),
            )
        if len(rows) < PAGE:
            return
        after = rows[-1].id


def _accounts(database: Database, cooperative_id: str) -> Iterator[Sequence[Any]]:
    after: str | None = None
    numbers = _member_numbers(database, cooperative_id)
    while True:
        with database.tenant(cooperative_id) as session:
            rows = store.accounts_past(session, after, PAGE)
        for row in rows:
            yield (
                row.number,
                numbers.get(row.member_id),
                row.product,
                row.status,
                row.opened_at.isoformat(),
            )
        if len(rows) < PAGE:
            return
        after = rows[-1].number


def _member_numbers(database: Database, cooperative_id: str) -> dict[str, str]:
    numbers: dict[str, str] = {}
    after: str | None = None
    while True:
        with database.tenant(cooperative_id) as session:
            rows = store.members_past(session, after, PAGE)
        numbers |= {row.id: row.number for row in rows}
        if len(rows) < PAGE:
            return numbers
        after = rows[-1].id


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Lines with a BOM, by which spreadsheets know that it is UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cell(value: Any) -> str:
    """A value as text; what a spreadsheet would run is made to show itself instead."""
    if value is None:
        return ""
    shown = (
        json.dumps(value, sort_keys=True, ensure_ascii=False)
        if isinstance(value, (dict, list))
        else str(value)
    )
    return f"'{shown}" if RISKY.match(shown) else shown


def _zip(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(files):
            # A fixed time: the same content gives the same archive.
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, files[name])
    return packed.getvalue()
