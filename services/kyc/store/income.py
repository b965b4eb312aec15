"""How statements of income are read and written."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.kyc.models import IncomeStatement


def add_statement(session: Session, **columns: Any) -> IncomeStatement:
    """A statement of a member."""
    statement = IncomeStatement(**columns)
    session.add(statement)
    session.flush()
    return statement


def find_newest(
    session: Session, member_id: str, source: str | None = None
) -> IncomeStatement | None:
    """The statement of the latest month; of the same month the one that came last."""
    query = (
        select(IncomeStatement)
        .where(IncomeStatement.member_id == member_id)
        .order_by(IncomeStatement.month.desc(), IncomeStatement.id.desc())
        .limit(1)
    )
    if source is not None:
        query = query.where(IncomeStatement.source == source)
    return session.scalar(query)
