"""What a cooperative asks of who wants a loan, where it asks for other than usual."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class ApplicationSettings(Base):
    """The rules of one cooperative; there is no row until it sets its own."""

    __tablename__ = "application_settings"
    __table_args__ = (
        CheckConstraint(
            "minimum_membership_months BETWEEN 0 AND 120",
            name="minimum_membership_months",
        ),
        CheckConstraint("service_ratio_bps BETWEEN 1 AND 10000", name="service_ratio"),
        CheckConstraint("turnover_bps BETWEEN 1 AND 10000", name="turnover"),
        # Permenkop 8/2023 art. 44 and 45: stricter is allowed, more is not.
        CheckConstraint("related_bps BETWEEN 1 AND 1000", name="related"),
        CheckConstraint("other_bps BETWEEN 1 AND 1500", name="other"),
        CheckConstraint("training_months BETWEEN 1 AND 120", name="training_months"),
        CheckConstraint(
            "group_arrears_days BETWEEN 0 AND 365 AND call_days BETWEEN 1 AND 365",
            name="days",
        ),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    minimum_membership_months: Mapped[int] = mapped_column(Integer)
    service_ratio_bps: Mapped[int] = mapped_column(Integer)
    service_ratio_is_hard: Mapped[bool]
    turnover_bps: Mapped[int] = mapped_column(Integer)
    related_bps: Mapped[int] = mapped_column(Integer)
    other_bps: Mapped[int] = mapped_column(Integer)
    training_months: Mapped[int] = mapped_column(Integer)
    requires_check: Mapped[bool]
    group_arrears_days: Mapped[int] = mapped_column(Integer)
    call_days: Mapped[int] = mapped_column(Integer)
    # What is taken off an appraisal, by kind of collateral, in basis points.
    haircuts: Mapped[dict[str, int]] = mapped_column(JSONB)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(Text)
