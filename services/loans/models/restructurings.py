"""Loans that get new terms because the old ones cannot be kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class Restructuring(Base):
    """A proposal, its decision, its akad and what came of it (R152-R154)."""

    __tablename__ = "restructurings"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        UniqueConstraint("cooperative_id", "number"),
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_restructurings_loan",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "new_loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_restructurings_new_loan",
        ),
        CheckConstraint(
            "method IN ('longer_tenor', 'lower_instalment', 'grace_period', "
            "'principal_first', 'seasonal', 'capitalise_interest', 'lower_rate', "
            "'convert_product', 'extra_collateral', 'convert_to_equity')",
            name="method",
        ),
        CheckConstraint(
            "status IN ('proposed', 'approved', 'rejected', 'carried_out')",
            name="status",
        ),
        CheckConstraint(
            "(status = 'proposed') = (decided_by IS NULL) "
            "AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        # Who proposed never approves; a proposal may be taken back.
        CheckConstraint(
            "status NOT IN ('approved', 'carried_out') OR decided_by <> proposed_by",
            name="two_persons",
        ),
        CheckConstraint(
            "status NOT IN ('approved', 'carried_out') "
            "OR number IS NOT NULL AND content IS NOT NULL",
            name="akad",
        ),
        CheckConstraint(
            "(status = 'carried_out') = (signed_on IS NOT NULL) "
            "AND (signed_on IS NULL) = (report_due_on IS NULL)",
            name="signed",
        ),
        Index(
            "uq_restructurings_open",
            "loan_id",
            unique=True,
            postgresql_where="status IN ('proposed', 'approved')",
        ),
        Index("ix_restructurings_loan_id", "cooperative_id", "loan_id", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    loan_id: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    # What of the terms is to change (`domain/restructurings.py`: Wanted).
    wanted: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)
    # The papers of R154 by kind: ids or numbers under which they are kept.
    documents: Mapped[dict[str, str]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The akad restrukturisasi: its number and everything that is printed.
    number: Mapped[str | None] = mapped_column(Text)
    content: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    signed_on: Mapped[date | None]
    signed_by: Mapped[str | None] = mapped_column(Text)
    # None also where the debt became modal penyertaan.
    new_loan_id: Mapped[str | None] = mapped_column(Text)
    # R154: within seven days after the akad.
    report_due_on: Mapped[date | None]
    reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
