"""Statements of BPJSTK about what members earn, encrypted."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class IncomeStatement(Base):
    """A statement about one month; that of the latest month counts."""

    __tablename__ = "income_statements"
    __table_args__ = (
        CheckConstraint("source IN ('upload', 'vendor')", name="source"),
        Index(
            "ix_income_statements_member_id",
            "cooperative_id",
            "member_id",
            "month",
            "id",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    month: Mapped[date]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
