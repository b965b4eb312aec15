"""The people of a cooperative."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class Member(Base):
    """A person who is, or applies to be, a member of one cooperative."""

    __tablename__ = "members"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        UniqueConstraint("cooperative_id", "number"),
        UniqueConstraint("cooperative_id", "nik_hash"),
        CheckConstraint("status IN ('candidate', 'active')", name="status"),
        CheckConstraint(
            "(status = 'candidate') = (activated_at IS NULL)", name="activated_at"
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(ForeignKey("cooperatives.id"))
    number: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    # HMAC under one key of the hub: comparable, useless without the key.
    nik_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    # NIK, phone, e-mail, birth date and address as encrypted JSON.
    personal_data: Mapped[bytes] = mapped_column(LargeBinary)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
