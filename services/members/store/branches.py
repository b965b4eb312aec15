"""How branches and annual reports are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain import branches as domain
from services.members.domain import membership
from services.members.models import AnnualReport, Branch, Member


def add_branch(session: Session, **columns: Any) -> Branch:
    """A branch that is planned."""
    branch = Branch(status=domain.PLANNED, **columns)
    session.add(branch)
    session.flush()
    return branch


def find_branch(session: Session, branch_id: str) -> Branch | None:
    """One branch, if this transaction may see it."""
    return session.get(Branch, branch_id)


def lock_branch(session: Session, branch_id: str) -> Branch | None:
    """One branch, not to be changed by others until this transaction ends."""
    return session.get(Branch, branch_id, with_for_update=True, populate_existing=True)


def has_head_office(session: Session, cooperative_id: str) -> bool:
    """Whether the cooperative has a head office that is not closed."""
    found = session.scalar(
        select(Branch.id).where(
            Branch.cooperative_id == cooperative_id,
            Branch.kind == domain.HEAD_OFFICE,
            Branch.status != domain.CLOSED,
        )
    )
    return found is not None


def list_branches(
    session: Session, *, status: str | None, after: str | None, limit: int
) -> Sequence[Branch]:
    """Branches of the tenant past ``after``, in the order of their codes."""
    query = select(Branch).order_by(Branch.code).limit(limit)
    if status is not None:
        query = query.where(Branch.status == status)
    if after is not None:
        query = query.where(Branch.code > after)
    return session.scalars(query).all()


def count_active_members(session: Session) -> int:
    """How many active members the tenant has."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Member)
            .where(Member.status == membership.ACTIVE)
        )
        or 0
    )


def put_report(
    session: Session, cooperative_id: str, year: int, **columns: Any
) -> AnnualReport:
    """The report of a year, as it is from now on."""
    return session.scalars(
        insert(AnnualReport)
        .values(cooperative_id=cooperative_id, year=year, **columns)
        .on_conflict_do_update(index_elements=["cooperative_id", "year"], set_=columns)
        .returning(AnnualReport),
        execution_options={"populate_existing": True},
    ).one()


def find_report(
    session: Session, cooperative_id: str, year: int
) -> AnnualReport | None:
    """The report of a year, if there is one."""
    return session.get(AnnualReport, (cooperative_id, year))


def list_reports(
    session: Session, *, after: int | None, limit: int
) -> Sequence[AnnualReport]:
    """Annual reports of the tenant past a year, in their order."""
    query = select(AnnualReport).order_by(AnnualReport.year).limit(limit)
    if after is not None:
        query = query.where(AnnualReport.year > after)
    return session.scalars(query).all()


def latest_reports(session: Session, count: int) -> Sequence[AnnualReport]:
    """The last annual reports of the tenant, newest first."""
    return session.scalars(
        select(AnnualReport).order_by(AnnualReport.year.desc()).limit(count)
    ).all()
