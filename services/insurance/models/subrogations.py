"""What insurers that have paid may recover, and what was recovered."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class Subrogation(Base):
    """The insurer's right to what it has paid, and how much of it came back."""

    __tablename__ = "subrogations"
    __table_args__ = (
        UniqueConstraint(
            "cooperative_id", "id", name="uq_subrogations_cooperative_id_id"
        ),
        UniqueConstraint(
            "cooperative_id", "claim_id", name="uq_subrogations_cooperative_id_claim_id"
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "claim_id"],
            ["claims.cooperative_id", "claims.id"],
            name="fk_subrogations_claim_id",
        ),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint(
            "recovered_amount BETWEEN 0 AND amount", name="recovered_amount"
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    claim_id: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    recovered_amount: Mapped[int] = mapped_column(MoneyColumn)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Recovery(Base):
    """Money that was recovered once; rows are only ever added."""

    __tablename__ = "recoveries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "subrogation_id"],
            ["subrogations.cooperative_id", "subrogations.id"],
            name="fk_recoveries_subrogation_id",
        ),
        CheckConstraint("amount > 0", name="amount"),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    reference: Mapped[str] = mapped_column(Text, primary_key=True)
    subrogation_id: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    recovered_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
