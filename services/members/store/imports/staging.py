"""How rows are staged, a thousand at a time, and read again."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import and_, delete, or_, select, text
from sqlalchemy.orm import Session

from services.members.domain.imports import sheets
from services.members.domain.imports.problems import Problem
from services.members.models import ImportedMember, ImportProblem, ImportRow, Member

PLACES_PER_SHEET: Final = 10**9
_RANKS: Final = {name: rank for rank, name in enumerate(sheets.SHEETS)}

_JOIN_BY_HASHING: Final = text("SET LOCAL enable_nestloop = off")
_ADD_ROWS: Final = text(
    """
    INSERT INTO import_rows
        (cooperative_id, import_id, sheet, row, key, product, amount, name, status,
         joined_on, details, missing, nik_hash, phone_hash, content, is_bad)
    SELECT :cooperative_id, :import_id, :sheet, row, key, product, amount, name,
        status, joined_on, CAST(details AS jsonb), string_to_array(missing, ','),
        nik_hash, phone_hash, content, is_bad
    FROM unnest(
        CAST(:rows AS integer[]),
        CAST(:keys AS text[]),
        CAST(:products AS text[]),
        CAST(:amounts AS bigint[]),
        CAST(:names AS text[]),
        CAST(:statuses AS text[]),
        CAST(:joined_on AS date[]),
        CAST(:details AS text[]),
        CAST(:missing AS text[]),
        CAST(:nik_hashes AS bytea[]),
        CAST(:phone_hashes AS bytea[]),
        CAST(:contents AS bytea[]),
        CAST(:are_bad AS boolean[])
    ) AS staged (row, key, product, amount, name, status, joined_on, details, missing,
        nik_hash, phone_hash, content, is_bad)
    """
)
_ADD_PROBLEMS: Final = text(
    """
    INSERT INTO import_problems
        (cooperative_id, import_id, place, sheet, row, "column", severity, code,
         value, stage)
    SELECT :cooperative_id, :import_id, place, sheet, row, col, severity, code,
        value, :stage
    FROM unnest(
        CAST(:places AS bigint[]),
        CAST(:sheets AS text[]),
        CAST(:rows AS integer[]),
        CAST(:columns AS text[]),
        CAST(:severities AS text[]),
        CAST(:codes AS text[]),
        CAST(:values AS text[])
    ) AS found (place, sheet, row, col, severity, code, value)
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedRow:
    """A row as it is kept until the import is finished."""

    row: int
    is_bad: bool
    key: str | None = None
    product: str | None = None
    amount: int | None = None
    name: str | None = None
    status: str | None = None
    joined_on: date | None = None
    details: dict[str, Any] = field(default_factory=dict)
    missing: Sequence[str] = ()
    nik_hash: bytes | None = None
    phone_hash: bytes | None = None
    content: bytes | None = None


def join_by_hashing(session: Session) -> None:
    """Let this transaction join whole sheets at once.

    Rows that have just been staged are unknown to the planner's statistics: it takes
    the table for a small one and would look up one row for each of the others.
    """
    session.execute(_JOIN_BY_HASHING)


def place(sheet: str, row: int) -> int:
    """Sheet and row as one number, in the order of the template."""
    return _RANKS[sheet] * PLACES_PER_SHEET + row


def clear(session: Session, import_id: str) -> None:
    """Forget the rows and problems of an import."""
    session.execute(delete(ImportProblem).where(ImportProblem.import_id == import_id))
    session.execute(delete(ImportRow).where(ImportRow.import_id == import_id))


def add_rows(
    session: Session,
    cooperative_id: str,
    import_id: str,
    sheet: str,
    rows: Sequence[StagedRow],
) -> None:
    """Keep rows of one sheet."""
    if not rows:
        return
    session.execute(
        _ADD_ROWS,
        {
            "cooperative_id": cooperative_id,
            "import_id": import_id,
            "sheet": sheet,
            "rows": [one.row for one in rows],
            "keys": [one.key for one in rows],
            "products": [one.product for one in rows],
            "amounts": [one.amount for one in rows],
            "names": [one.name for one in rows],
            "statuses": [one.status for one in rows],
            "joined_on": [one.joined_on for one in rows],
            "details": [json.dumps(one.details) for one in rows],
            # An array of arrays must be rectangular; names of columns have no comma.
            "missing": [",".join(one.missing) for one in rows],
            "nik_hashes": [one.nik_hash for one in rows],
            "phone_hashes": [one.phone_hash for one in rows],
            "contents": [one.content for one in rows],
            "are_bad": [one.is_bad for one in rows],
        },
    )


def add_problems(
    session: Session,
    cooperative_id: str,
    import_id: str,
    problems: Sequence[Problem],
    *,
    stage: str,
) -> None:
    """Keep what was found wrong."""
    if not problems:
        return
    session.execute(
        _ADD_PROBLEMS,
        {
            "cooperative_id": cooperative_id,
            "import_id": import_id,
            "stage": stage,
            "places": [place(one.sheet, one.row) for one in problems],
            "sheets": [one.sheet for one in problems],
            "rows": [one.row for one in problems],
            "columns": [one.column for one in problems],
            "severities": [one.severity for one in problems],
            "codes": [one.code for one in problems],
            "values": [one.value for one in problems],
        },
    )


def list_problems(
    session: Session,
    import_id: str,
    *,
    severity: str | None,
    sheet: str | None,
    after: tuple[int, int] | None,
    limit: int,
) -> list[ImportProblem]:
    """Problems by sheet and row, past ``after``."""
    query = (
        select(ImportProblem)
        .where(ImportProblem.import_id == import_id)
        .order_by(ImportProblem.place, ImportProblem.id)
        .limit(limit)
    )
    if severity is not None:
        query = query.where(ImportProblem.severity == severity)
    if sheet is not None:
        query = query.where(ImportProblem.sheet == sheet)
    if after is not None:
        beyond, number = after
        query = query.where(
            or_(
                ImportProblem.place > beyond,
                and_(ImportProblem.place == beyond, ImportProblem.id > number),
            )
        )
    return list(session.scalars(query))


def problems_of_rows(
    session: Session, import_id: str, sheet: str, rows: Collection[int]
) -> Sequence[ImportProblem]:
    """The problems of these rows of a sheet."""
    wanted = [place(sheet, row) for row in rows]
    return session.scalars(
        select(ImportProblem)
        .where(ImportProblem.import_id == import_id, ImportProblem.place.in_(wanted))
        .order_by(ImportProblem.place, ImportProblem.id)
    ).all()


def list_rows(
    session: Session,
    import_id: str,
    sheet: str,
    *,
    is_bad: bool | None,
    after: int,
    limit: int,
) -> list[ImportRow]:
    """Rows of a sheet past ``after``, in their order."""
    query = (
        select(ImportRow)
        .where(
            ImportRow.import_id == import_id,
            ImportRow.sheet == sheet,
            ImportRow.row > after,
        )
        .order_by(ImportRow.row)
        .limit(limit)
    )
    if is_bad is not None:
        query = query.where(ImportRow.is_bad == is_bad)
    return list(session.scalars(query))


def list_incomplete_members(
    session: Session, *, after: str | None, limit: int
) -> list[tuple[ImportedMember, Member]]:
    """Members that were taken over with data missing, in the order of their ids."""
    query = (
        select(ImportedMember, Member)
        .join(Member, Member.id == ImportedMember.member_id)
        .where(ImportedMember.missing != [])
        .order_by(ImportedMember.member_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(ImportedMember.member_id > after)
    return [(row[0], row[1]) for row in session.execute(query)]
