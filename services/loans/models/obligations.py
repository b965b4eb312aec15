"""What a month that ended with too much NPF obliges the cooperative to."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class NpfObligation(Base):
    """A special audit and a plan to improve, owed since a month's end (R160)."""

    __tablename__ = "npf_obligations"
    __table_args__ = (
        CheckConstraint("level IN ('plan', 'licence_risk')", name="level"),
        CheckConstraint("limit_bps >= 0 AND npf_bps > limit_bps", name="npf"),
        CheckConstraint("due_on > day", name="due_on"),
        CheckConstraint(
            "num_nulls(closed_at, closed_by, note, document) IN (0, 4)", name="closed"
        ),
        Index(
            "ix_npf_obligations_open",
            "cooperative_id",
            "day",
            postgresql_where="closed_at IS NULL",
        ),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    # The month's end: one of a cooperative per month, however often it is looked at.
    day: Mapped[date] = mapped_column(primary_key=True)
    npf_bps: Mapped[int] = mapped_column(Integer)
    # The bound of then that it was above.
    limit_bps: Mapped[int] = mapped_column(Integer)
    level: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # What was done, and under what name the papers are kept.
    note: Mapped[str | None] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text)
    closed_by: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
