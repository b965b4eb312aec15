"""The codes by which a member proves that a phone or an e-mail address is its own."""

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


class VerificationCode(Base):
    """One code that was sent; only its keyed hash is kept."""

    __tablename__ = "verification_codes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "member_id"], ["members.cooperative_id", "members.id"]
        ),
        CheckConstraint("channel IN ('email', 'phone')", name="channel"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("expires_at > created_at", name="expires_at"),
        Index(
            "ix_verification_codes_member_id",
            "cooperative_id",
            "member_id",
            "channel",
            "id",
        ),
        Index("ix_verification_codes_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    # Where it was sent: a code proves nothing about the address that came after.
    target_hash: Mapped[bytes] = mapped_column(LargeBinary)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    attempts: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
