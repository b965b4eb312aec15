"""What was paid of loans, what was forgiven, and what follows a settlement."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class Repayment(Base):
    """Money that pays a loan: decided here with what it pays, then posted.

    ``allocation`` is what becomes of the instalments once the ledger has posted it
    (`domain/allocation.py`). Of a loan at most one is under way, so what was decided
    still holds when it is carried out.
    """

    __tablename__ = "repayments"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_repayments_loan",
        ),
        CheckConstraint(
            "channel IN ('cash', 'savings', 'va', 'bank', 'insurance', "
            "'collateral', 'guarantor')",
            name="channel",
        ),
        CheckConstraint(
            "amount > 0 AND penalty >= 0 AND interest >= 0 AND principal >= 0 "
            "AND fee >= 0 AND amount = penalty + interest + principal + fee",
            name="amounts",
        ),
        CheckConstraint(
            "receivable >= 0 AND reversed_receivable >= 0 AND receivable <= interest",
            name="receivable",
        ),
        CheckConstraint("status IN ('posting', 'posted', 'refused')", name="status"),
        CheckConstraint(
            "(status = 'posted') = (posted_at IS NOT NULL)", name="posted_at"
        ),
        CheckConstraint("(status = 'refused') = (fault IS NOT NULL)", name="fault"),
        Index(
            "uq_repayments_under_way",
            "loan_id",
            unique=True,
            postgresql_where="status = 'posting'",
        ),
        Index("ix_repayments_due", "due_at", postgresql_where="status = 'posting'"),
        Index(
            "ix_repayments_posted",
            "cooperative_id",
            "business_date",
            postgresql_where="status = 'posted'",
        ),
        Index(
            "ix_repayments_cooperative_id_loan_id",
            "cooperative_id",
            "loan_id",
            "created_at",
            "id",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    loan_id: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    # The account of the ledger that the money comes from.
    source_key: Mapped[str] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    penalty: Mapped[int] = mapped_column(MoneyColumn)
    interest: Mapped[int] = mapped_column(MoneyColumn)
    principal: Mapped[int] = mapped_column(MoneyColumn)
    # What an early settlement costs beside.
    fee: Mapped[int] = mapped_column(MoneyColumn)
    # Of the interest: what stood in the book as receivable. And what of that is taken
    # back, since a settlement drops it.
    receivable: Mapped[int] = mapped_column(MoneyColumn)
    reversed_receivable: Mapped[int] = mapped_column(MoneyColumn)
    allocation: Mapped[dict[str, Any]] = mapped_column(JSONB)
    is_settlement: Mapped[bool]
    # What came in after the loan was written off is income (domain.md, topic 6).
    is_recovery: Mapped[bool]
    status: Mapped[str] = mapped_column(Text)
    fault: Mapped[str | None] = mapped_column(Text)
    business_date: Mapped[date]
    # Principal that was left after it.
    outstanding: Mapped[int | None] = mapped_column(MoneyColumn)
    requested_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    posted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def place(self) -> str:
        """Where it stands in a list in the order of time."""
        return f"{self.created_at.isoformat()} {self.id}"


class PenaltyWaiver(Base):
    """Penalty that somebody proposed to forgive, and what another decided."""

    __tablename__ = "penalty_waivers"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_penalty_waivers_loan",
        ),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint(
            "status IN ('proposed', 'approved', 'rejected')", name="status"
        ),
        CheckConstraint(
            "(status = 'proposed') = (decided_by IS NULL) "
            "AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        # Who proposed never approves; a proposal may be taken back.
        CheckConstraint(
            "status <> 'approved' OR decided_by <> proposed_by", name="two_persons"
        ),
        Index(
            "uq_penalty_waivers_open",
            "loan_id",
            unique=True,
            postgresql_where="status = 'proposed'",
        ),
        Index(
            "ix_penalty_waivers_cooperative_id_loan_id",
            "cooperative_id",
            "loan_id",
            "id",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    loan_id: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    reason: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PolicyEnding(Base):
    """Cover of a loan that was paid off early: to be ended, until that is done."""

    __tablename__ = "policy_endings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_policy_endings_loan",
        ),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index("ix_policy_endings_due", "due_at", postgresql_where="done_at IS NULL"),
    )

    loan_id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    settled_on: Mapped[date]
    attempts: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PremiumRefund(Base):
    """Premium that came back and belongs to the borrower who had paid it."""

    __tablename__ = "premium_refunds"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_premium_refunds_loan",
        ),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("attempt > 0", name="attempt"),
        CheckConstraint("status IN ('posting', 'posted')", name="status"),
        Index(
            "ix_premium_refunds_due", "due_at", postgresql_where="status = 'posting'"
        ),
    )

    # Of the policy: its premium comes back once.
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    loan_id: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    status: Mapped[str] = mapped_column(Text)
    # Counts the journals tried: a refused one leaves its id behind.
    attempt: Mapped[int] = mapped_column(Integer)
    # Whether the savings account is gone, so that it is owed to the borrower.
    is_owed: Mapped[bool]
    business_date: Mapped[date]
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
