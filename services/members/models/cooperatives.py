"""The tenants."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
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
