"""What a cooperative tells of itself for its risk profile, and how its staff learns."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class RiskProfile(Base):
    """What no data tells of a cooperative (R162); without a row, nothing is known."""

    __tablename__ = "risk_profiles"
    __table_args__ = (
        CheckConstraint("certified_staff >= 0", name="certified_staff"),
        CheckConstraint("location IN ('city', 'remote')", name="location"),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    certified_staff: Mapped[int | None] = mapped_column(Integer)
    location: Mapped[str | None] = mapped_column(Text)
    founded_on: Mapped[date | None]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(Text)


class StaffTraining(Base):
    """A training that staff of the cooperative attended (R163)."""

    __tablename__ = "staff_trainings"
    __table_args__ = (
        CheckConstraint("participants > 0", name="participants"),
        Index("ix_staff_trainings_held_on", "cooperative_id", "held_on", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    topic: Mapped[str] = mapped_column(Text)
    # Who gave it.
    provider: Mapped[str] = mapped_column(Text)
    held_on: Mapped[date]
    participants: Mapped[int] = mapped_column(Integer)
    # Under what name the certificates or the list of attendance are kept.
    document: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
