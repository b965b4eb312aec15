"""How executions of collateral are read and written."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.loans.domain.executions import ABANDONED
from services.loans.models import Execution


def add(session: Session, execution: Execution) -> None:
    """Keep what has begun."""
    session.add(execution)
    session.flush()


def find(session: Session, execution_id: str) -> Execution | None:
    """One execution as it is now."""
    return session.get(Execution, execution_id, populate_existing=True)


def lock(session: Session, execution_id: str) -> Execution | None:
    """The same, held until the transaction ends."""
    return session.get(
        Execution, execution_id, with_for_update=True, populate_existing=True
    )


def find_of_collateral(session: Session, collateral_id: str) -> Execution | None:
    """The execution of one thing that was not abandoned."""
    return session.scalar(
        select(Execution).where(
            Execution.collateral_id == collateral_id, Execution.status != ABANDONED
        )
    )


def list_of(
    session: Session, loan_id: str, *, after: str | None, limit: int
) -> Sequence[Execution]:
    """Executions for a loan past ``after``, in the order they began."""
    query = (
        select(Execution)
        .where(Execution.loan_id == loan_id)
        .order_by(Execution.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Execution.id > after)
    return session.scalars(query).all()
