"""How the risk profile and the trainings of staff are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.loans.models import RiskProfile, StaffTraining


def find(session: Session, cooperative_id: str) -> RiskProfile | None:
    """What the cooperative has told of itself."""
    return session.get(RiskProfile, cooperative_id, populate_existing=True)


def keep(session: Session, cooperative_id: str, **columns: Any) -> None:
    """Keep what it tells now, instead of what was before."""
    session.execute(
        insert(RiskProfile)
        .values(cooperative_id=cooperative_id, **columns)
        .on_conflict_do_update(index_elements=["cooperative_id"], set_=columns)
    )


def add_training(session: Session, training: StaffTraining) -> None:
    """Keep that staff was trained."""
    session.add(training)
    session.flush()


def count_trainings(session: Session, cooperative_id: str, year: int) -> int:
    """How many were held in a calendar year."""
    return (
        session.scalar(
            select(func.count())
            .select_from(StaffTraining)
            .where(
                StaffTraining.cooperative_id == cooperative_id,
                *_in_year(year),
            )
        )
        or 0
    )


def list_trainings(
    session: Session,
    cooperative_id: str,
    *,
    year: int | None,
    before: str | None,
    limit: int,
) -> Sequence[StaffTraining]:
    """Of a year or of all, the latest first; ``before`` is day and id of the last."""
    query = (
        select(StaffTraining)
        .where(StaffTraining.cooperative_id == cooperative_id)
        .order_by(StaffTraining.held_on.desc(), StaffTraining.id.desc())
        .limit(limit)
    )
    if year is not None:
        query = query.where(*_in_year(year))
    if before is not None:
        day, _, id_ = before.partition(" ")
        place = (date.fromisoformat(day), id_)
        query = query.where(tuple_(StaffTraining.held_on, StaffTraining.id) < place)
    return session.scalars(query).all()


def _in_year(year: int) -> tuple[Any, ...]:
    return (
        StaffTraining.held_on >= date(year, 1, 1),
        StaffTraining.held_on <= date(year, 12, 31),
    )
