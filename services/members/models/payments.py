"""Payments into virtual accounts, and what was called back about them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class Payment(Base):
    """Money that was asked for under a number of its own, and what became of it."""

    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("transaction_id"),
        ForeignKeyConstraint(
            ["cooperative_id", "member_id"],
            ["members.cooperative_id", "members.id"],
            name="fk_payments_cooperative_id_member_id",
        ),
        CheckConstraint(
            "purpose IN ('deposit', 'contributions', 'loan', 'wallet')", name="purpose"
        ),
        CheckConstraint("(purpose = 'wallet') = (member_id IS NULL)", name="member"),
        CheckConstraint(
            "purpose <> 'deposit' OR account_number IS NOT NULL", name="account"
        ),
        CheckConstraint("(purpose = 'loan') = (loan_id IS NOT NULL)", name="loan"),
        CheckConstraint("amount BETWEEN 1 AND 1000000000000000", name="amount"),
        CheckConstraint("principal BETWEEN 0 AND amount", name="principal"),
        CheckConstraint("credited BETWEEN 0 AND amount", name="credited"),
        CheckConstraint(
            "state <> 'credited' OR credited = amount", name="credited_whole"
        ),
        CheckConstraint(
            "state IN ('requesting', 'pending', 'paid', 'received', 'credited', "
            "'unallocated', 'expired', 'failed', 'disputed')",
            name="state",
        ),
        CheckConstraint(
            "state IN ('requesting', 'failed') OR transaction_id IS NOT NULL",
            name="transaction",
        ),
        CheckConstraint(
            "due_at IS NOT NULL OR state NOT IN "
            "('requesting', 'pending', 'paid', 'received')",
            name="unfinished",
        ),
        CheckConstraint(
            "paid_at IS NOT NULL OR state NOT IN "
            "('paid', 'received', 'credited', 'unallocated')",
            name="paid_at",
        ),
        CheckConstraint(
            "(state = 'credited') = (credited_at IS NOT NULL)", name="credited_at"
        ),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index("ix_payments_cooperative_id_id", "cooperative_id", "id"),
        Index(
            "ix_payments_cooperative_id_member_id", "cooperative_id", "member_id", "id"
        ),
        Index(
            "ix_payments_to_decide",
            "cooperative_id",
            "id",
            postgresql_where="state IN ('unallocated', 'disputed')",
        ),
        Index("ix_payments_due_at", "due_at", postgresql_where="due_at IS NOT NULL"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text, ForeignKey("cooperatives.id"))
    purpose: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str | None] = mapped_column(Text)
    account_number: Mapped[str | None] = mapped_column(
        Text, ForeignKey("accounts.number")
    )
    # Of the loans service.
    loan_id: Mapped[str | None] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    # Of the amount: what is simpanan pokok, and what has reached its target.
    principal: Mapped[int] = mapped_column(BigInteger)
    credited: Mapped[int] = mapped_column(BigInteger)
    channel: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    # Name, phone and e-mail for the provider, encrypted; gone once it has them.
    payer: Mapped[bytes | None] = mapped_column(LargeBinary)
    transaction_id: Mapped[str | None] = mapped_column(Text)
    payment_number: Mapped[str | None] = mapped_column(Text)
    payment_name: Mapped[str | None] = mapped_column(Text)
    fee: Mapped[int | None] = mapped_column(BigInteger)
    total: Mapped[int | None] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(Integer)
    # When it is looked at next; nothing more is done without.
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    credited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    journal_id: Mapped[str | None] = mapped_column(Text)
    fault: Mapped[str | None] = mapped_column(Text)


class PaymentCallback(Base):
    """What somebody told of a payment, and what was thought of it."""

    __tablename__ = "payment_callbacks"
    __table_args__ = (
        CheckConstraint(
            "verdict IN ('accepted', 'repeated', 'unreadable', 'unknown_reference', "
            "'wrong_transaction', 'wrong_amount')",
            name="verdict",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    transaction_id: Mapped[str | None] = mapped_column(Text)
    amount: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str | None] = mapped_column(Text)
    is_signed: Mapped[bool] = mapped_column(Boolean)
    verdict: Mapped[str] = mapped_column(Text)
