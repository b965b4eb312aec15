"""Whose savings account is whose."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class Account(Base):
    """Whose savings account it is; the ledger keeps what is in it."""

    __tablename__ = "accounts"
    __table_args__ = (
        # The pair keeps an account and its owner in the same cooperative.
        ForeignKeyConstraint(
            ["cooperative_id", "member_id"], ["members.cooperative_id", "members.id"]
        ),
        CheckConstraint("number ~ '^[0-9]{16}$'", name="number"),
        CheckConstraint("product ~ '^[a-z][a-z0-9_]{0,29}$'", name="product"),
        CheckConstraint("status IN ('opening', 'active', 'closed')", name="status"),
        Index("ix_accounts_cooperative_id_number", "cooperative_id", "number"),
        Index(
            "ix_accounts_cooperative_id_member_id",
            "cooperative_id",
            "member_id",
            "number",
        ),
        Index(
            "ix_accounts_opening", "opened_at", postgresql_where="status = 'opening'"
        ),
    )

    number: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(Text)
    product: Mapped[str] = mapped_column(Text)
    # `opening` until the ledger has confirmed its side of the account.
    status: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
