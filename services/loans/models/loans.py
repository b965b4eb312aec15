"""Loans that were paid out, and what falls due of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class Loan(Base):
    """A loan, with the terms it was given and how it stands.

    Its principal is an account of the ledger of its own, which never falls below zero
    there: `domain/loans.py` says which.
    """

    __tablename__ = "loans"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        UniqueConstraint("cooperative_id", "number"),
        ForeignKeyConstraint(
            ["cooperative_id", "product_id"],
            ["loan_products.cooperative_id", "loan_products.id"],
            name="fk_loans_product",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "application_id"],
            ["loan_applications.cooperative_id", "loan_applications.id"],
            name="fk_loans_application",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "restructured_from"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_loans_restructured_from",
        ),
        CheckConstraint("kind IN ('loan', 'remainder')", name="kind"),
        CheckConstraint(
            "status IN ('active', 'settled', 'restructured', 'written_off')",
            name="status",
        ),
        CheckConstraint(
            "method IN ('flat', 'menurun', 'anuitas', 'musiman')", name="method"
        ),
        CheckConstraint(
            "frequency IN ('monthly', 'weekly', 'daily')", name="frequency"
        ),
        CheckConstraint("rate_bps BETWEEN 0 AND 2400", name="rate_bps"),
        CheckConstraint("principal > 0", name="principal"),
        CheckConstraint("outstanding BETWEEN 0 AND principal", name="outstanding"),
        CheckConstraint("interest_receivable >= 0", name="interest_receivable"),
        CheckConstraint(
            "deferred_interest >= 0 AND deferred_interest_paid >= 0 "
            "AND deferred_interest_paid <= deferred_interest",
            name="deferred_interest",
        ),
        CheckConstraint("provision >= 0", name="provision"),
        CheckConstraint("dpd >= 0", name="dpd"),
        CheckConstraint("collectibility BETWEEN 1 AND 5", name="collectibility"),
        CheckConstraint("times_restructured >= 0", name="times_restructured"),
        CheckConstraint(
            "(class_floor IS NULL) = (class_floor_until_paid IS NULL) "
            "AND class_floor BETWEEN 1 AND 5 AND class_floor_until_paid > 0",
            name="class_floor",
        ),
        CheckConstraint("(status = 'active') = (closed_on IS NULL)", name="closed_on"),
        CheckConstraint("status <> 'settled' OR outstanding = 0", name="settled"),
        CheckConstraint("disbursed_on <= entered_on", name="entered_on"),
        Index("ix_loans_cooperative_id_id", "cooperative_id", "id"),
        Index("ix_loans_cooperative_id_member_id", "cooperative_id", "member_id", "id"),
        Index(
            "ix_loans_active",
            "cooperative_id",
            "collectibility",
            "id",
            postgresql_where="status = 'active'",
        ),
        Index(
            "ix_loans_restructured_from",
            "restructured_from",
            postgresql_where="restructured_from IS NOT NULL",
        ),
        Index(
            "ix_loans_closed",
            "cooperative_id",
            "closed_on",
            postgresql_where="closed_on IS NOT NULL",
        ),
        Index("ix_loans_entered", "cooperative_id", "entered_on"),
        Index("ix_loans_cooperative_id_status", "cooperative_id", "status", "id"),
        Index("ix_loans_cooperative_id_officer", "cooperative_id", "officer", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    # What was left after collateral was sold is a receivable of its own (R156).
    kind: Mapped[str] = mapped_column(Text)
    # None for a loan that was taken over from another system.
    application_id: Mapped[str | None] = mapped_column(Text)
    product_id: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(Text)
    member_name: Mapped[str] = mapped_column(Text)
    # Where it was paid out to, and may be paid from: a savings account of the member.
    savings_account: Mapped[str | None] = mapped_column(Text)
    branch_code: Mapped[str] = mapped_column(Text)
    officer: Mapped[str] = mapped_column(Text)
    sector: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    frequency: Mapped[str] = mapped_column(Text)
    principal: Mapped[int] = mapped_column(MoneyColumn)
    rate_bps: Mapped[int] = mapped_column(Integer)
    effective_rate_bps: Mapped[int] = mapped_column(Integer)
    count: Mapped[int] = mapped_column(Integer)
    # The product's rules as they were: allocation, overpayment, penalty, settlement,
    # payers of fee and premium (`domain/loans.py`: Rules).
    rules: Mapped[dict[str, Any]] = mapped_column(JSONB)
    disbursed_on: Mapped[date]
    # When it came into this book: later than that for a loan that was taken over.
    entered_on: Mapped[date]
    matures_on: Mapped[date]
    status: Mapped[str] = mapped_column(Text)
    closed_on: Mapped[date | None]
    # Principal not repaid yet.
    outstanding: Mapped[int] = mapped_column(MoneyColumn)
    # How much of its interest stands in the book as receivable (1-1110).
    interest_receivable: Mapped[int] = mapped_column(MoneyColumn)
    # Interest that a restructuring put off to the end.
    deferred_interest: Mapped[int] = mapped_column(MoneyColumn)
    deferred_interest_paid: Mapped[int] = mapped_column(MoneyColumn)
    # What is set aside for it (1-1190).
    provision: Mapped[int] = mapped_column(MoneyColumn)
    # Days past due of the oldest unpaid instalment, as of `assessed_on`.
    dpd: Mapped[int] = mapped_column(Integer)
    oldest_due_on: Mapped[date | None]
    collectibility: Mapped[int] = mapped_column(SmallInteger)
    # Tahap penagihan: never derived from the class, nor the class from it (C1).
    stage: Mapped[str] = mapped_column(Text)
    assessed_on: Mapped[date | None]
    # Why it fell behind, once that is known (R143).
    cause: Mapped[str | None] = mapped_column(Text)
    restructured_from: Mapped[str | None] = mapped_column(Text)
    times_restructured: Mapped[int] = mapped_column(Integer)
    # The class that a restructured loan keeps at least, until every instalment up to
    # and with that number is paid in full (topic 7).
    class_floor: Mapped[int | None] = mapped_column(SmallInteger)
    class_floor_until_paid: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Instalment(Base):
    """What falls due on one day, and what was paid of it."""

    __tablename__ = "instalments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_instalments_loan",
        ),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint(
            "principal_paid BETWEEN 0 AND principal", name="principal_paid"
        ),
        CheckConstraint("interest_paid BETWEEN 0 AND interest", name="interest_paid"),
        CheckConstraint(
            "penalty_paid >= 0 AND penalty_waived >= 0 "
            "AND penalty_paid + penalty_waived <= penalty",
            name="penalty",
        ),
        CheckConstraint("penalty_base BETWEEN 0 AND penalty", name="penalty_base"),
        # Settled is when principal and interest are paid; a penalty may still be owed.
        CheckConstraint(
            "(settled_on IS NOT NULL) = "
            "(principal_paid = principal AND interest_paid = interest)",
            name="settled_on",
        ),
        Index(
            "ix_instalments_open",
            "cooperative_id",
            "due_on",
            "loan_id",
            postgresql_where="settled_on IS NULL",
        ),
        Index("ix_instalments_due", "cooperative_id", "due_on"),
    )

    loan_id: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date]
    principal: Mapped[int] = mapped_column(MoneyColumn)
    interest: Mapped[int] = mapped_column(MoneyColumn)
    principal_paid: Mapped[int] = mapped_column(MoneyColumn)
    interest_paid: Mapped[int] = mapped_column(MoneyColumn)
    penalty: Mapped[int] = mapped_column(MoneyColumn)
    penalty_paid: Mapped[int] = mapped_column(MoneyColumn)
    penalty_waived: Mapped[int] = mapped_column(MoneyColumn)
    # The penalty up to the day when part of the late instalment was paid last, and
    # that day; it goes on from there by what is left (`domain/penalties.py`).
    penalty_base: Mapped[int] = mapped_column(MoneyColumn, default=0)
    penalty_from: Mapped[date | None]
    settled_on: Mapped[date | None]
