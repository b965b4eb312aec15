"""How groups are read and written."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.loans.domain import applications, loans
from services.loans.models import (
    Guarantee,
    Loan,
    LoanApplication,
    LoanGroup,
    LoanGroupMember,
)


def add_group(session: Session, group: LoanGroup) -> None:
    """Keep a new group."""
    session.add(group)
    session.flush()


def find_group(session: Session, group_id: str) -> LoanGroup | None:
    """A group by its id."""
    return session.get(LoanGroup, group_id)


def lock_group(session: Session, group_id: str) -> LoanGroup | None:
    """The same, with its row locked: whoever changes who is in it does."""
    return session.scalar(
        select(LoanGroup)
        .where(LoanGroup.id == group_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def find_by_name(session: Session, cooperative_id: str, name: str) -> LoanGroup | None:
    """A group by its name."""
    return session.scalar(
        select(LoanGroup).where(
            LoanGroup.cooperative_id == cooperative_id, LoanGroup.name == name
        )
    )


def list_groups(
    session: Session, *, after: str | None, limit: int
) -> Sequence[LoanGroup]:
    """Groups of the tenant past ``after``, oldest first."""
    query = select(LoanGroup).order_by(LoanGroup.id).limit(limit)
    if after is not None:
        query = query.where(LoanGroup.id > after)
    return session.scalars(query).all()


def members_of(
    session: Session, group_ids: Collection[str]
) -> Sequence[LoanGroupMember]:
    """Who is in these groups now."""
    return session.scalars(
        select(LoanGroupMember)
        .where(
            LoanGroupMember.group_id.in_(group_ids), LoanGroupMember.left_on.is_(None)
        )
        .order_by(LoanGroupMember.group_id, LoanGroupMember.member_name)
    ).all()


def find_member(
    session: Session, group_id: str, member_id: str
) -> LoanGroupMember | None:
    """Somebody who is or was in a group."""
    return session.get(LoanGroupMember, (group_id, member_id))


def group_of(session: Session, member_id: str) -> str | None:
    """The group that a member is in now."""
    return session.scalar(
        select(LoanGroupMember.group_id).where(
            LoanGroupMember.member_id == member_id, LoanGroupMember.left_on.is_(None)
        )
    )


def days_late(session: Session, member_ids: Collection[str]) -> dict[str, int]:
    """The days past due of the worst loan of each member that has one."""
    rows = session.execute(
        select(Loan.member_id, func.max(Loan.dpd))
        .where(Loan.member_id.in_(member_ids), Loan.status == loans.ACTIVE)
        .group_by(Loan.member_id)
    )
    return {member_id: int(dpd) for member_id, dpd in rows}


def answers_for_loans(session: Session, member_id: str) -> bool:
    """Whether a member has an open loan or wish, or answers for one of another."""
    own = select(Loan.id).where(
        Loan.member_id == member_id,
        Loan.status.in_([loans.ACTIVE, loans.WRITTEN_OFF]),
    )
    wished = select(LoanApplication.id).where(
        LoanApplication.member_id == member_id,
        LoanApplication.status.not_in(
            [applications.DRAFT, *sorted(applications.CLOSED)]
        ),
    )
    guaranteed = select(Guarantee.id).where(
        Guarantee.member_id == member_id, Guarantee.status == "held"
    )
    return any(
        session.scalar(query.limit(1)) is not None
        for query in (own, wished, guaranteed)
    )
