"""What the insurer is asked for, and money that comes because a loan has failed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class ClaimRequest(Base):
    """A claim that is to be opened for a loan: once per cause and occurrence."""

    __tablename__ = "claim_requests"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_claim_requests_loan",
        ),
        CheckConstraint("cause IN ('death', 'default', 'force_majeure')", name="cause"),
        CheckConstraint("status IN ('waiting', 'opened', 'refused')", name="status"),
        CheckConstraint("(status = 'opened') = (claim_id IS NOT NULL)", name="claim"),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index("ix_claim_requests_due", "due_at", postgresql_where="status = 'waiting'"),
    )

    loan_id: Mapped[str] = mapped_column(Text, primary_key=True)
    cause: Mapped[str] = mapped_column(Text, primary_key=True)
    occurred_on: Mapped[date] = mapped_column(primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    # The loan that was insured: this one, or the one that it came from.
    insured_loan_id: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    claim_id: Mapped[str | None] = mapped_column(Text)
    # Why the insurance service did not open it, last time.
    fault: Mapped[str | None] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LoanProceeds(Base):
    """Money from an insurer or a sale: what of it pays the loan, and what is over.

    ``amount`` has come to the bank. It is `applying` until all of it is where it
    belongs.
    """

    __tablename__ = "loan_proceeds"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        UniqueConstraint("cooperative_id", "source", "reference"),
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_loan_proceeds_loan",
        ),
        CheckConstraint("source IN ('claim', 'execution')", name="source"),
        CheckConstraint("state IN ('applying', 'done')", name="state"),
        CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_at"),
        CheckConstraint("amount > 0 AND applied BETWEEN 0 AND amount", name="amounts"),
        CheckConstraint("recovered BETWEEN 0 AND amount", name="recovered"),
        CheckConstraint("attempt > 0", name="attempt"),
        Index("ix_loan_proceeds_due", "due_at", postgresql_where="state = 'applying'"),
        Index("ix_loan_proceeds_loan_id", "cooperative_id", "loan_id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    # The claim or the execution: its money comes once.
    reference: Mapped[str] = mapped_column(Text)
    loan_id: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    received_on: Mapped[date]
    state: Mapped[str] = mapped_column(Text)
    # What pays the loan, and by which repayment of which loan of the chain.
    applied: Mapped[int] = mapped_column(MoneyColumn)
    repayment_id: Mapped[str | None] = mapped_column(Text)
    paid_loan_id: Mapped[str | None] = mapped_column(Text)
    attempt: Mapped[int] = mapped_column(Integer)
    # What the borrower has paid since, and the insurer was told of (subrogation).
    recovered: Mapped[int] = mapped_column(MoneyColumn)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ClaimRecovery(Base):
    """A repayment after a claim was paid: the insurer hears of it, once."""

    __tablename__ = "claim_recoveries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "repayment_id"],
            ["repayments.cooperative_id", "repayments.id"],
            name="fk_claim_recoveries_repayment",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "proceeds_id"],
            ["loan_proceeds.cooperative_id", "loan_proceeds.id"],
            name="fk_claim_recoveries_proceeds",
        ),
        CheckConstraint("amount >= 0", name="amount"),
        Index("ix_claim_recoveries_due", "due_at", postgresql_where="done_at IS NULL"),
    )

    repayment_id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    proceeds_id: Mapped[str] = mapped_column(Text)
    # Zero when all that the insurer had paid was recovered before.
    amount: Mapped[int] = mapped_column(MoneyColumn)
    recovered_on: Mapped[date]
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
