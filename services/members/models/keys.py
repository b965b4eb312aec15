"""The keys of look-up hashes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class LookupKey(Base):
    """The key of the hashes for one purpose, of the whole hub, wrapped."""

    __tablename__ = "lookup_keys"

    purpose: Mapped[str] = mapped_column(Text, primary_key=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
