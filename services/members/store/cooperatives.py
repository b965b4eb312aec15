"""How cooperatives are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain import cooperatives
from services.members.models import (
    Cooperative,
)


def add_cooperative(session: Session, **columns: Any) -> Cooperative | None:
    """The new cooperative; None when its code is taken."""
    return session.scalar(
        insert(Cooperative)
        .values(status=cooperatives.REGISTERED, **columns)
        .on_conflict_do_nothing(index_elements=["code"])
        .returning(Cooperative)
    )


def find_cooperative(session: Session, cooperative_id: str) -> Cooperative | None:
    """One cooperative, if this transaction may see it."""
    return session.get(Cooperative, cooperative_id)


def lock_cooperative(session: Session, cooperative_id: str) -> Cooperative | None:
    """One cooperative, not to be changed by others until this transaction ends."""
    return session.get(Cooperative, cooperative_id, with_for_update=True)


def find_cooperative_by_code(session: Session, code: str) -> Cooperative | None:
    """The cooperative with this code, if this transaction may see it."""
    return session.scalar(select(Cooperative).where(Cooperative.code == code))


def list_cooperatives(
    session: Session, *, status: str | None, after: str | None, limit: int
) -> Sequence[Cooperative]:
    """Cooperatives whose code is past ``after``, in the order of their codes."""
    query = select(Cooperative).order_by(Cooperative.code).limit(limit)
    if status is not None:
        query = query.where(Cooperative.status == status)
    if after is not None:
        query = query.where(Cooperative.code > after)
    return session.scalars(query).all()
