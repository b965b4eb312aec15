"""The audit trail: every change that matters, in one hash chain per cooperative."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class AuditHead(Base):
    """The end of a cooperative's chain: the place where the next entry goes."""

    __tablename__ = "audit_heads"
    __table_args__ = (CheckConstraint("position >= 0", name="position"),)

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditEntry(Base):
    """Who did what to what, and how it was before and after; rows are only added."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint("position > 0", name="position"),
        Index("ix_audit_entries_subject", "cooperative_id", "subject", "position"),
        Index("ix_audit_entries_actor", "cooperative_id", "actor", "position"),
        Index("ix_audit_entries_action", "cooperative_id", "action", "position"),
        Index("ix_audit_entries_at", "cooperative_id", "at"),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    # What changed, never personal data: of that only that it changed.
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    request_id: Mapped[str | None] = mapped_column(Text)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
