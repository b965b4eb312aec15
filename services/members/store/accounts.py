"""How the ownership of savings accounts is read and written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.members.domain import savings
from services.members.models import (
    Account,
    Member,
    SavingsProduct,
)


def add_account(session: Session, **columns: Any) -> Account:
    """A savings account that the ledger does not know yet."""
    account = Account(status=savings.OPENING, **columns)
    session.add(account)
    session.flush()
    return account


def find_account(session: Session, number: str) -> Account | None:
    """One savings account, if this transaction may see it."""
    return session.get(Account, number)


def minimum_balances(session: Session, numbers: Sequence[str]) -> dict[str, int]:
    """What the products of those of the accounts keep in them that are active."""
    rows = session.execute(
        select(Account.number, func.coalesce(SavingsProduct.minimum_balance, 0))
        .outerjoin(
            SavingsProduct,
            (SavingsProduct.cooperative_id == Account.cooperative_id)
            & (SavingsProduct.code == Account.product),
        )
        .where(Account.number.in_(numbers), Account.status == savings.ACTIVE)
    )
    return {number: int(minimum) for number, minimum in rows}


def activate_accounts(session: Session, numbers: list[str]) -> Sequence[Account]:
    """Those of the accounts that became active just now."""
    return session.scalars(
        update(Account)
        .where(Account.number.in_(numbers), Account.status == savings.OPENING)
        .values(status=savings.ACTIVE)
        .returning(Account)
    ).all()


def close_account(session: Session, number: str) -> Account | None:
    """The account, closed just now; None when it was not active."""
    return session.scalar(
        update(Account)
        .where(Account.number == number, Account.status == savings.ACTIVE)
        .values(status=savings.CLOSED)
        .returning(Account)
    )


def list_accounts(
    session: Session, *, member_id: str | None, after: str | None, limit: int
) -> Sequence[Account]:
    """Savings accounts of the tenant past ``after``, in the order of their numbers."""
    query = select(Account).order_by(Account.number).limit(limit)
    if member_id is not None:
        query = query.where(Account.member_id == member_id)
    if after is not None:
        query = query.where(Account.number > after)
    return session.scalars(query).all()


def find_owner(session: Session, number: str) -> str | None:
    """The name of the owner of an active account, of whatever cooperative."""
    return session.scalar(
        select(Member.name)
        .join(Account, Account.member_id == Member.id)
        .where(Account.number == number, Account.status == savings.ACTIVE)
    )


def count_openings(session: Session) -> int:
    """How many accounts wait for the ledger."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Account)
            .where(Account.status == savings.OPENING)
        )
        or 0
    )
