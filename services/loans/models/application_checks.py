"""How the identity of who applies was checked: what the kyc service answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class ApplicationCheck(Base):
    """One request of a check. Only after it came to nothing there is a next one."""

    __tablename__ = "application_checks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "application_id"],
            ["loan_applications.cooperative_id", "loan_applications.id"],
            name="fk_application_checks_application",
        ),
        CheckConstraint("attempt > 0", name="attempt"),
        CheckConstraint(
            "status IN ('requested', 'checking', 'done', 'failed', 'refused')",
            name="status",
        ),
        CheckConstraint("result IN ('LOLOS', 'TINJAU', 'GAGAL')", name="result"),
        CheckConstraint("(status = 'done') = (result IS NOT NULL)", name="done"),
        CheckConstraint("fee_amount >= 0", name="fee_amount"),
    )

    application_id: Mapped[str] = mapped_column(Text, primary_key=True)
    attempt: Mapped[int] = mapped_column(Integer, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    feature: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    # The check's id at the kyc service, once that has answered.
    check_id: Mapped[str | None] = mapped_column(Text)
    result: Mapped[str | None] = mapped_column(Text)
    fault: Mapped[str | None] = mapped_column(Text)
    # Kind, result and score of each part; what they were judged by stays there.
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    fee_amount: Mapped[int] = mapped_column(MoneyColumn)
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
