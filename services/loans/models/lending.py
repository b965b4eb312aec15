"""How a cooperative decides on loans and keeps the cash for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class LendingSettings(Base):
    """What a cooperative has set; no row is all defaults."""

    __tablename__ = "lending_settings"
    __table_args__ = (
        CheckConstraint("cash_reserve >= 0", name="cash_reserve"),
        CheckConstraint(
            "jsonb_typeof(tiers) = 'array' AND jsonb_array_length(tiers) > 0",
            name="tiers",
        ),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    # By rising amount: {"through", "quorum", "roles"} (domain/decisions.py: Tier).
    tiers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    # What stays in cash and bank whatever is lent.
    cash_reserve: Mapped[int] = mapped_column(MoneyColumn)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(Text)
