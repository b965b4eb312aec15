"""How passbooks, and the names on statements, are read and written."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.models import Account, Cooperative, Member, Passbook


class Holder(NamedTuple):
    """Whose account it is, as statements say it."""

    account: Account
    member: Member
    cooperative: Cooperative


def find_holder(session: Session, number: str) -> Holder | None:
    """An account with its member and cooperative, if this transaction sees it."""
    row = session.execute(
        select(Account, Member, Cooperative)
        .join(Member, Member.id == Account.member_id)
        .join(Cooperative, Cooperative.id == Account.cooperative_id)
        .where(Account.number == number)
    ).one_or_none()
    return None if row is None else Holder(row[0], row[1], row[2])


def lock_passbook(session: Session, account: str) -> Passbook | None:
    """The passbook of an account, printed by nobody else until the commit."""
    return session.get(Passbook, account, with_for_update=True)


def find_passbook(session: Session, account: str) -> Passbook | None:
    """How far the passbook of an account has been printed."""
    return session.get(Passbook, account)


def add_passbook(session: Session, **columns: Any) -> bool:
    """The first print of a passbook; False when somebody printed meanwhile."""
    result = session.execute(
        insert(Passbook).values(**columns).on_conflict_do_nothing()
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]
