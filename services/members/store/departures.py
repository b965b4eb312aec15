"""How departures of members are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain import departures, deposits, savings
from services.members.models import Account, Departure, Deposit
from services.shared.persistence import sweeping


def add_departure(session: Session, **columns: Any) -> Departure | None:
    """The proposed departure; None when one of this member is under way."""
    return session.scalar(
        insert(Departure)
        .values(state=departures.PROPOSED, journal_ids=[], **columns)
        .on_conflict_do_nothing()
        .returning(Departure)
    )


def find_departure(session: Session, departure_id: str) -> Departure | None:
    """One departure, if this transaction may see it."""
    return session.get(Departure, departure_id)


def lock_departure(session: Session, departure_id: str) -> Departure | None:
    """One departure, held until this transaction ends."""
    return session.scalar(
        select(Departure)
        .where(Departure.id == departure_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def is_leaving(session: Session, member_id: str) -> bool:
    """Whether a departure of this member is under way."""
    running = select(Departure.id).where(
        Departure.member_id == member_id, Departure.state.in_(departures.RUNNING)
    )
    return session.scalar(running.limit(1)) is not None


def is_ending(session: Session, member_id: str) -> bool:
    """Whether the end of this membership has been approved and is carried out."""
    approved = select(Departure.id).where(
        Departure.member_id == member_id, Departure.state == departures.APPROVED
    )
    return session.scalar(approved.limit(1)) is not None


def list_departures(
    session: Session, *, state: str | None, after: str | None, limit: int
) -> Sequence[Departure]:
    """Departures of the tenant past ``after``, in the order they were proposed."""
    query = select(Departure).order_by(Departure.id).limit(limit)
    if state is not None:
        query = query.where(Departure.state == state)
    if after is not None:
        query = query.where(Departure.id > after)
    return session.scalars(query).all()


def take_due(
    session: Session, *, until: datetime, again_at: datetime, limit: int
) -> list[tuple[str, str]]:
    """Departures that somebody has to finish, as cooperative and id; due again later.

    Only under the hub's role: it looks at all cooperatives.
    """
    return sweeping.take_due(
        session,
        Departure,
        until=until,
        again_at=again_at,
        limit=limit,
    )


def list_open_accounts(session: Session, member_id: str) -> Sequence[Account]:
    """The savings accounts of a member that are not closed."""
    return session.scalars(
        select(Account)
        .where(Account.member_id == member_id, Account.status != savings.CLOSED)
        .order_by(Account.number)
    ).all()


def has_running_deposits(session: Session, member_id: str) -> bool:
    """Whether the member has a time deposit that has not been paid out."""
    running = select(Deposit.id).where(
        Deposit.member_id == member_id, Deposit.status.in_(deposits.RUNNING)
    )
    return session.scalar(running.limit(1)) is not None
