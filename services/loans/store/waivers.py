"""How waivers of penalties are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.loans.models import PenaltyWaiver


def add_waiver(session: Session, **columns: Any) -> PenaltyWaiver:
    """A waiver that nobody has decided on."""
    waiver = PenaltyWaiver(
        status="proposed", decided_by=None, decided_at=None, **columns
    )
    session.add(waiver)
    session.flush()
    return waiver


def lock_waiver(session: Session, waiver_id: str) -> PenaltyWaiver | None:
    """A waiver, held until the transaction ends."""
    return session.get(
        PenaltyWaiver, waiver_id, with_for_update=True, populate_existing=True
    )


def find_open(session: Session, loan_id: str) -> PenaltyWaiver | None:
    """The waiver of a loan that waits for its decision."""
    return session.scalar(
        select(PenaltyWaiver).where(
            PenaltyWaiver.loan_id == loan_id, PenaltyWaiver.status == "proposed"
        )
    )


def list_waivers(
    session: Session, loan_id: str, *, after: str | None, limit: int
) -> Sequence[PenaltyWaiver]:
    """Waivers of a loan past ``after``, in the order they were proposed."""
    query = (
        select(PenaltyWaiver)
        .where(PenaltyWaiver.loan_id == loan_id)
        .order_by(PenaltyWaiver.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(PenaltyWaiver.id > after)
    return session.scalars(query).all()
