"""How members are read and written, and how they leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain import membership
from services.members.models import (
    Member,
)

MAY_NOT_APPLY_AGAIN: Final = "status NOT IN ('refused', 'resigned')"
"""Whose NIK is unique in a cooperative: the predicate of the index on it."""

NIK_INDEX: Final = "uq_members_cooperative_id_nik_hash"
"""What PostgreSQL names when a change would give two members one NIK."""


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


def lock_member(session: Session, member_id: str) -> Member | None:
    """One member, held until this transaction ends."""
    return session.scalar(
        select(Member)
        .where(Member.id == member_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def hold_member(session: Session, member_id: str) -> Member | None:
    """One member, whose membership cannot end before this transaction does.

    Others may hold it at the same time. Take it before giving the member anything that
    a departure would have to take back.
    """
    return session.scalar(
        select(Member)
        .where(Member.id == member_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
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


def search_members(
    session: Session,
    *,
    query: str | None,
    nik_hash: bytes | None,
    phone_hash: bytes | None,
    status: str | None,
    limit: int,
) -> Sequence[Member]:
    """Members of the tenant that fit everything given, by name.

    A part of a name is found by reading the tenant's members through, which for the
    largest cooperatives is some ten milliseconds; row-level security would keep an
    index on the name from being used anyway.
    """
    found = select(Member).order_by(func.lower(Member.name), Member.id).limit(limit)
    if query is not None:
        found = found.where(
            or_(
                Member.name.icontains(query, autoescape=True),
                Member.number.startswith(query, autoescape=True),
            )
        )
    for column, value in (
        (Member.nik_hash, nik_hash),
        (Member.phone_hash, phone_hash),
        (Member.status, status),
    ):
        if value is not None:
            found = found.where(column == value)
    return session.scalars(found).all()


def count_applications(session: Session, cooperative_id: str, since: datetime) -> int:
    """How many people registered themselves with a cooperative since then."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Member)
            .where(
                Member.cooperative_id == cooperative_id,
                Member.is_self_registered,
                Member.registered_at >= since,
            )
        )
        or 0
    )


def list_shared_niks(
    session: Session, *, after: bytes | None, limit: int
) -> Sequence[bytes]:
    """The hashes of NIKs that several cooperatives have, in their own order."""
    query = (
        select(Member.nik_hash)
        .where(Member.nik_hash.is_not(None))
        .group_by(Member.nik_hash)
        .having(func.min(Member.cooperative_id) < func.max(Member.cooperative_id))
        .order_by(Member.nik_hash)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Member.nik_hash > after)
    return [nik_hash for nik_hash in session.scalars(query) if nik_hash is not None]


def list_by_nik(session: Session, nik_hashes: Sequence[bytes]) -> Sequence[Member]:
    """Every membership of the persons with these NIKs, oldest first."""
    return session.scalars(
        select(Member).where(Member.nik_hash.in_(nik_hashes)).order_by(Member.id)
    ).all()
