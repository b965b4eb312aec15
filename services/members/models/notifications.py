"""Messages to people that wait to be sent, or were."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class Notification(Base):
    """One message to one person; recipient and content are encrypted."""

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint("channel IN ('email', 'whatsapp')", name="channel"),
        CheckConstraint("status IN ('waiting', 'sent', 'failed')", name="status"),
        CheckConstraint("(status = 'sent') = (sent_at IS NOT NULL)", name="sent_at"),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index(
            "ix_notifications_due",
            "channel",
            "due_at",
            postgresql_where="status = 'waiting'",
        ),
        Index("ix_notifications_cooperative_id_id", "cooperative_id", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    template: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    # Recipient and the template's values as encrypted JSON.
    content: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer)
    fault: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
