"""How restructurings are read and written."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.loans.domain.restructurings import APPROVED, PROPOSED
from services.loans.models import Restructuring


def add(session: Session, restructuring: Restructuring) -> None:
    """Keep what is proposed."""
    session.add(restructuring)
    session.flush()


def find(session: Session, restructuring_id: str) -> Restructuring | None:
    """One restructuring by its id."""
    return session.get(Restructuring, restructuring_id)


def lock(session: Session, restructuring_id: str) -> Restructuring | None:
    """The same, held until the transaction ends."""
    return session.get(
        Restructuring, restructuring_id, with_for_update=True, populate_existing=True
    )


def find_open(session: Session, loan_id: str) -> Restructuring | None:
    """The restructuring of a loan that is not over."""
    return session.scalar(
        select(Restructuring).where(
            Restructuring.loan_id == loan_id,
            Restructuring.status.in_((PROPOSED, APPROVED)),
        )
    )


def list_of(
    session: Session, loan_id: str, *, after: str | None, limit: int
) -> Sequence[Restructuring]:
    """Restructurings of a loan past ``after``, in the order they were proposed."""
    query = (
        select(Restructuring)
        .where(Restructuring.loan_id == loan_id)
        .order_by(Restructuring.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Restructuring.id > after)
    return session.scalars(query).all()
