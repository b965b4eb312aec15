"""What a cooperative asks of those who want to become members."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class MemberForm(Base):
    """One version of a cooperative's registration form; the newest is in force."""

    __tablename__ = "member_forms"
    __table_args__ = (CheckConstraint("version > 0", name="version"),)

    cooperative_id: Mapped[str] = mapped_column(
        ForeignKey("cooperatives.id"), primary_key=True
    )
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(Text)
