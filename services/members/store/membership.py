"""How members are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain import membership
from services.members.models import (
    Member,
)

MAY_NOT_APPLY_AGAIN: Final = "status NOT IN ('refused', 'resigned')"
"""Whose NIK is unique in a cooperative: the predicate of the index on it."""


def add_member(session: Session, **columns: Any) -> Member | None:
    """The new candidate; None when the cooperative has a member with this NIK."""
    return session.scalar(
        insert(Member)
        .values(status=membership.CANDIDATE, **columns)
        .on_conflict_do_nothing(
            index_elements=["cooperative_id", "nik_hash"],
            index_where=text(MAY_NOT_APPLY_AGAIN),
        )
        .returning(Member)
    )


def find_member(session: Session, member_id: str) -> Member | None:
    """One member, if this transaction may see it."""
    return session.get(Member, member_id)


def activate_member(session: Session, member_id: str, at: datetime) -> Member | None:
    """The member, active from now on; None when it is no candidate."""
    return session.scalar(
        update(Member)
        .where(Member.id == member_id, Member.status == membership.CANDIDATE)
        .values(status=membership.ACTIVE, activated_at=at)
        .returning(Member)
    )


def list_members(
    session: Session, *, status: str | None, after: str | None, limit: int
) -> Sequence[Member]:
    """Members of the tenant past ``after``, in the order they registered."""
    query = select(Member).order_by(Member.id).limit(limit)
    if status is not None:
        query = query.where(Member.status == status)
    if after is not None:
        query = query.where(Member.id > after)
    return session.scalars(query).all()
