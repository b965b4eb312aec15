"""How write-offs are read and written."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.loans.models import WriteOff


def add(session: Session, write_off: WriteOff) -> None:
    """Keep what is proposed."""
    session.add(write_off)
    session.flush()


def lock(session: Session, write_off_id: str) -> WriteOff | None:
    """One write-off, held until the transaction ends."""
    return session.get(
        WriteOff, write_off_id, with_for_update=True, populate_existing=True
    )


def find_standing(session: Session, loan_id: str) -> WriteOff | None:
    """The write-off of a loan that was not rejected."""
    return session.scalar(
        select(WriteOff).where(
            WriteOff.loan_id == loan_id, WriteOff.status != "rejected"
        )
    )


def list_of(
    session: Session, loan_id: str, *, after: str | None, limit: int
) -> Sequence[WriteOff]:
    """Write-offs of a loan past ``after``, in the order they were proposed."""
    query = (
        select(WriteOff)
        .where(WriteOff.loan_id == loan_id)
        .order_by(WriteOff.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(WriteOff.id > after)
    return session.scalars(query).all()
