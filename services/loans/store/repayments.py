"""How repayments, and what follows a settlement, are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.loans.domain.repayments import POSTED, POSTING
from services.loans.models import (
    LoanJournal,
    PolicyEnding,
    PremiumRefund,
    Repayment,
)
from services.shared.persistence import sweeping


def add_repayment(session: Session, **columns: Any) -> Repayment:
    """What is to be posted."""
    repayment = Repayment(
        status=POSTING, fault=None, outstanding=None, posted_at=None, **columns
    )
    session.add(repayment)
    session.flush()
    return repayment


def find_repayment(session: Session, repayment_id: str) -> Repayment | None:
    """One repayment as it is now."""
    return session.get(Repayment, repayment_id, populate_existing=True)


def lock_repayment(session: Session, repayment_id: str) -> Repayment | None:
    """One repayment, held until the transaction ends."""
    return session.get(
        Repayment, repayment_id, with_for_update=True, populate_existing=True
    )


def is_under_way(session: Session, loan_id: str) -> bool:
    """Whether a repayment of the loan, or another change of it, is being posted.

    Whoever changes a loan asks this with the loan's row locked: what the repayment
    pays is decided and must still hold when it is carried out.
    """
    return bool(
        session.scalar(
            select(
                or_(
                    exists().where(
                        Repayment.loan_id == loan_id, Repayment.status == POSTING
                    ),
                    exists().where(
                        LoanJournal.loan_id == loan_id, LoanJournal.state == "planned"
                    ),
                )
            )
        )
    )


def list_repayments(
    session: Session, loan_id: str, *, after: str | None, limit: int
) -> Sequence[Repayment]:
    """Repayments of a loan past ``after``, in the order they were made."""
    query = (
        select(Repayment)
        .where(Repayment.loan_id == loan_id)
        .order_by(Repayment.created_at, Repayment.id)
        .limit(limit)
    )
    if after is not None:
        moment, _, id_ = after.partition(" ")
        place = (datetime.fromisoformat(moment), id_)
        query = query.where(tuple_(Repayment.created_at, Repayment.id) > place)
    return session.scalars(query).all()


def list_posted(session: Session, loan_id: str) -> Sequence[Repayment]:
    """Everything that was paid of a loan, the oldest first."""
    return session.scalars(
        select(Repayment)
        .where(Repayment.loan_id == loan_id, Repayment.status == POSTED)
        .order_by(Repayment.posted_at, Repayment.id)
    ).all()


def take_due(
    session: Session, *, until: datetime, again_at: datetime, limit: int
) -> list[tuple[str, str]]:
    """Repayments left on their way, as cooperative and id; due again later.

    Only under the hub's role: it looks at all cooperatives.
    """
    return sweeping.take_due(
        session,
        Repayment,
        Repayment.status == POSTING,
        until=until,
        again_at=again_at,
        limit=limit,
    )


def count_under_way(session: Session) -> int:
    """How many repayments wait for their journal."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Repayment)
            .where(Repayment.status == POSTING)
        )
        or 0
    )


# Cover of loans that were paid off


def add_ending(
    session: Session, cooperative_id: str, loan_id: str, day: date, due_at: datetime
) -> None:
    """Remember that the cover of a loan has to be ended; once."""
    session.execute(
        insert(PolicyEnding)
        .values(
            loan_id=loan_id,
            cooperative_id=cooperative_id,
            settled_on=day,
            attempts=0,
            due_at=due_at,
        )
        .on_conflict_do_nothing()
    )


def find_ending(session: Session, loan_id: str) -> PolicyEnding | None:
    """The ending of the cover of one loan."""
    return session.get(PolicyEnding, loan_id)


def take_due_endings(
    session: Session, *, until: datetime, again_at: datetime, limit: int
) -> list[tuple[str, str]]:
    """Cover to be ended, as cooperative, loan and attempts so far; due again later.

    Only under the hub's role.
    """
    return sweeping.take_due(
        session,
        PolicyEnding,
        PolicyEnding.done_at.is_(None),
        until=until,
        again_at=again_at,
        limit=limit,
        attempts=PolicyEnding.attempts + 1,
    )


# Premium that came back


def add_refund(session: Session, **columns: Any) -> None:
    """Premium that belongs to a borrower; once per policy."""
    session.execute(
        insert(PremiumRefund)
        .values(status=POSTING, attempt=1, is_owed=False, **columns)
        .on_conflict_do_nothing()
    )


def find_refund(session: Session, policy_id: str) -> PremiumRefund | None:
    """The refund of one policy."""
    return session.get(PremiumRefund, policy_id, populate_existing=True)


def lock_refund(session: Session, policy_id: str) -> PremiumRefund | None:
    """The same, held until the transaction ends."""
    return session.get(
        PremiumRefund, policy_id, with_for_update=True, populate_existing=True
    )


def take_due_refunds(
    session: Session, *, until: datetime, again_at: datetime, limit: int
) -> list[tuple[str, str]]:
    """Refunds to be posted, as cooperative and policy; due again later.

    Only under the hub's role.
    """
    return sweeping.take_due(
        session,
        PremiumRefund,
        PremiumRefund.status == POSTING,
        until=until,
        again_at=again_at,
        limit=limit,
    )
