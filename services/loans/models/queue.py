"""Who waits for what, since when, and in which order they were taken."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime

_LINES = "line IN ('verification', 'disbursement')"
_DISCIPLINES = "('fcfs', 'score', 'urgency')"
_WAITING = "state = 'waiting'"


class QueueEntry(Base):
    """An application in a line: R127's AT, start, end and what became of it."""

    __tablename__ = "queue_entries"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        UniqueConstraint("cooperative_id", "line", "number"),
        ForeignKeyConstraint(
            ["cooperative_id", "application_id"],
            ["loan_applications.cooperative_id", "loan_applications.id"],
            name="fk_queue_entries_application",
        ),
        CheckConstraint(_LINES, name="line"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("score_bps BETWEEN 0 AND 10000", name="score_bps"),
        CheckConstraint("urgency BETWEEN 0 AND 3", name="urgency"),
        CheckConstraint("state IN ('waiting', 'serving', 'done')", name="state"),
        CheckConstraint(
            "state <> 'serving' OR (started_at IS NOT NULL AND analyst IS NOT NULL)",
            name="serving",
        ),
        CheckConstraint(
            "(state = 'done') = (ended_at IS NOT NULL) "
            "AND (state = 'done') = (outcome IS NOT NULL)",
            name="done",
        ),
        CheckConstraint(
            "started_at >= arrived_at AND ended_at >= started_at", name="in_order"
        ),
        # Nobody stands twice in one line.
        Index(
            "uq_queue_entries_open",
            "cooperative_id",
            "line",
            "application_id",
            unique=True,
            postgresql_where="state <> 'done'",
        ),
        # The line, in the order of each discipline.
        Index(
            "ix_queue_entries_fcfs",
            "cooperative_id",
            "line",
            "arrived_at",
            "number",
            postgresql_where=_WAITING,
        ),
        Index(
            "ix_queue_entries_score",
            "cooperative_id",
            "line",
            "score_bps",
            postgresql_where=_WAITING,
        ),
        Index(
            "ix_queue_entries_urgency",
            "cooperative_id",
            "line",
            "urgency",
            postgresql_where=_WAITING,
        ),
        Index(
            "ix_queue_entries_arrived_at",
            "cooperative_id",
            "line",
            "arrived_at",
            postgresql_where="started_at IS NOT NULL",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    line: Mapped[str] = mapped_column(Text)
    application_id: Mapped[str] = mapped_column(Text)
    # The log's position of its arrival: who comes first of two at the same moment.
    number: Mapped[int] = mapped_column(BigInteger)
    arrived_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # None while it has not been scored.
    score_bps: Mapped[int | None] = mapped_column(SmallInteger)
    urgency: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(Text)
    # When work on it began for the first time; it stays when it is handed back.
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    analyst: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)


class QueueEvent(Base):
    """One change of a line, in their order: whoever doubts it replays them."""

    __tablename__ = "queue_events"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "entry_id"],
            ["queue_entries.cooperative_id", "queue_entries.id"],
            name="fk_queue_events_entry",
        ),
        CheckConstraint(_LINES, name="line"),
        CheckConstraint("position > 0", name="position"),
        CheckConstraint(
            "kind IN ('arrived', 'scored', 'taken', 'returned', 'left')", name="kind"
        ),
        CheckConstraint(f"discipline IN {_DISCIPLINES}", name="discipline"),
        CheckConstraint(
            "(kind = 'arrived') = (arrived_at IS NOT NULL)", name="arrived_at"
        ),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    line: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(Text)
    entry_id: Mapped[str] = mapped_column(Text)
    # By which the line was ordered at that moment.
    discipline: Mapped[str] = mapped_column(Text)
    arrived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    score_bps: Mapped[int | None] = mapped_column(SmallInteger)
    urgency: Mapped[int] = mapped_column(SmallInteger)
    # Who stood before the one taken but was just being changed by somebody else.
    passed_over: Mapped[list[str]] = mapped_column(ARRAY(Text))
    # Why it was taken out of turn, handed back, or what became of it.
    reason: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str | None] = mapped_column(Text)


class QueueSettings(Base):
    """How the lines of a cooperative are ordered, and whether there is a second one."""

    __tablename__ = "queue_settings"
    __table_args__ = (
        CheckConstraint(
            f"verification_discipline IN {_DISCIPLINES} "
            f"AND disbursement_discipline IN {_DISCIPLINES}",
            name="disciplines",
        ),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    verification_discipline: Mapped[str] = mapped_column(Text)
    # R128, Model B: whether what is signed waits in a line of its own for cash.
    orders_disbursements: Mapped[bool]
    disbursement_discipline: Mapped[str] = mapped_column(Text)
