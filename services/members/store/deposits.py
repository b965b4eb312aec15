"""How time deposits are read and written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain import deposits, savings
from services.members.domain.deposits import Rate, Term
from services.members.models import (
    Account,
    Deposit,
    DepositPayout,
    DepositProduct,
    DepositRate,
    DepositTerm,
)
from services.shared.persistence import sweeping


class Placed(NamedTuple):
    """A deposit with its present term."""

    deposit: Deposit
    term: DepositTerm


# Products and rates


def add_product(session: Session, **columns: Any) -> DepositProduct | None:
    """The new product; None when another one has its code."""
    return session.scalar(
        insert(DepositProduct)
        .values(**columns)
        .on_conflict_do_nothing(index_elements=["cooperative_id", "code"])
        .returning(DepositProduct)
    )


def find_product(session: Session, product_id: str) -> DepositProduct | None:
    """One product, if this transaction may see it."""
    return session.get(DepositProduct, product_id)


def lock_product(session: Session, product_id: str) -> DepositProduct | None:
    """One product, held until the transaction ends."""
    return session.scalar(
        select(DepositProduct).where(DepositProduct.id == product_id).with_for_update()
    )


def list_products(
    session: Session, *, after: str | None, limit: int
) -> Sequence[DepositProduct]:
    """Products of the tenant past ``after``, in the order they were made."""
    query = select(DepositProduct).order_by(DepositProduct.id).limit(limit)
    if after is not None:
        query = query.where(DepositProduct.id > after)
    return session.scalars(query).all()


def add_rates(
    session: Session, product: DepositProduct, valid_from: date, rates: Iterable[Rate]
) -> None:
    """Keep a rate table."""
    session.add_all(
        DepositRate(
            cooperative_id=product.cooperative_id,
            product_id=product.id,
            valid_from=valid_from,
            term_months=rate.term_months,
            amount_from=rate.amount_from,
            rate_bps=rate.rate_bps,
        )
        for rate in rates
    )
    session.flush()


def has_rates_of(session: Session, product_id: str, valid_from: date) -> bool:
    """Whether there is a rate table that begins on this day."""
    found = session.scalar(
        select(func.count())
        .select_from(DepositRate)
        .where(
            DepositRate.product_id == product_id, DepositRate.valid_from == valid_from
        )
    )
    return bool(found)


def rates_of(session: Session, product_ids: Sequence[str]) -> Sequence[DepositRate]:
    """All rate tables of these products, the earliest first."""
    return session.scalars(
        select(DepositRate)
        .where(DepositRate.product_id.in_(product_ids))
        .order_by(
            DepositRate.valid_from, DepositRate.term_months, DepositRate.amount_from
        )
    ).all()


def rates_on(session: Session, product_id: str, day: date) -> list[Rate]:
    """The rate table in force: the latest one that has begun."""
    latest = (
        select(func.max(DepositRate.valid_from))
        .where(DepositRate.product_id == product_id, DepositRate.valid_from <= day)
        .scalar_subquery()
    )
    rows = session.scalars(
        select(DepositRate).where(
            DepositRate.product_id == product_id, DepositRate.valid_from == latest
        )
    )
    return [
        Rate(
            term_months=row.term_months,
            amount_from=row.amount_from,
            rate_bps=row.rate_bps,
        )
        for row in rows
    ]


# Deposits


def find_savings_account(session: Session, number: str, member_id: str) -> bool:
    """Whether the member has this account and it takes money."""
    found = session.scalar(
        select(Account.number).where(
            Account.number == number,
            Account.member_id == member_id,
            Account.status == savings.ACTIVE,
        )
    )
    return found is not None


def add_deposit(session: Session, **columns: Any) -> Deposit:
    """A deposit whose money is not placed yet."""
    deposit = Deposit(status=deposits.OPENING, term_number=1, **columns)
    session.add(deposit)
    session.flush()
    return deposit


def add_term(session: Session, deposit: Deposit, number: int, term: Term) -> None:
    """The first term of a deposit, or the one that it rolls over into."""
    session.add(
        DepositTerm(
            cooperative_id=deposit.cooperative_id,
            deposit_id=deposit.id,
            number=number,
            principal=term.principal,
            rate_bps=term.rate_bps,
            months=term.months,
            starts_on=term.starts_on,
            matures_on=term.matures_on,
        )
    )
    session.flush()


def find_deposit(session: Session, deposit_id: str) -> Deposit | None:
    """One deposit, if this transaction may see it."""
    return session.get(Deposit, deposit_id)


def lock_deposit(session: Session, deposit_id: str) -> Deposit | None:
    """One deposit, held until the transaction ends."""
    return session.scalar(
        select(Deposit)
        .where(Deposit.id == deposit_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def find_term(session: Session, deposit: Deposit, number: int) -> DepositTerm:
    """A term that the deposit has."""
    key = (deposit.cooperative_id, deposit.id, number)
    return session.get_one(DepositTerm, key)


def list_deposits(
    session: Session,
    *,
    member_id: str | None,
    status: str | None,
    after: str | None,
    limit: int,
) -> Sequence[Placed]:
    """Deposits of the tenant past ``after`` with their present terms."""
    query = (
        select(Deposit, DepositTerm)
        .join(
            DepositTerm,
            (DepositTerm.deposit_id == Deposit.id)
            & (DepositTerm.number == Deposit.term_number),
        )
        .order_by(Deposit.id)
        .limit(limit)
    )
    if member_id is not None:
        query = query.where(Deposit.member_id == member_id)
    if status is not None:
        query = query.where(Deposit.status == status)
    if after is not None:
        query = query.where(Deposit.id > after)
    return [Placed(*row) for row in session.execute(query)]


def is_payout_account(session: Session, number: str) -> bool:
    """Whether a running deposit pays into this savings account."""
    found = session.scalar(
        select(Deposit.id)
        .where(Deposit.savings_account == number, Deposit.status.in_(deposits.RUNNING))
        .limit(1)
    )
    return found is not None


def list_due(
    session: Session, *, day: date, after: str | None, limit: int
) -> Sequence[str]:
    """Deposits of the tenant that have something to pay by ``day``."""
    query = (
        select(Deposit.id)
        .where(Deposit.next_due_on <= day)
        .order_by(Deposit.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Deposit.id > after)
    return session.scalars(query).all()


def list_opening(
    session: Session, *, before: datetime, limit: int
) -> Sequence[tuple[str, str]]:
    """Deposits whose placement was left on its way, as cooperative and id.

    Only under the hub's role: it looks at all cooperatives.
    """
    rows = session.execute(
        select(Deposit.cooperative_id, Deposit.id)
        .where(Deposit.status == deposits.OPENING, Deposit.created_at <= before)
        .order_by(Deposit.created_at)
        .limit(limit)
    )
    return [(row.cooperative_id, row.id) for row in rows]


# Payouts


def add_payout(session: Session, **columns: Any) -> DepositPayout:
    """What is to be paid; decided once per term, kind and month."""
    payout = DepositPayout(status="pending", attempt=1, **columns)
    session.add(payout)
    session.flush()
    return payout


def find_payout(session: Session, payout_id: str) -> DepositPayout | None:
    """One payout, if this transaction may see it."""
    return session.get(DepositPayout, payout_id)


def lock_payout(session: Session, payout_id: str) -> DepositPayout | None:
    """One payout, held until the transaction ends."""
    return session.scalar(
        select(DepositPayout)
        .where(DepositPayout.id == payout_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def list_payouts(session: Session, deposit_id: str) -> Sequence[DepositPayout]:
    """Everything that a deposit has paid or is about to pay, in order."""
    return session.scalars(
        select(DepositPayout)
        .where(DepositPayout.deposit_id == deposit_id)
        .order_by(
            DepositPayout.term_number, DepositPayout.business_date, DepositPayout.id
        )
    ).all()


def paid_in_term(session: Session, deposit_id: str, term_number: int) -> int:
    """The gross interest that was decided in a term so far."""
    total = session.scalar(
        select(func.coalesce(func.sum(DepositPayout.gross), 0)).where(
            DepositPayout.deposit_id == deposit_id,
            DepositPayout.term_number == term_number,
        )
    )
    return int(total or 0)


def months_paid(session: Session, deposit_id: str, term_number: int) -> int:
    """How many months of a term have been paid one by one."""
    latest = session.scalar(
        select(func.max(DepositPayout.month)).where(
            DepositPayout.deposit_id == deposit_id,
            DepositPayout.term_number == term_number,
            DepositPayout.kind == deposits.INTEREST,
        )
    )
    return latest or 0


def take_due_payouts(
    session: Session, *, until: datetime, again_at: datetime, limit: int
) -> list[tuple[str, str]]:
    """Payouts that somebody has to post, as cooperative and id; due again later.

    Only under the hub's role: it looks at all cooperatives.
    """
    return sweeping.take_due(
        session,
        DepositPayout,
        DepositPayout.status == "pending",
        until=until,
        again_at=again_at,
        limit=limit,
    )


def count_pending(session: Session) -> int:
    """How many payouts wait for their journal."""
    return (
        session.scalar(
            select(func.count())
            .select_from(DepositPayout)
            .where(DepositPayout.status == "pending")
        )
        or 0
    )
