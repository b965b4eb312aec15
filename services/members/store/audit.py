"""How the audit trail is read and written."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain import audit
from services.members.models import AuditEntry, AuditHead


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
    return Head(row.position, row.hash)


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
