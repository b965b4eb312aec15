"""How agreements are read and written."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.loans.models import Akad, Guarantee


def find_valid(session: Session, application_id: str) -> Akad | None:
    """The agreement of an application that was not replaced; see `lock_valid`."""
    return session.scalar(
        select(Akad).where(
            Akad.application_id == application_id, Akad.status != "replaced"
        )
    )


def lock_valid(session: Session, application_id: str) -> Akad | None:
    """The same, with its row locked."""
    return session.scalar(
        select(Akad)
        .where(Akad.application_id == application_id, Akad.status != "replaced")
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def find(session: Session, akad_id: str) -> Akad | None:
    """An agreement by its id."""
    return session.get(Akad, akad_id)


def guarantors_of(session: Session, application_id: str) -> Sequence[str]:
    """The names of the members who answer for the loan."""
    return session.scalars(
        select(Guarantee.member_name)
        .where(
            Guarantee.application_id == application_id,
            Guarantee.status != "withdrawn",
        )
        .order_by(Guarantee.id)
    ).all()
