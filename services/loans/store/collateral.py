"""How collateral and its appraisals are read and written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.loans.domain import loans
from services.loans.models import Appraisal, Collateral, Loan

COUNTED: Final = ("offered", "bound")
"""What secures a loan: neither taken back nor turned into money."""


def add_collateral(session: Session, collateral: Collateral) -> None:
    """Keep what is offered."""
    session.add(collateral)
    session.flush()


def find_collateral(session: Session, collateral_id: str) -> Collateral | None:
    """One thing by its id."""
    return session.get(Collateral, collateral_id)


def lock_collateral(session: Session, collateral_id: str) -> Collateral | None:
    """The same, with its row locked until the transaction ends."""
    return session.scalar(
        select(Collateral)
        .where(Collateral.id == collateral_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def list_collateral(session: Session, application_id: str) -> Sequence[Collateral]:
    """Everything that was offered for an application."""
    return session.scalars(
        select(Collateral)
        .where(Collateral.application_id == application_id)
        .order_by(Collateral.id)
    ).all()


def accepted_value(
    session: Session, application_id: str, statuses: Collection[str] = COUNTED
) -> int:
    """What everything in these states counts for together, in whole rupiah."""
    total = session.execute(
        select(func.coalesce(func.sum(Collateral.accepted_value), 0)).where(
            Collateral.application_id == application_id,
            Collateral.status.in_(statuses),
        )
    ).scalar_one()
    return int(total)


def add_appraisal(session: Session, appraisal: Appraisal) -> None:
    """Keep an appraisal."""
    session.add(appraisal)
    session.flush()


def appraisals_of(
    session: Session, collateral_ids: Collection[str]
) -> Sequence[Appraisal]:
    """Appraisals of these things, oldest first."""
    return session.scalars(
        select(Appraisal)
        .where(Appraisal.collateral_id.in_(collateral_ids))
        .order_by(Appraisal.id)
    ).all()


def has_open_loan(session: Session, application_id: str) -> bool:
    """Whether the application's loan, or one that replaced it, is still owed.

    A loan that was written off is owed all the same.
    """
    chain = (
        select(Loan.id, Loan.status)
        .where(Loan.application_id == application_id)
        .cte(recursive=True)
    )
    chain = chain.union(
        select(Loan.id, Loan.status).where(Loan.restructured_from == chain.c.id)
    )
    found = session.scalar(
        select(chain.c.id)
        .where(chain.c.status.in_([loans.ACTIVE, loans.WRITTEN_OFF]))
        .limit(1)
    )
    return found is not None
