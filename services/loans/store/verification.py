"""How checklists, verifications, visits and trainings are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.loans.models import Checklist, FieldVisit, Training, Verification


def find_checklist(session: Session, product_id: str) -> Checklist | None:
    """The list of a product, None where it has none of its own."""
    return session.get(Checklist, product_id)


def keep_checklist(
    session: Session,
    *,
    cooperative_id: str,
    product_id: str,
    items: list[dict[str, Any]],
    changed_at: datetime,
    changed_by: str,
) -> None:
    """Keep a product's list."""
    changed = {"items": items, "changed_at": changed_at, "changed_by": changed_by}
    session.execute(
        insert(Checklist)
        .values(product_id=product_id, cooperative_id=cooperative_id, **changed)
        .on_conflict_do_update(index_elements=["product_id"], set_=changed)
    )


def find_verification(session: Session, application_id: str) -> Verification | None:
    """How far the verification of an application is, None before it began."""
    return session.get(Verification, application_id)


def begun(session: Session, cooperative_id: str, application_id: str) -> Verification:
    """The same, begun if it was not; the application's row is locked."""
    known = session.get(Verification, application_id)
    if known is None:
        known = Verification(
            application_id=application_id,
            cooperative_id=cooperative_id,
            ticks={},
            scores={},
        )
        session.add(known)
        session.flush()
    return known


def add_visit(session: Session, visit: FieldVisit) -> None:
    """Keep a visit or an interview."""
    session.add(visit)
    session.flush()


def list_visits(session: Session, application_id: str) -> Sequence[FieldVisit]:
    """The visits and interviews of an application, as they were recorded."""
    return session.scalars(
        select(FieldVisit)
        .where(FieldVisit.application_id == application_id)
        .order_by(FieldVisit.id)
    ).all()


def kinds_of_visits(session: Session, application_id: str) -> set[str]:
    """Whether there was a visit, and whether an interview."""
    return set(
        session.scalars(
            select(FieldVisit.kind).where(FieldVisit.application_id == application_id)
        )
    )


def add_training(session: Session, training: Training) -> None:
    """Keep a lesson."""
    session.add(training)
    session.flush()


def last_training(session: Session, cooperative_id: str, member_id: str) -> date | None:
    """When a member was last taught."""
    return session.scalar(
        select(func.max(Training.held_on)).where(
            Training.cooperative_id == cooperative_id, Training.member_id == member_id
        )
    )


def list_trainings(
    session: Session, member_id: str, *, after: str | None, limit: int
) -> Sequence[Training]:
    """The lessons of a member past ``after``, as they were recorded."""
    query = select(Training).where(Training.member_id == member_id)
    if after is not None:
        query = query.where(Training.id > after)
    return session.scalars(query.order_by(Training.id).limit(limit)).all()
