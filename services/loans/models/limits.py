"""How an application stands against what may be lent, and who let it pass anyway."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class LimitAssessment(Base):
    """The newest assessment of one application."""

    __tablename__ = "limit_assessments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "application_id"],
            ["loan_applications.cooperative_id", "loan_applications.id"],
            name="fk_limit_assessments_application",
        ),
        CheckConstraint("amount > 0 AND count > 0", name="wish"),
        CheckConstraint("highest >= 0", name="highest"),
    )

    application_id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    # For which wish it was made.
    amount: Mapped[int] = mapped_column(MoneyColumn)
    count: Mapped[int] = mapped_column(Integer)
    # Codes of what nobody can let pass, and of what asks for somebody's word.
    breaches: Mapped[list[str]] = mapped_column(ARRAY(Text))
    warnings: Mapped[list[str]] = mapped_column(ARRAY(Text))
    # BMPP as it was then: what else the member borrows meanwhile counts against it.
    highest: Mapped[int] = mapped_column(MoneyColumn)
    is_related: Mapped[bool]
    # The figures, incomes among them, encrypted.
    facts: Mapped[bytes] = mapped_column(LargeBinary)
    assessed_by: Mapped[str] = mapped_column(Text)
    assessed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LimitApproval(Base):
    """Somebody's word that one warning may be passed over; never taken back."""

    __tablename__ = "limit_approvals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "application_id"],
            ["loan_applications.cooperative_id", "loan_applications.id"],
            name="fk_limit_approvals_application",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "document_id"],
            ["application_documents.cooperative_id", "application_documents.id"],
            name="fk_limit_approvals_document",
        ),
        CheckConstraint(
            "warning IN ('service_ratio', 'other_limit', 'pengurus_consent', "
            "'pengawas_consent')",
            name="warning",
        ),
        # Pengawas change nothing here: what they said is on paper.
        CheckConstraint(
            "warning <> 'pengawas_consent' OR document_id IS NOT NULL",
            name="document",
        ),
    )

    application_id: Mapped[str] = mapped_column(Text, primary_key=True)
    warning: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    document_id: Mapped[str | None] = mapped_column(Text)
    given_by: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
