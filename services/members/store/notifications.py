"""How messages to people are claimed, marked and listed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from services.members.domain import notifications
from services.members.models import Notification


def claim_due(
    session: Session, *, channel: str, now: datetime, lease_seconds: float
) -> Notification | None:
    """The message of a channel that waits longest; nobody else takes it for a while.

    The lease is what a sender that dies leaves behind: the message is due again.
    """
    oldest = (
        select(Notification.id)
        .where(
            Notification.status == notifications.WAITING,
            Notification.channel == channel,
            Notification.due_at <= now,
        )
        .order_by(Notification.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    return session.scalar(
        update(Notification)
        .where(Notification.id == oldest)
        .values(
            attempts=Notification.attempts + 1,
            due_at=now + timedelta(seconds=lease_seconds),
        )
        .returning(Notification)
    )


def mark_sent(session: Session, message_id: str, at: datetime) -> None:
    """The mail server has taken the message."""
    _change(session, message_id, status=notifications.SENT, sent_at=at, fault=None)


def mark_failed(session: Session, message_id: str, fault: str) -> None:
    """Nobody tries any more."""
    _change(session, message_id, status=notifications.FAILED, fault=fault)


def postpone(session: Session, message_id: str, *, until: datetime, fault: str) -> None:
    """Try again later."""
    _change(session, message_id, due_at=until, fault=fault)


def _change(session: Session, message_id: str, **values: object) -> None:
    session.execute(
        update(Notification)
        .where(
            Notification.id == message_id,
            Notification.status == notifications.WAITING,
        )
        .values(**values)
    )


def list_notifications(
    session: Session,
    *,
    cooperative_id: str | None,
    status: str | None,
    after: str | None,
    limit: int,
) -> Sequence[Notification]:
    """Messages past ``after``, oldest first."""
    query = select(Notification).order_by(Notification.id).limit(limit)
    if cooperative_id is not None:
        query = query.where(Notification.cooperative_id == cooperative_id)
    if status is not None:
        query = query.where(Notification.status == status)
    if after is not None:
        query = query.where(Notification.id > after)
    return session.scalars(query).all()


def count_waiting(session: Session, channel: str) -> int:
    """How many messages of a channel wait to be sent."""
    found = session.scalar(
        select(func.count())
        .select_from(Notification)
        .where(
            Notification.status == notifications.WAITING,
            Notification.channel == channel,
        )
    )
    return found or 0


def forget(session: Session, *, before: datetime) -> None:
    """Drop messages of long ago that are not waiting any more."""
    session.execute(
        delete(Notification).where(
            Notification.created_at < before,
            Notification.status != notifications.WAITING,
        )
    )
