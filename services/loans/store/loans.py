"""How loans and their instalments are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from services.loans.domain.loans import OWING
from services.loans.models import Instalment, Loan


def find_loan(session: Session, loan_id: str) -> Loan | None:
    """A loan by its id."""
    return session.get(Loan, loan_id)


def lock_loan(session: Session, loan_id: str) -> Loan | None:
    """The same, with its row locked: whoever changes a loan or its instalments does."""
    return session.scalar(
        select(Loan)
        .where(Loan.id == loan_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def instalments_of(session: Session, loan_id: str) -> Sequence[Instalment]:
    """All instalments of a loan, in order."""
    return session.scalars(
        select(Instalment)
        .where(Instalment.loan_id == loan_id)
        .order_by(Instalment.number)
        .execution_options(populate_existing=True)
    ).all()


def instalments_by_loan(
    session: Session, loan_ids: Sequence[str]
) -> dict[str, list[Instalment]]:
    """The same of several loans at once, none left out."""
    found: dict[str, list[Instalment]] = {one: [] for one in loan_ids}
    rows = session.scalars(
        select(Instalment)
        .where(Instalment.loan_id.in_(loan_ids))
        .order_by(Instalment.loan_id, Instalment.number)
        .execution_options(populate_existing=True)
    )
    for one in rows:
        found[one.loan_id].append(one)
    return found


def known_of(session: Session, loan_ids: Sequence[str]) -> set[str]:
    """Which of these loans there are."""
    return set(session.scalars(select(Loan.id).where(Loan.id.in_(loan_ids))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a loan is paid: instalments in full, and what comes next."""

    instalments_paid: int = 0
    next_due_on: date | None = None
    next_amount: int | None = None


def list_loans(
    session: Session,
    *,
    member_id: str | None = None,
    status: str | None = None,
    collectibility: int | None = None,
    officer: str | None = None,
    after: str | None,
    limit: int,
) -> Sequence[Loan]:
    """Loans of the tenant past ``after``, in the order they were made."""
    wanted = (
        (Loan.member_id, member_id),
        (Loan.status, status),
        (Loan.collectibility, collectibility),
        (Loan.officer, officer),
    )
    query = select(Loan).order_by(Loan.id).limit(limit)
    query = query.where(*(column == value for column, value in wanted if value))
    if after is not None:
        query = query.where(Loan.id > after)
    return session.scalars(query).all()


def progress_of(session: Session, loan_ids: Sequence[str]) -> dict[str, Progress]:
    """How far these loans are paid, in one look."""
    left = (
        Instalment.principal
        - Instalment.principal_paid
        + Instalment.interest
        - Instalment.interest_paid
    )
    open_ = Instalment.settled_on.is_(None)
    first = func.min(Instalment.number).filter(open_)
    rows = session.execute(
        select(
            Instalment.loan_id,
            func.count().filter(Instalment.settled_on.is_not(None)).label("paid"),
            func.min(Instalment.due_on).filter(open_).label("due_on"),
            first.label("number"),
        )
        .where(Instalment.loan_id.in_(loan_ids))
        .group_by(Instalment.loan_id)
    ).all()
    next_ones = select(Instalment.loan_id, left.label("left")).where(
        tuple_(Instalment.loan_id, Instalment.number).in_(
            [(row.loan_id, row.number) for row in rows if row.number is not None]
        )
    )
    amounts = {row.loan_id: row.left for row in session.execute(next_ones)}
    return {
        row.loan_id: Progress(
            instalments_paid=row.paid,
            next_due_on=row.due_on,
            next_amount=amounts.get(row.loan_id),
        )
        for row in rows
    }


def owing_of_member(session: Session, member_id: str) -> Sequence[Loan]:
    """The loans of a member of which something is still to be paid."""
    return session.scalars(
        select(Loan)
        .where(Loan.member_id == member_id, Loan.status.in_(OWING))
        .order_by(Loan.id)
    ).all()
