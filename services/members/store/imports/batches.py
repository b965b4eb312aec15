"""How imports and their files are read and written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.models import Import, ImportFile, ImportPart


class Claimed(NamedTuple):
    """An import that the caller works on until it says so or the lease ends."""

    id: str
    cooperative_id: str
    state: str
    attempts: int


def add(session: Session, **columns: Any) -> Import:
    """A new import without files."""
    made = Import(
        state="draft", is_partial=False, done=0, attempts=0, is_balanced=True, **columns
    )
    session.add(made)
    session.flush()
    return made


def find(session: Session, import_id: str) -> Import | None:
    """One import, if this transaction may see it."""
    return session.get(Import, import_id)


def lock(session: Session, import_id: str) -> Import | None:
    """One import, held until this transaction ends."""
    return session.scalar(
        select(Import).where(Import.id == import_id).with_for_update()
    )


def list_imports(session: Session, *, after: str | None, limit: int) -> list[Import]:
    """Imports of the tenant past ``after``, oldest first."""
    query = select(Import).order_by(Import.id).limit(limit)
    if after is not None:
        query = query.where(Import.id > after)
    return list(session.scalars(query))


def is_committing(session: Session) -> bool:
    """Whether an import of the tenant is being taken over."""
    found = session.scalar(select(exists().where(Import.state == "committing")))
    return bool(found)


def claim(session: Session, lease: str, seconds: int) -> Claimed | None:
    """The next import with work to do that nobody holds; of all cooperatives."""
    row = session.execute(
        text(
            "UPDATE imports SET lease = :lease, attempts = attempts + 1, "
            "due_at = clock_timestamp() + make_interval(secs => :seconds) "
            "WHERE id = (SELECT id FROM imports "
            "WHERE state IN ('validating', 'committing') "
            "AND due_at <= clock_timestamp() "
            "ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) "
            "RETURNING id, cooperative_id, state, attempts"
        ),
        {"lease": lease, "seconds": seconds},
    ).one_or_none()
    return None if row is None else Claimed(*row)


def release(session: Session, import_id: str, lease: str, seconds: int) -> None:
    """Let others claim the import, after a pause."""
    session.execute(
        text(
            "UPDATE imports SET due_at = clock_timestamp() "
            "+ make_interval(secs => :seconds) WHERE id = :id AND lease = :lease"
        ),
        {"id": import_id, "lease": lease, "seconds": seconds},
    )


def count_working(session: Session) -> int:
    """How many imports are being worked on or wait for it."""
    found = session.scalar(
        select(func.count())
        .select_from(Import)
        .where(Import.state.in_(("validating", "committing")))
    )
    return found or 0


# Files


def files(session: Session, import_ids: Collection[str]) -> Sequence[ImportFile]:
    """The files of these imports that have arrived whole."""
    query = select(ImportFile).where(ImportFile.import_id.in_(import_ids))
    return session.scalars(query.order_by(ImportFile.uploaded_at)).all()


def put_part(session: Session, at: datetime, **columns: Any) -> None:
    """Keep a part of a file; the same part again changes nothing."""
    session.execute(
        insert(ImportPart)
        .values(created_at=at, **columns)
        .on_conflict_do_nothing(index_elements=["import_id", "upload_id", "part"])
    )


def parts(session: Session, import_id: str, upload_id: str) -> list[tuple[int, bytes]]:
    """The parts of an upload in their order, encrypted."""
    rows = session.execute(
        select(ImportPart.part, ImportPart.content)
        .where(ImportPart.import_id == import_id, ImportPart.upload_id == upload_id)
        .order_by(ImportPart.part)
    )
    return [(row.part, bytes(row.content)) for row in rows]


def keep_file(session: Session, **columns: Any) -> None:
    """The file takes the place of the one that the sheet had before."""
    put = insert(ImportFile).values(**columns)
    session.execute(
        put.on_conflict_do_update(
            index_elements=["import_id", "sheet"],
            set_={
                name: put.excluded[name]
                for name in (
                    "upload_id",
                    "media_type",
                    "bytes",
                    "sha512",
                    "uploaded_at",
                )
            },
        )
    )


def drop_superseded_parts(session: Session, import_id: str, upload_id: str) -> None:
    """Forget the parts of uploads that are no file's and not this one's."""
    in_use = select(ImportFile.upload_id).where(ImportFile.import_id == import_id)
    session.execute(
        delete(ImportPart).where(
            ImportPart.import_id == import_id,
            ImportPart.upload_id != upload_id,
            ImportPart.upload_id.not_in(in_use),
        )
    )


def drop_parts(session: Session, import_id: str) -> None:
    """Forget everything that was uploaded."""
    session.execute(delete(ImportPart).where(ImportPart.import_id == import_id))
