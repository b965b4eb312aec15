"""How drawers and shifts are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain import cash
from services.members.models import Branch, CashDrawer, CashShift, CounterSettings


class OpenDrawer(NamedTuple):
    """The drawer that a teller has open, and the code of its branch."""

    shift_id: str
    drawer_id: str
    branch_code: str


def find_settings(session: Session, cooperative_id: str) -> CounterSettings | None:
    """How the cooperative wants its counter, None while it has not said."""
    return session.get(CounterSettings, cooperative_id)


def keep_settings(session: Session, cooperative_id: str, **columns: Any) -> None:
    """Keep new settings."""
    session.execute(
        insert(CounterSettings)
        .values(cooperative_id=cooperative_id, **columns)
        .on_conflict_do_update(index_elements=["cooperative_id"], set_=columns)
    )


def add_drawer(session: Session, **columns: Any) -> CashDrawer | None:
    """The new drawer; None when another one has its name."""
    return session.scalar(
        insert(CashDrawer)
        .values(**columns)
        .on_conflict_do_nothing(index_elements=["cooperative_id", "name"])
        .returning(CashDrawer)
    )


def find_drawer(session: Session, drawer_id: str) -> CashDrawer | None:
    """One drawer, if this transaction may see it."""
    return session.get(CashDrawer, drawer_id)


def list_drawers(
    session: Session, *, after: str | None, limit: int
) -> Sequence[CashDrawer]:
    """Drawers of the tenant past ``after``, in the order they were made."""
    query = select(CashDrawer).order_by(CashDrawer.id).limit(limit)
    if after is not None:
        query = query.where(CashDrawer.id > after)
    return session.scalars(query).all()


def find_branch(session: Session, branch_id: str) -> Branch | None:
    """One branch, if this transaction may see it."""
    return session.get(Branch, branch_id)


def add_shift(session: Session, **columns: Any) -> CashShift | None:
    """The new shift; None when its drawer or its teller has an unfinished one."""
    return session.scalar(
        insert(CashShift)
        .values(status=cash.OPENING, **columns)
        .on_conflict_do_nothing()
        .returning(CashShift)
    )


def unfinished_of(session: Session, teller: str) -> CashShift | None:
    """The shift that the teller has not finished."""
    return session.scalar(
        select(CashShift).where(
            CashShift.teller == teller, CashShift.status.in_(cash.UNFINISHED)
        )
    )


def find_shift(session: Session, shift_id: str) -> CashShift | None:
    """One shift, if this transaction may see it."""
    return session.get(CashShift, shift_id)


def lock_shift(session: Session, shift_id: str) -> CashShift | None:
    """One shift, held until the transaction ends."""
    return session.scalar(
        select(CashShift)
        .where(CashShift.id == shift_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def hold_open_drawer(session: Session, teller: str) -> OpenDrawer | None:
    """The drawer that the teller has open; it stays open until the transaction ends.

    Whoever wants to count it waits for the lock, and then sees what was begun here.
    """
    row = session.execute(
        select(CashShift.id, CashShift.drawer_id, Branch.code)
        .join(CashDrawer, CashDrawer.id == CashShift.drawer_id)
        .outerjoin(Branch, Branch.id == CashDrawer.branch_id)
        .where(CashShift.teller == teller, CashShift.status == cash.OPEN)
        .with_for_update(read=True, of=CashShift)
    ).one_or_none()
    if row is None:
        return None
    return OpenDrawer(row.id, row.drawer_id, row.code or "")


def branch_code_of(session: Session, drawer_id: str) -> str:
    """The code of the branch where the drawer stands, empty without one."""
    return (
        session.scalar(
            select(Branch.code)
            .join(CashDrawer, CashDrawer.branch_id == Branch.id)
            .where(CashDrawer.id == drawer_id)
        )
        or ""
    )


def change_shift(
    session: Session, shift_id: str, *, was: str, **columns: Any
) -> CashShift | None:
    """The shift with new values, changed only if its status ``was`` so; else None."""
    return session.scalar(
        update(CashShift)
        .where(CashShift.id == shift_id, CashShift.status == was)
        .values(**columns)
        .returning(CashShift)
        .execution_options(populate_existing=True)
    )


def list_shifts(
    session: Session, *, status: str | None, after: str | None, limit: int
) -> Sequence[CashShift]:
    """Shifts of the tenant before ``after``, the newest first."""
    query = select(CashShift).order_by(CashShift.id.desc()).limit(limit)
    if status is not None:
        query = query.where(CashShift.status == status)
    if after is not None:
        query = query.where(CashShift.id < after)
    return session.scalars(query).all()


def list_moving(
    session: Session, *, before: datetime, limit: int
) -> Sequence[tuple[str, str]]:
    """Shifts that began or ended without coming to rest, as cooperative and id.

    Only under the hub's role: it looks at all cooperatives.
    """
    rows = session.execute(
        select(CashShift.cooperative_id, CashShift.id)
        .where(
            CashShift.status.in_((cash.OPENING, cash.CLOSING)),
            CashShift.opened_at <= before,
        )
        .order_by(CashShift.opened_at)
        .limit(limit)
    )
    return [(row.cooperative_id, row.id) for row in rows]
