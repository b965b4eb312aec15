"""What the rows of the uploaded files say, staged a thousand at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.domain.imports import rows as domain
from services.members.domain.imports import sheets
from services.members.domain.imports.problems import ERROR, SHEET_ROW, Problem
from services.members.domain.imports.rows import PERSONAL, Parsed
from services.members.domain.imports.sheets import Header, Sheet
from services.members.models import ImportFile
from services.members.operations import lookup, personal_data
from services.members.operations.imports import batches as batch_rules
from services.members.operations.imports import files, uploads
from services.members.operations.imports.files import Row, UnreadableFile
from services.members.operations.imports.leases import Work
from services.members.store.imports import batches, staging
from services.members.store.imports.staging import StagedRow
from services.shared import clock, crypto

STAGE: Final = "reading"
ROWS_PER_STEP: Final = 1000
"""Few enough that the process answers others in between."""

PLACE: Final = "import_rows.content"

# Where the amount that takes part in totals stands, by sheet.
AMOUNTS: Final[Mapping[str, str]] = {
    sheets.SAVINGS: "saldo",
    sheets.LOANS: "sisa_pokok",
    sheets.BALANCE_SHEET: "saldo",
    sheets.ASSETS: "nilai_perolehan",
}
KEYS: Final[Mapping[str, str]] = {
    sheets.MEMBERS: "no_lama",
    sheets.SAVINGS: "no_lama",
    sheets.LOANS: "no_lama",
    sheets.BALANCE_SHEET: "akun",
    sheets.ASSETS: "kode",
}
_IN_COLUMNS: Final = frozenset(
    {"no_lama", "akun", "kode", "produk", "nama", "status", "tgl_gabung"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What hides personal data and finds it again."""

    cipher: crypto.FieldCipher
    nik_key: bytes
    phone_key: bytes

    @classmethod
    def of(cls, session: Session, work: Work) -> Secrets:
        """Those of the import's cooperative; looked up once, not once per row."""
        return cls(
            cipher=personal_data.cipher(session, work.settings, work.cooperative_id),
            nik_key=lookup.key(session, work.settings, lookup.NIK),
            phone_key=lookup.key(session, work.settings, lookup.PHONE),
        )


def read(work: Work) -> None:
    """Stage what is not staged yet of every file, then let it be checked."""
    with work.step(STAGE) as (session, found):
        secrets = Secrets.of(session, work)
        uploaded = {one.sheet: one for one in batches.files(session, [work.import_id])}
        resumed = found.position
    done_sheet, _, done_row = (resumed or "").partition(":")
    behind = {done_sheet: int(done_row or "0")}
    wanted = _from(_in_order(uploaded), done_sheet)
    for sheet, rows in _rows_of_files(work, secrets, uploaded, wanted):
        _read_sheet(work, secrets, sheet, rows, behind.get(sheet.name, 0))
    with work.step(STAGE) as (_session, found):
        batch_rules.enter_stage(found, "checking")


def _in_order(uploaded: Mapping[str, ImportFile]) -> list[Sheet]:
    """The sheets as they are read: those of the workbook first, in one go.

    A sheet with a file of its own is read from that; without a workbook there are no
    others.
    """
    own = [sheet for name, sheet in sheets.SHEETS.items() if name in uploaded]
    if sheets.WORKBOOK not in uploaded:
        return own
    return [sheet for sheet in sheets.SHEETS.values() if sheet not in own] + own


def _from(ordered: list[Sheet], name: str) -> list[Sheet]:
    """The sheets from the one that was being read on; all of them at first."""
    names = [sheet.name for sheet in ordered]
    return ordered[names.index(name) :] if name else ordered


def _rows_of_files(
    work: Work,
    secrets: Secrets,
    uploaded: Mapping[str, ImportFile],
    wanted: Sequence[Sheet],
) -> Iterator[tuple[Sheet, Iterator[Row]]]:
    """The rows of each of these sheets, in this order, as far as there are any."""
    in_book = [sheet for sheet in wanted if sheet.name not in uploaded]
    if in_book:
        yield from _rows_of_workbook(work, secrets, uploaded[sheets.WORKBOOK], in_book)
    for sheet in wanted:
        file = uploaded.get(sheet.name)
        if file is not None:
            content = _content(work, secrets, file)
            yield sheet, files.rows_of(content, file.media_type, sheet)


def _rows_of_workbook(
    work: Work, secrets: Secrets, file: ImportFile, wanted: Sequence[Sheet]
) -> Iterator[tuple[Sheet, Iterator[Row]]]:
    content = _content(work, secrets, file)
    try:
        for name, rows in files.rows_of_workbook(content, file.media_type, wanted):
            yield sheets.SHEETS[name], rows
    except UnreadableFile as error:
        yield wanted[0], _unreadable(error)


def _unreadable(error: UnreadableFile) -> Iterator[Row]:
    """Rows of which not even the first can be read."""

    def refuse(_nothing: None) -> Row:
        raise error

    return map(refuse, [None])


def _content(work: Work, secrets: Secrets, file: ImportFile) -> bytes:
    with work.database.tenant(work.cooperative_id) as session:
        return uploads.content_of(
            session, secrets.cipher, work.import_id, file.upload_id
        )


def _read_sheet(
    work: Work, secrets: Secrets, sheet: Sheet, rows: Iterator[Row], after: int
) -> None:
    if after > files.ROWS_MAX:
        # Nothing more was to be had of it.
        return
    try:
        _stage_rows(work, secrets, sheet, rows, after)
    except UnreadableFile as error:
        _report_sheet(work, sheet, "file_unreadable", str(error))


def _stage_rows(
    work: Work, secrets: Secrets, sheet: Sheet, found: Iterator[Row], after: int
) -> None:
    header = _header(found, sheet)
    if header is None:
        _report_sheet(work, sheet, "sheet_empty", None)
        return
    number, places, oddities = header
    if not after:
        last = number if places.is_usable else files.ROWS_MAX + 1
        _report(work, sheet, oddities, last)
    if not places.is_usable:
        return
    today = clock.business_date()
    beyond = (row for row in found if row[0] > max(after, number))
    count = after
    for some in _in_parts(beyond, ROWS_PER_STEP):
        _stage_some(work, secrets, sheet, places, some, today)
        count += len(some)
    if not count:
        _report_sheet(work, sheet, "sheet_empty", None)


def _header(
    found: Iterator[Row], sheet: Sheet
) -> tuple[int, Header, list[Problem]] | None:
    """The first row that is not empty; None when there is none."""
    first = next((one for one in found if any(cell.strip() for cell in one[1])), None)
    if first is None:
        return None
    number, cells = first
    header = sheets.read_header(sheet, cells)
    oddities = [
        Problem(sheet=sheet.name, row=1, code=code, value=name[:60])
        for code, names in (
            ("column_missing", header.missing),
            ("column_repeated", header.repeated),
            ("column_unknown", header.unknown),
        )
        for name in names
    ]
    return number, header, oddities


def _stage_some(
    work: Work,
    secrets: Secrets,
    sheet: Sheet,
    header: Header,
    some: Sequence[Row],
    today: date,
) -> None:
    """Stage the next rows, and remember behind which one to go on."""
    parsed = [domain.parse(sheet, header, row, cells, today) for row, cells in some]
    rows = [one for one in parsed if one is not None]
    with work.step(STAGE) as (session, found):
        staging.add_rows(
            session,
            work.cooperative_id,
            work.import_id,
            sheet.name,
            [_staged(secrets, work.import_id, one) for one in rows],
        )
        staging.add_problems(
            session,
            work.cooperative_id,
            work.import_id,
            list(chain.from_iterable(one.problems for one in rows)),
            stage=STAGE,
        )
        found.position = f"{sheet.name}:{some[-1][0]}"
        found.done += len(some)


def _staged(secrets: Secrets, import_id: str, parsed: Parsed) -> StagedRow:
    values = parsed.values
    product = values.get("produk")
    return StagedRow(
        row=parsed.row,
        is_bad=any(problem.severity == ERROR for problem in parsed.problems),
        key=values.get(KEYS[parsed.sheet]),
        product=product if parsed.sheet == sheets.SAVINGS else None,
        amount=values.get(AMOUNTS.get(parsed.sheet, "")),
        name=values.get("nama"),
        status=values.get("status"),
        joined_on=values.get("tgl_gabung"),
        details=_details(parsed),
        missing=parsed.missing,
        **_hidden(secrets, import_id, parsed),
    )


def _details(parsed: Parsed) -> dict[str, Any]:
    """What has no column of its own, as JSON primitives; nothing personal."""
    left_out = _IN_COLUMNS | PERSONAL.keys() | {AMOUNTS.get(parsed.sheet)}
    if parsed.sheet == sheets.LOANS:
        left_out -= {"produk"}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in parsed.values.items()
        if name not in left_out and value is not None
    }


def _hidden(secrets: Secrets, import_id: str, parsed: Parsed) -> dict[str, Any]:
    """The personal data of a member, encrypted, and what finds it."""
    if parsed.sheet != sheets.MEMBERS:
        return {}
    personal = {
        name: value.isoformat() if isinstance(value, date) else value
        for column, name in PERSONAL.items()
        if (value := parsed.values.get(column)) is not None
    }
    nik, phone = personal.get("nik"), personal.get("phone")
    return {
        "nik_hash": crypto.keyed_hash(secrets.nik_key, nik) if nik else None,
        "phone_hash": crypto.keyed_hash(secrets.phone_key, phone) if phone else None,
        "content": secrets.cipher.encrypt(
            json.dumps(personal).encode(), place(import_id, parsed.row)
        ),
    }


def revealed(cipher: crypto.FieldCipher, import_id: str, row: int, value: bytes) -> Any:
    """The personal data of a staged member again. Raises Undecryptable."""
    return json.loads(cipher.decrypt(value, place(import_id, row)))


def place(import_id: str, row: int) -> bytes:
    """What the personal data of a staged row is bound to."""
    return f"{PLACE}:{import_id}:{row}".encode()


def _report_sheet(work: Work, sheet: Sheet, code: str, value: str | None) -> None:
    """Say what is wrong with a sheet as a whole, of which nothing more is read."""
    problem = Problem(sheet=sheet.name, row=SHEET_ROW, code=code, value=value)
    _report(work, sheet, [problem], files.ROWS_MAX + 1)


def _report(work: Work, sheet: Sheet, problems: list[Problem], last: int) -> None:
    """Keep problems once: with them the row is kept behind which reading goes on."""
    with work.step(STAGE) as (session, found):
        staging.add_problems(
            session, work.cooperative_id, work.import_id, problems, stage=STAGE
        )
        found.position = f"{sheet.name}:{last}"


def _in_parts(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    remaining = iter(rows)
    while part := list(islice(remaining, size)):
        yield part
