"""How lines are read and written; `lock` makes everything else of a line safe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.loans.domain import applications as applications_domain
from services.loans.domain import queue as domain
from services.loans.models import (
    LoanApplication,
    QueueEntry,
    QueueEvent,
    QueueSettings,
)
from services.shared.persistence import numbering

EVENTS_AT_ONCE: Final = 1000

_LAST: Final = domain.UNSCORED


class Standing(NamedTuple):
    """An entry and the application that it stands for."""

    entry: QueueEntry
    application: LoanApplication


class Placed(NamedTuple):
    """The same, with its place in the line."""

    entry: QueueEntry
    application: LoanApplication
    position: int


class Times(NamedTuple):
    """What is known of somebody who was served."""

    id: str
    arrived_at: datetime
    started_at: datetime
    ended_at: datetime
    score_bps: int | None
    urgency: int


def find_settings(session: Session, cooperative_id: str) -> QueueSettings | None:
    """How the cooperative orders its lines, None while it has not said."""
    return session.get(QueueSettings, cooperative_id)


def keep_settings(session: Session, cooperative_id: str, **columns: Any) -> None:
    """Keep new settings."""
    session.execute(
        insert(QueueSettings)
        .values(cooperative_id=cooperative_id, **columns)
        .on_conflict_do_update(index_elements=["cooperative_id"], set_=columns)
    )


def lock(session: Session, cooperative_id: str, line: str) -> int:
    """Hold a line until the transaction ends; the next position of its log.

    Everything that changes a line does this first, so that the log has the order in
    which things happened and not the one in which transactions were committed.
    """
    return numbering.next_number(session, cooperative_id, f"loan queue {line}")


def add_entry(session: Session, entry: QueueEntry) -> None:
    """Put somebody into a line."""
    session.add(entry)
    session.flush()


def add_event(session: Session, event: QueueEvent) -> None:
    """Write the log on."""
    session.add(event)
    session.flush()


def find_entry(session: Session, entry_id: str) -> QueueEntry | None:
    """An entry by its id, as it is now."""
    return session.get(QueueEntry, entry_id, populate_existing=True)


def open_entry(session: Session, application_id: str, line: str) -> QueueEntry | None:
    """Where an application stands in a line, if it does."""
    return session.scalar(
        select(QueueEntry)
        .where(
            QueueEntry.application_id == application_id,
            QueueEntry.line == line,
            QueueEntry.state != domain.DONE,
        )
        .execution_options(populate_existing=True)
    )


def latest_entry(session: Session, application_id: str, line: str) -> QueueEntry:
    """Where an application stands or last stood in a line."""
    return session.scalars(
        select(QueueEntry)
        .where(QueueEntry.application_id == application_id, QueueEntry.line == line)
        .order_by(QueueEntry.number.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).one()


def take_first(session: Session, line: str, discipline: str) -> Standing | None:
    """The first of a line whose application nobody else is changing, locked.

    Waits for nobody: whoever holds an application's row may be waiting for the line.
    """
    row = session.execute(
        select(QueueEntry, LoanApplication)
        .join(LoanApplication, LoanApplication.id == QueueEntry.application_id)
        .where(
            *_waiting(line),
            LoanApplication.status == applications_domain.QUEUED,
        )
        .order_by(*_order(discipline))
        .limit(1)
        # Whoever only refers to an application, like a score that is being written,
        # does not keep it from being taken.
        .with_for_update(skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    return None if row is None else Standing(*row)


def ahead_of(session: Session, entry: QueueEntry, discipline: str) -> list[str]:
    """The ids of all who stand before a waiting one."""
    return list(
        session.scalars(
            select(QueueEntry.id)
            .where(*_waiting(entry.line), _is_ahead(entry, discipline))
            .order_by(*_order(discipline))
        )
    )


def count_ahead_of(session: Session, entry: QueueEntry, discipline: str) -> int:
    """How many stand before a waiting one."""
    return session.execute(
        select(func.count())
        .select_from(QueueEntry)
        .where(*_waiting(entry.line), _is_ahead(entry, discipline))
    ).scalar_one()


def list_waiting(
    session: Session, line: str, discipline: str, *, after: int, limit: int
) -> list[Placed]:
    """Who waits, from the place behind ``after`` on, in order."""
    rows = session.execute(
        select(QueueEntry, LoanApplication)
        .join(LoanApplication, LoanApplication.id == QueueEntry.application_id)
        .where(*_waiting(line))
        .order_by(*_order(discipline))
        .offset(after)
        .limit(limit)
    )
    return [
        Placed(entry, application, position)
        for position, (entry, application) in enumerate(rows, start=after + 1)
    ]


def list_serving(
    session: Session, line: str, *, after: int, limit: int
) -> list[Standing]:
    """Who is being served, the longest first."""
    rows = session.execute(
        select(QueueEntry, LoanApplication)
        .join(LoanApplication, LoanApplication.id == QueueEntry.application_id)
        .where(QueueEntry.line == line, QueueEntry.state == domain.SERVING)
        .order_by(QueueEntry.started_at, QueueEntry.number)
        .offset(after)
        .limit(limit)
    )
    return [Standing(*row) for row in rows]


def served_between(
    session: Session, line: str, since: datetime, until: datetime, limit: int
) -> list[Times]:
    """Who came in this time and is done, in the order they came; at most the first."""
    rows = session.execute(
        select(
            QueueEntry.id,
            QueueEntry.arrived_at,
            QueueEntry.started_at,
            QueueEntry.ended_at,
            QueueEntry.score_bps,
            QueueEntry.urgency,
        )
        .where(
            QueueEntry.line == line,
            QueueEntry.arrived_at >= since,
            QueueEntry.arrived_at < until,
            QueueEntry.started_at.is_not(None),
            QueueEntry.ended_at.is_not(None),
        )
        .order_by(QueueEntry.arrived_at, QueueEntry.number)
        .limit(limit)
    )
    # The query asks for none that did not begin or end.
    return [Times(**row._mapping) for row in rows]  # noqa: SLF001  public


def waiting_since(session: Session, line: str) -> tuple[int, datetime | None]:
    """How many wait now, and since when the first of them has."""
    count, earliest = session.execute(
        select(func.count(), func.min(QueueEntry.arrived_at)).where(*_waiting(line))
    ).one()
    return count, earliest


def events_of(session: Session, cooperative_id: str, line: str) -> Iterator[QueueEvent]:
    """The log of a line from its beginning, a piece at a time."""
    after = 0
    while True:
        found: Sequence[QueueEvent] = session.scalars(
            select(QueueEvent)
            .where(
                QueueEvent.cooperative_id == cooperative_id,
                QueueEvent.line == line,
                QueueEvent.position > after,
            )
            .order_by(QueueEvent.position)
            .limit(EVENTS_AT_ONCE)
        ).all()
        yield from found
        if len(found) < EVENTS_AT_ONCE:
            return
        after = found[-1].position
        session.expunge_all()


def _waiting(line: str) -> tuple[ColumnElement[bool], ...]:
    return QueueEntry.line == line, QueueEntry.state == domain.WAITING


def _rank(discipline: str) -> list[ColumnElement[int]]:
    """What goes before the time of arrival, the highest first."""
    if discipline == domain.SCORE:
        return [func.coalesce(QueueEntry.score_bps, _LAST)]
    if discipline == domain.URGENCY:
        return [QueueEntry.urgency.expression]
    return []


def _order(discipline: str) -> list[ColumnElement[Any]]:
    """`domain/queue.py`: order, said in SQL."""
    ranks = [rank.desc() for rank in _rank(discipline)]
    return [*ranks, QueueEntry.arrived_at.expression, QueueEntry.number.expression]


def _is_ahead(entry: QueueEntry, discipline: str) -> ColumnElement[bool]:
    earlier = or_(
        QueueEntry.arrived_at < entry.arrived_at,
        and_(
            QueueEntry.arrived_at == entry.arrived_at,
            QueueEntry.number < entry.number,
        ),
    )
    if discipline == domain.FCFS:
        return earlier
    own = entry.urgency
    if discipline == domain.SCORE:
        own = _LAST if entry.score_bps is None else entry.score_bps
    [rank] = _rank(discipline)
    return or_(rank > own, and_(rank == own, earlier))
