"""Members who answer for the loan of another with their savings."""

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


class Guarantee(Base):
    """One guarantor of one application, alone or as one of a group."""

    __tablename__ = "guarantees"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        ForeignKeyConstraint(
            ["cooperative_id", "application_id"],
            ["loan_applications.cooperative_id", "loan_applications.id"],
            name="fk_guarantees_application",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "group_id"],
            ["loan_groups.cooperative_id", "loan_groups.id"],
            name="fk_guarantees_group",
        ),
        CheckConstraint(
            "status IN ('agreed', 'held', 'released', 'withdrawn')", name="status"
        ),
        CheckConstraint("amount > 0", name="amount"),
        Index(
            "uq_guarantees_member",
            "cooperative_id",
            "application_id",
            "member_id",
            unique=True,
            postgresql_where="status <> 'withdrawn'",
        ),
        Index(
            "ix_guarantees_loan_id",
            "cooperative_id",
            "loan_id",
            postgresql_where="status = 'held'",
        ),
        Index(
            "ix_guarantees_of_loan",
            "cooperative_id",
            "loan_id",
            postgresql_where="loan_id IS NOT NULL",
        ),
        Index(
            "ix_guarantees_cooperative_id_member_id",
            "cooperative_id",
            "member_id",
            "id",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    application_id: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(Text)
    member_name: Mapped[str] = mapped_column(Text)
    savings_account: Mapped[str] = mapped_column(Text)
    group_id: Mapped[str | None] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    status: Mapped[str] = mapped_column(Text)
    # The loan that it secures now: the one that replaced it after a restructuring.
    loan_id: Mapped[str | None] = mapped_column(Text)
    agreed_on: Mapped[date]
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GuaranteeHold(Base):
    """A part of a guarantee, held in the ledger under this id.

    A hold can be given up only as a whole, so a guarantee is held in parts: they are
    given up one by one as the loan is paid back.
    """

    __tablename__ = "guarantee_holds"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "guarantee_id"],
            ["guarantees.cooperative_id", "guarantees.id"],
            name="fk_guarantee_holds_guarantee",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "call_id"],
            ["guarantee_calls.cooperative_id", "guarantee_calls.id"],
            name="fk_guarantee_holds_call",
        ),
        CheckConstraint(
            "status IN ('placing', 'held', 'refused', 'releasing', 'released', "
            "'posting', 'posted')",
            name="status",
        ),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint(
            "(status IN ('posting', 'posted')) = (call_id IS NOT NULL) "
            "AND (call_id IS NULL) = (called_amount IS NULL) "
            "AND called_amount BETWEEN 1 AND amount",
            name="called",
        ),
        Index(
            "ix_guarantee_holds_guarantee_id", "cooperative_id", "guarantee_id", "id"
        ),
        Index("ix_guarantee_holds_loan_id", "cooperative_id", "loan_id"),
        Index(
            "ix_guarantee_holds_call_id",
            "cooperative_id",
            "call_id",
            postgresql_where="call_id IS NOT NULL",
        ),
        Index(
            "ix_guarantee_holds_due", "due_at", postgresql_where="status = 'releasing'"
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    guarantee_id: Mapped[str] = mapped_column(Text)
    # The loan for whose payout it was placed: a refused hold is refused for ever, so
    # every try to pay out, which has a loan of its own, has holds of its own.
    loan_id: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    status: Mapped[str] = mapped_column(Text)
    business_date: Mapped[date]
    call_id: Mapped[str | None] = mapped_column(Text)
    called_amount: Mapped[int | None] = mapped_column(MoneyColumn)
    fault: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GuaranteeCall(Base):
    """What a guarantor has to pay: taken from the holds, then paid into the loan."""

    __tablename__ = "guarantee_calls"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        ForeignKeyConstraint(
            ["cooperative_id", "guarantee_id"],
            ["guarantees.cooperative_id", "guarantees.id"],
            name="fk_guarantee_calls_guarantee",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_guarantee_calls_loan",
        ),
        CheckConstraint(
            "status IN ('proposed', 'rejected', 'posting', 'paying', 'paid', "
            "'returning', 'returned')",
            name="status",
        ),
        CheckConstraint("amount > 0", name="amount"),
        # Who proposes to take somebody's savings does not decide on it.
        CheckConstraint("decided_by <> proposed_by", name="decided_by"),
        CheckConstraint("(status = 'proposed') = (decided_by IS NULL)", name="decided"),
        Index(
            "ix_guarantee_calls_due",
            "due_at",
            postgresql_where="status IN ('posting', 'paying', 'returning')",
        ),
        # One at a time: what is held is counted once.
        Index(
            "uq_guarantee_calls_open",
            "cooperative_id",
            "guarantee_id",
            unique=True,
            postgresql_where=(
                "status IN ('proposed', 'posting', 'paying', 'returning')"
            ),
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    guarantee_id: Mapped[str] = mapped_column(Text)
    loan_id: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    reason: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    fault: Mapped[str | None] = mapped_column(Text)
    attempt: Mapped[int] = mapped_column(Integer)
    business_date: Mapped[date]
    proposed_by: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
