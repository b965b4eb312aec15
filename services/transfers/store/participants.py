"""Rows of participants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.transfers import models
from services.transfers.domain.participants import CLOSED, Participant


def load_concerned(
    session: Session, *, ids: Iterable[str], codes: Iterable[str]
) -> list[Participant]:
    """The participants with one of these ids or codes."""
    rows = session.execute(
        text(
            "SELECT cooperative_id, code, status, mode FROM participants "
            "WHERE cooperative_id = ANY(:ids) OR code = ANY(:codes)"
        ),
        {"ids": list(ids), "codes": list(codes)},
    )
    return [Participant(**row) for row in rows.mappings()]


def add_new(session: Session, *, cooperative_id: str, code: str) -> None:
    """Let a cooperative take part, with no right to owe; nothing if it does already."""
    session.execute(
        insert(models.Participant)
        .values(cooperative_id=cooperative_id, code=code)
        .on_conflict_do_nothing(index_elements=["cooperative_id"])
    )


def find(session: Session, cooperative_id: str) -> models.Participant | None:
    """One participant, with everything the hub knows of it."""
    return session.get(models.Participant, cooperative_id)


def find_locked(session: Session, cooperative_id: str) -> models.Participant | None:
    """One participant, held until the transaction ends."""
    return session.get(models.Participant, cooperative_id, with_for_update=True)


def lock_with_secret(session: Session) -> Sequence[models.Participant]:
    """The participants that have a callback secret, held until the transaction ends."""
    query = (
        select(models.Participant)
        .where(models.Participant.callback_secret.is_not(None))
        .order_by(models.Participant.cooperative_id)
        .with_for_update()
    )
    return session.scalars(query).all()


def list_page(
    session: Session, *, after_code: str | None, limit: int
) -> Sequence[models.Participant]:
    """Participants in the order of their codes."""
    query = select(models.Participant).order_by(models.Participant.code).limit(limit)
    if after_code is not None:
        query = query.where(models.Participant.code > after_code)
    return session.scalars(query).all()


def set_status(session: Session, cooperative_id: str, status: str) -> bool:
    """Suspend, reactivate or close; whether that changed anything.

    Who is closed stays so.
    """
    result = session.execute(
        update(models.Participant)
        .where(
            models.Participant.cooperative_id == cooperative_id,
            models.Participant.status.not_in([status, CLOSED]),
        )
        .values(status=status)
        .returning(models.Participant.cooperative_id)
    )
    return result.first() is not None


def set_alarmed(session: Session, cooperative_id: str, *, is_alarmed: bool) -> bool:
    """Note that the alarm was raised or is over; whether that is news."""
    result = session.execute(
        update(models.Participant)
        .where(
            models.Participant.cooperative_id == cooperative_id,
            models.Participant.is_alarmed != is_alarmed,
        )
        .values(is_alarmed=is_alarmed)
        .returning(models.Participant.cooperative_id)
    )
    return result.first() is not None
