"""How obligations out of too much NPF are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.loans.models import NpfObligation


def add(session: Session, **columns: Any) -> bool:
    """Open an obligation, once per month's end; whether it is new."""
    row = session.execute(
        insert(NpfObligation)
        .values(**columns)
        .on_conflict_do_nothing()
        .returning(NpfObligation.day)
    )
    return row.first() is not None


def lock(session: Session, cooperative_id: str, day: date) -> NpfObligation | None:
    """One obligation, held until the transaction ends."""
    return session.get(
        NpfObligation,
        (cooperative_id, day),
        with_for_update=True,
        populate_existing=True,
    )


def list_open(session: Session, cooperative_id: str) -> Sequence[NpfObligation]:
    """What is not closed, the oldest first: at most one of each month."""
    return session.scalars(
        select(NpfObligation)
        .where(
            NpfObligation.cooperative_id == cooperative_id,
            NpfObligation.closed_at.is_(None),
        )
        .order_by(NpfObligation.day)
    ).all()


def list_obligations(
    session: Session,
    cooperative_id: str,
    *,
    is_open: bool | None,
    before: date | None,
    limit: int,
) -> Sequence[NpfObligation]:
    """All, the open or the closed ones, the latest first."""
    query = (
        select(NpfObligation)
        .where(NpfObligation.cooperative_id == cooperative_id)
        .order_by(NpfObligation.day.desc())
        .limit(limit)
    )
    if is_open is not None:
        unfinished = NpfObligation.closed_at.is_(None)
        query = query.where(unfinished if is_open else ~unfinished)
    if before is not None:
        query = query.where(NpfObligation.day < before)
    return session.scalars(query).all()
