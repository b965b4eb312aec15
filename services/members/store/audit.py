"""How the audit trail is read and written."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain import audit
from services.members.models import AuditEntry, AuditHead

ROWS_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which entries are wanted; None narrows nothing.

    An ``action`` that ends in a full stop is the beginning of actions.
    """

    actor: str | None
    subject: str | None
    action: str | None
    starts_at: datetime
    ends_before: datetime
    before: int | None


class Head(NamedTuple):
    """The end of a chain."""

    position: int
    hash: bytes


def lock_head(session: Session, cooperative_id: str) -> Head:
    """The end of the cooperative's chain, held until this transaction ends."""
    session.execute(
        insert(AuditHead)
        .values(cooperative_id=cooperative_id, position=0, hash=audit.GENESIS)
        .on_conflict_do_nothing(index_elements=["cooperative_id"])
    )
    row = session.execute(
        select(AuditHead.position, AuditHead.hash)
        .where(AuditHead.cooperative_id == cooperative_id)
        .with_for_update()
    ).one()
    return Head(row.position, bytes(row.hash))


def append(session: Session, entry: AuditEntry) -> None:
    """Write the entry and move the head, which must be locked, onto it."""
    session.add(entry)
    session.flush()
    session.execute(
        update(AuditHead)
        .where(AuditHead.cooperative_id == entry.cooperative_id)
        .values(position=entry.position, hash=entry.hash)
        .execution_options(synchronize_session=False)
    )


def list_entries(
    session: Session, cooperative_id: str, wanted: Filter, limit: int
) -> Sequence[AuditEntry]:
    """Entries of a chain, newest first."""
    query = select(AuditEntry).where(
        AuditEntry.cooperative_id == cooperative_id,
        AuditEntry.at >= wanted.starts_at,
        AuditEntry.at < wanted.ends_before,
    )
    if wanted.actor is not None:
        query = query.where(AuditEntry.actor == wanted.actor)
    if wanted.subject is not None:
        query = query.where(AuditEntry.subject == wanted.subject)
    if wanted.action is not None and wanted.action.endswith("."):
        query = query.where(
            AuditEntry.action.startswith(wanted.action, autoescape=True)
        )
    elif wanted.action is not None:
        query = query.where(AuditEntry.action == wanted.action)
    if wanted.before is not None:
        query = query.where(AuditEntry.position < wanted.before)
    query = query.order_by(AuditEntry.position.desc()).limit(limit)
    return session.scalars(query).all()


def hold_still(session: Session) -> None:
    """Let this transaction see everything as of now; first thing in it."""
    session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))


def heads(session: Session) -> dict[str, Head]:
    """The ends of all chains, by cooperative."""
    rows = session.execute(
        select(AuditHead.cooperative_id, AuditHead.position, AuditHead.hash)
    )
    return {row.cooperative_id: Head(row.position, bytes(row.hash)) for row in rows}


def all_entries(session: Session) -> Generator[AuditEntry]:
    """Every entry, chain by chain and in order, a piece at a time; close it."""
    query = select(AuditEntry).order_by(AuditEntry.cooperative_id, AuditEntry.position)
    found = session.scalars(query, execution_options={"yield_per": ROWS_AT_ONCE})
    try:
        for entry in found:
            session.expunge(entry)
            yield entry
    finally:
        found.close()
