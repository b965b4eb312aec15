"""The tenants, their keys and their counters."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class Cooperative(Base):
    """A cooperative of the hub: the tenant that every other row belongs to."""

    __tablename__ = "cooperatives"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("code ~ '^[0-9]{4}$'", name="code"),
        CheckConstraint("kind IN ('ksp_primer', 'ksp_sekunder', 'ksu')", name="kind"),
        CheckConstraint(
            "status IN ('registered', 'active', 'deactivated', 'closing', 'closed')",
            name="status",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DataKey(Base):
    """The key of a cooperative's personal data, wrapped by the master key.

    Destroying this row makes the personal data of the cooperative unreadable for ever,
    backups included.
    """

    __tablename__ = "data_keys"

    cooperative_id: Mapped[str] = mapped_column(
        ForeignKey("cooperatives.id"), primary_key=True
    )
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # While a new key replaces it: what the old one made is read until made anew.
    previous_wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)


class Counter(Base):
    """The last number given, per cooperative and kind of number."""

    __tablename__ = "counters"
    __table_args__ = (CheckConstraint("value > 0", name="value"),)

    cooperative_id: Mapped[str] = mapped_column(
        ForeignKey("cooperatives.id"), primary_key=True
    )
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
