"""Who asks for which loan, and how far the answer has come."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class LoanApplication(Base):
    """A member's wish for a loan; `domain/applications.py` says what may follow."""

    __tablename__ = "loan_applications"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        UniqueConstraint("cooperative_id", "number"),
        ForeignKeyConstraint(
            ["cooperative_id", "product_id"],
            ["loan_products.cooperative_id", "loan_products.id"],
            name="fk_loan_applications_product",
        ),
        CheckConstraint(
            "status IN ('draft', 'queued', 'verifying', 'verified', 'offered', "
            "'approved', 'signed', 'disbursing', 'disbursed', 'rejected', 'withdrawn')",
            name="status",
        ),
        CheckConstraint("feature IN ('ekyc', 'skoring')", name="feature"),
        # R33, R37: by what was applied for (C8).
        CheckConstraint(
            "(feature = 'ekyc') = (amount <= 10000000)", name="feature_of_amount"
        ),
        CheckConstraint("amount > 0 AND count BETWEEN 1 AND 600", name="wish"),
        CheckConstraint("urgency BETWEEN 0 AND 3", name="urgency"),
        CheckConstraint(
            "(status IN ('draft', 'withdrawn')) OR applied_at IS NOT NULL",
            name="applied_at",
        ),
        CheckConstraint(
            "status NOT IN ('offered', 'approved', 'signed', 'disbursing', 'disbursed')"
            " OR (approved_amount BETWEEN 1 AND amount AND approved_count > 0 "
            "AND approved_rate_bps BETWEEN 0 AND 2400)",
            name="approved",
        ),
        CheckConstraint(
            "(status = 'disbursed') = (loan_id IS NOT NULL)", name="loan_id"
        ),
        Index(
            "ix_loan_applications_cooperative_id_member_id",
            "cooperative_id",
            "member_id",
            "id",
        ),
        Index(
            "ix_loan_applications_cooperative_id_status",
            "cooperative_id",
            "status",
            "id",
        ),
        # One wish at a time: whoever has one under way asks for no second.
        Index(
            "uq_loan_applications_open",
            "cooperative_id",
            "member_id",
            "product_id",
            unique=True,
            postgresql_where="status NOT IN ('disbursed', 'rejected', 'withdrawn')",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(Text)
    # As it stood at the members service then: lists show it without asking.
    member_name: Mapped[str] = mapped_column(Text)
    product_id: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    count: Mapped[int] = mapped_column(Integer)
    purpose: Mapped[str] = mapped_column(Text)
    sector: Mapped[str] = mapped_column(Text)
    # 0 ordinary to 3 an emergency (R132).
    urgency: Mapped[int] = mapped_column(SmallInteger)
    feature: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    branch_code: Mapped[str] = mapped_column(Text)
    # What the form asks, incomes and obligations included, encrypted.
    form: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(Text)
    # AT of R127: when "Ajukan Pinjaman" was pressed.
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_amount: Mapped[int | None] = mapped_column(MoneyColumn)
    approved_count: Mapped[int | None] = mapped_column(Integer)
    approved_rate_bps: Mapped[int | None] = mapped_column(Integer)
    loan_id: Mapped[str | None] = mapped_column(Text)
