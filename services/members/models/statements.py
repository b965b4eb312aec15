"""How far passbooks have been printed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class Passbook(Base):
    """How far the passbook of an account has been printed."""

    __tablename__ = "passbooks"
    __table_args__ = (CheckConstraint("lines >= 0", name="lines"),)

    account: Mapped[str] = mapped_column(
        ForeignKey("accounts.number"), primary_key=True
    )
    cooperative_id: Mapped[str] = mapped_column(Text)
    # What was posted before this moment is printed; exclusive.
    printed_before: Mapped[datetime] = mapped_column(UtcDateTime)
    lines: Mapped[int] = mapped_column(BigInteger)
