"""Loan agreements: what was offered for signature, and who signed it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class Akad(Base):
    """An agreement on a loan. While nobody has signed it, another may replace it."""

    __tablename__ = "akads"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        UniqueConstraint("cooperative_id", "number"),
        ForeignKeyConstraint(
            ["cooperative_id", "application_id"],
            ["loan_applications.cooperative_id", "loan_applications.id"],
            name="fk_akads_application",
        ),
        CheckConstraint("status IN ('drawn_up', 'replaced', 'signed')", name="status"),
        CheckConstraint("principal > 0", name="principal"),
        CheckConstraint(
            "administration >= 0 AND passed_fee >= 0 AND passed_premium >= 0 "
            "AND administration + passed_fee + passed_premium < principal",
            name="deductions",
        ),
        CheckConstraint(
            "(status = 'signed') = (signed_on IS NOT NULL) "
            "AND (status = 'signed') = (signed_by IS NOT NULL) "
            "AND (status = 'signed') = (recorded_by IS NOT NULL) "
            "AND (status = 'signed') = (recorded_at IS NOT NULL)",
            name="signed",
        ),
        Index(
            "uq_akads_valid",
            "cooperative_id",
            "application_id",
            unique=True,
            postgresql_where="status <> 'replaced'",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    application_id: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    principal: Mapped[int] = mapped_column(MoneyColumn)
    rate_bps: Mapped[int] = mapped_column(Integer)
    effective_rate_bps: Mapped[int] = mapped_column(Integer)
    count: Mapped[int] = mapped_column(Integer)
    # What the borrower agreed to have deducted.
    administration: Mapped[int] = mapped_column(MoneyColumn)
    passed_fee: Mapped[int] = mapped_column(MoneyColumn)
    passed_premium: Mapped[int] = mapped_column(MoneyColumn)
    savings_account: Mapped[str] = mapped_column(Text)
    # A day that was agreed on, such as that of a harvest; by default one period after
    # the loan is paid out.
    first_due_on: Mapped[date | None]
    # What the loan will be computed with: a `schedules.Terms` and its `loans.Rules`.
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    rules: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # The whole agreement as JSON, with its schedule and what secures it, encrypted;
    # from it the same bytes can be printed.
    content: Mapped[bytes] = mapped_column(LargeBinary)
    # SHA-512 of the agreement as it was printed, in hexadecimal.
    fingerprint: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(Text)
    signed_on: Mapped[date | None]
    # Who signed: [{"role", "name"}].
    signed_by: Mapped[list[dict[str, str]] | None] = mapped_column(
        JSONB(none_as_null=True)
    )
    # The signed copy among the application's documents.
    document_id: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[str | None] = mapped_column(Text)
    recorded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
