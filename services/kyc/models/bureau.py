"""Reports of the credit bureau, encrypted."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class BureauReport(Base):
    """An iDEB that was handed in: the file, and what it comes to."""

    __tablename__ = "bureau_reports"
    __table_args__ = (
        UniqueConstraint(
            "cooperative_id",
            "member_id",
            "content_hash",
            name="uq_bureau_reports_member_id_content_hash",
        ),
        Index(
            "ix_bureau_reports_member_id",
            "cooperative_id",
            "member_id",
            "report_date",
            "id",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(Text)
    report_date: Mapped[date]
    summary: Mapped[bytes] = mapped_column(LargeBinary)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    uploaded_by: Mapped[str] = mapped_column(Text)
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
