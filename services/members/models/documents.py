"""The papers of members: photographs of KTPs, selfies, proofs of payment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class Document(Base):
    """One file of a member; its content is encrypted and is read only on demand."""

    __tablename__ = "documents"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "member_id"], ["members.cooperative_id", "members.id"]
        ),
        CheckConstraint(
            "kind IN ('ktp', 'selfie', 'payment_proof', 'other')", name="kind"
        ),
        CheckConstraint(
            "media_type IN ('image/jpeg', 'image/png', 'application/pdf')",
            name="media_type",
        ),
        CheckConstraint("size_bytes BETWEEN 1 AND 5242880", name="size_bytes"),
        CheckConstraint(
            "status IN ('submitted', 'accepted', 'rejected')", name="status"
        ),
        CheckConstraint(
            "(status = 'submitted') = (reviewed_by IS NULL)", name="reviewed_by"
        ),
        CheckConstraint(
            "(reviewed_by IS NULL) = (reviewed_at IS NULL)", name="reviewed_at"
        ),
        CheckConstraint("(status = 'rejected') = (reason IS NOT NULL)", name="reason"),
        Index("ix_documents_member_id", "cooperative_id", "member_id", "id"),
        Index("ix_documents_status", "cooperative_id", "status", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(Integer)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    status: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    uploaded_by: Mapped[str] = mapped_column(Text)
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reviewed_by: Mapped[str | None] = mapped_column(Text)
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
