"""When borrowers are reminded, and of what they were."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Integer,
    SmallInteger,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class ReminderSettings(Base):
    """How many days before and after a due day a cooperative's borrowers are told."""

    __tablename__ = "reminder_settings"
    __table_args__ = (
        CheckConstraint(
            "0 <= ALL (days_before) AND 60 >= ALL (days_before) "
            "AND 1 <= ALL (days_after) AND 365 >= ALL (days_after)",
            name="days",
        ),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    days_before: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    days_after: Mapped[list[int]] = mapped_column(ARRAY(Integer))


class InstalmentReminder(Base):
    """One reminder that was sent; ``days_after`` is negative before the due day."""

    __tablename__ = "instalment_reminders"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_instalment_reminders_loan",
        ),
    )

    loan_id: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    days_after: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
