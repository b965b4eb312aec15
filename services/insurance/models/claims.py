"""Claims and their papers."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class Claim(Base):
    """What a policy is asked to pay.

    What is outstanding is not known yet when the claim was opened because a member has
    died. ``reminded_days`` is how many days before the deadline it was reminded last.
    """

    __tablename__ = "claims"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id", name="uq_claims_cooperative_id_id"),
        UniqueConstraint(
            "cooperative_id", "number", name="uq_claims_cooperative_id_number"
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "policy_id"],
            ["policies.cooperative_id", "policies.id"],
            name="fk_claims_policy_id",
        ),
        CheckConstraint("cause IN ('death', 'default', 'force_majeure')", name="cause"),
        CheckConstraint(
            "outstanding_principal >= 0 AND outstanding_interest >= 0",
            name="outstanding",
        ),
        CheckConstraint(
            "claimed_amount BETWEEN 0 AND outstanding_principal + outstanding_interest",
            name="claimed_amount",
        ),
        CheckConstraint(
            "approved_amount BETWEEN 1 AND claimed_amount", name="approved_amount"
        ),
        CheckConstraint("paid_amount BETWEEN 1 AND claimed_amount", name="paid_amount"),
        CheckConstraint(
            "status IN ('draft', 'submitting', 'submitted', 'in_review', 'approved', "
            "'disputed', 'withdrawing', 'paid', 'rejected', 'withdrawn', 'lapsed')",
            name="status",
        ),
        CheckConstraint(
            "status IN ('draft', 'withdrawn', 'lapsed') "
            "OR (submitted_at IS NOT NULL AND claimed_amount > 0)",
            name="submitted_at",
        ),
        CheckConstraint(
            "(status = 'paid') = (paid_amount IS NOT NULL) "
            "AND (status = 'paid') = (paid_on IS NOT NULL)",
            name="paid",
        ),
        Index(
            "uq_claims_open",
            "cooperative_id",
            "policy_id",
            unique=True,
            postgresql_where="status NOT IN ('rejected', 'withdrawn', 'lapsed')",
        ),
        Index("ix_claims_policy_id", "cooperative_id", "policy_id", "id"),
        Index(
            "ix_claims_due",
            "due_at",
            postgresql_where="status IN ('submitting', 'submitted', 'in_review', "
            "'approved', 'disputed', 'withdrawing')",
        ),
        Index(
            "ix_claims_deadline_on", "deadline_on", postgresql_where="status = 'draft'"
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    policy_id: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)
    occurred_on: Mapped[date]
    outstanding_principal: Mapped[int | None] = mapped_column(MoneyColumn)
    outstanding_interest: Mapped[int | None] = mapped_column(MoneyColumn)
    claimed_amount: Mapped[int | None] = mapped_column(MoneyColumn)
    approved_amount: Mapped[int | None] = mapped_column(MoneyColumn)
    paid_amount: Mapped[int | None] = mapped_column(MoneyColumn)
    paid_on: Mapped[date | None]
    status: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    deadline_on: Mapped[date]
    reminded_days: Mapped[int | None] = mapped_column(Integer)
    reported_by: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ClaimDocument(Base):
    """One file of a claim; its content is encrypted and is read only on demand."""

    __tablename__ = "claim_documents"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "claim_id"],
            ["claims.cooperative_id", "claims.id"],
            name="fk_claim_documents_claim_id",
        ),
        CheckConstraint(
            "media_type IN ('image/jpeg', 'image/png', 'application/pdf')",
            name="media_type",
        ),
        CheckConstraint("size_bytes BETWEEN 1 AND 5242880", name="size_bytes"),
        Index("ix_claim_documents_claim_id", "cooperative_id", "claim_id", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    claim_id: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(Integer)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    uploaded_by: Mapped[str] = mapped_column(Text)
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
