"""What a cooperative offers to savers, and what it asks of its members."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class SavingsProduct(Base):
    """A savings product (tabungan); ``digits`` are those of its account numbers."""

    __tablename__ = "savings_products"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "digits"),
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{0,29}$'", name="code"),
        CheckConstraint("digits ~ '^[1-3][0-9]$'", name="digits"),
        CheckConstraint(
            "interest_method IN ('lowest', 'average', 'daily')", name="interest_method"
        ),
        CheckConstraint("minimum_balance >= 0", name="minimum_balance"),
        CheckConstraint("status IN ('open', 'retired')", name="status"),
    )

    cooperative_id: Mapped[str] = mapped_column(
        ForeignKey("cooperatives.id"), primary_key=True
    )
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    digits: Mapped[str] = mapped_column(Text)
    interest_method: Mapped[str] = mapped_column(Text)
    minimum_balance: Mapped[int] = mapped_column(MoneyColumn)
    status: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SavingsRate(Base):
    """The yearly interest of a product in basis points, from a month on."""

    __tablename__ = "savings_rates"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "product"],
            ["savings_products.cooperative_id", "savings_products.code"],
        ),
        CheckConstraint("rate_bps BETWEEN 0 AND 900", name="rate_bps"),
        CheckConstraint("extract(day FROM valid_from) = 1", name="valid_from"),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    product: Mapped[str] = mapped_column(Text, primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    rate_bps: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ContributionTerm(Base):
    """What simpanan pokok or wajib amounts to, from a month on."""

    __tablename__ = "contribution_terms"
    __table_args__ = (
        CheckConstraint("kind IN ('pokok', 'wajib')", name="kind"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("due_day BETWEEN 1 AND 28", name="due_day"),
        CheckConstraint("extract(day FROM valid_from) = 1", name="valid_from"),
    )

    cooperative_id: Mapped[str] = mapped_column(
        ForeignKey("cooperatives.id"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    due_day: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def place(self) -> str:
        """Where the term stands in lists."""
        return f"{self.kind} {self.valid_from.isoformat()}"
