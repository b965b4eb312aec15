"""What borrowers let be taken from their savings when an instalment is due."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class Autodebit(Base):
    """A consent, kept also when it was revoked, and how the last debit went."""

    __tablename__ = "autodebits"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_autodebits_loan",
        ),
        CheckConstraint("(revoked_by IS NULL) = (revoked_at IS NULL)", name="revoked"),
        CheckConstraint(
            "failures >= 0 AND missing >= 0 AND (failures = 0) = (missing = 0) "
            "AND (failures = 0 OR tried_on IS NOT NULL)",
            name="failures",
        ),
        Index(
            "uq_autodebits_standing",
            "loan_id",
            unique=True,
            postgresql_where="revoked_at IS NULL",
        ),
        Index(
            "ix_autodebits_standing",
            "cooperative_id",
            "id",
            postgresql_where="revoked_at IS NULL",
        ),
        Index("ix_autodebits_loan_id", "cooperative_id", "loan_id", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    loan_id: Mapped[str] = mapped_column(Text)
    savings_account: Mapped[str] = mapped_column(Text)
    # The power of attorney on paper; none where the borrower consented by itself.
    document: Mapped[str | None] = mapped_column(Text)
    consented_by: Mapped[str] = mapped_column(Text)
    consented_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_by: Mapped[str | None] = mapped_column(Text)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The last business date on which something was due; what of it could not be
    # taken, and on how many of these days in a row.
    tried_on: Mapped[date | None]
    missing: Mapped[int] = mapped_column(MoneyColumn)
    failures: Mapped[int] = mapped_column(Integer)
