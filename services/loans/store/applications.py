"""How applications are read and written."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.loans.domain import applications
from services.loans.models import LoanApplication


def find_application(session: Session, application_id: str) -> LoanApplication | None:
    """An application by its id."""
    return session.get(LoanApplication, application_id)


def lock_application(session: Session, application_id: str) -> LoanApplication | None:
    """The same, with its row locked until the transaction ends."""
    return session.scalar(
        select(LoanApplication)
        .where(LoanApplication.id == application_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def list_applications(
    session: Session,
    *,
    member_id: str | None,
    status: str | None,
    after: str | None,
    limit: int,
) -> Sequence[LoanApplication]:
    """Applications of the tenant past ``after``, oldest first."""
    query = select(LoanApplication).order_by(LoanApplication.id).limit(limit)
    if member_id is not None:
        query = query.where(LoanApplication.member_id == member_id)
    if status is not None:
        query = query.where(LoanApplication.status == status)
    if after is not None:
        query = query.where(LoanApplication.id > after)
    return session.scalars(query).all()


def find_open(
    session: Session, cooperative_id: str, member_id: str, product_id: str
) -> LoanApplication | None:
    """What a member has under way of one product."""
    return session.scalar(
        select(LoanApplication).where(
            LoanApplication.cooperative_id == cooperative_id,
            LoanApplication.member_id == member_id,
            LoanApplication.product_id == product_id,
            LoanApplication.status.not_in(applications.CLOSED),
        )
    )
