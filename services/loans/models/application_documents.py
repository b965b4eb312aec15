"""The papers that come with an application: forms, payslips, deeds, photographs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class ApplicationDocument(Base):
    """One file; its content is encrypted and is read only on demand."""

    __tablename__ = "application_documents"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        ForeignKeyConstraint(
            ["cooperative_id", "application_id"],
            ["loan_applications.cooperative_id", "loan_applications.id"],
            name="fk_application_documents_application",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "collateral_id"],
            ["collaterals.cooperative_id", "collaterals.id"],
            name="fk_application_documents_collateral",
        ),
        CheckConstraint(
            "kind IN ('application_form', 'payslip', 'cash_book', 'ktp', 'kk', "
            "'business_permit', 'collateral_photo', 'collateral_deed', 'akad_signed', "
            "'consent', 'other')",
            name="kind",
        ),
        CheckConstraint(
            "media_type IN ('image/jpeg', 'image/png', 'application/pdf')",
            name="media_type",
        ),
        CheckConstraint("size_bytes BETWEEN 1 AND 5242880", name="size_bytes"),
        Index(
            "ix_application_documents_application_id",
            "cooperative_id",
            "application_id",
            "id",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    application_id: Mapped[str] = mapped_column(Text)
    # What it shows, where it shows collateral.
    collateral_id: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(Integer)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    uploaded_by: Mapped[str] = mapped_column(Text)
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
