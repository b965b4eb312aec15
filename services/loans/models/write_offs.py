"""Loans that are taken off the balance sheet, and are collected all the same."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class WriteOff(Base):
    """What one proposed and the pengurus decided, with the consent of the pengawas."""

    __tablename__ = "write_offs"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_write_offs_loan",
        ),
        CheckConstraint("principal > 0", name="principal"),
        CheckConstraint(
            "status IN ('proposed', 'approved', 'rejected')", name="status"
        ),
        CheckConstraint(
            "(status = 'proposed') = (decided_by IS NULL) "
            "AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        CheckConstraint(
            "status <> 'approved' OR decided_by <> proposed_by", name="two_persons"
        ),
        # At most one that is not rejected: a loan is written off once.
        Index(
            "uq_write_offs_loan_id",
            "loan_id",
            unique=True,
            postgresql_where="status <> 'rejected'",
        ),
        Index("ix_write_offs_loan_id", "cooperative_id", "loan_id", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    loan_id: Mapped[str] = mapped_column(Text)
    principal: Mapped[int] = mapped_column(MoneyColumn)
    reason: Mapped[str] = mapped_column(Text)
    # Pengawas change nothing in the system: their consent is on paper.
    consent_by: Mapped[str] = mapped_column(Text)
    consent_on: Mapped[date]
    consent_document: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
