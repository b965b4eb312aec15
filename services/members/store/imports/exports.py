"""How members and accounts are read to be written into sheets again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from services.members.domain import membership, savings
from services.members.models import Account, Member


def members(session: Session, *, after: str, limit: int) -> Sequence[Member]:
    """Members and candidates past ``after``, in the order of their numbers."""
    return session.scalars(
        select(Member)
        .where(
            Member.status.in_((membership.ACTIVE, membership.CANDIDATE)),
            Member.number > after,
        )
        .order_by(Member.number)
        .limit(limit)
    ).all()


def accounts(
    session: Session, *, after: str, limit: int
) -> Sequence[Row[str, str, str, str]]:
    """Number, product and owner's number and name of accounts past ``after``."""
    return session.execute(
        select(
            Account.number,
            Account.product,
            Member.number.label("member_number"),
            Member.name.label("member_name"),
        )
        .join(Member, Member.id == Account.member_id)
        .where(Account.status == savings.ACTIVE, Account.number > after)
        .order_by(Account.number)
        .limit(limit)
    ).all()
