"""What is done about loans that are late: tasks, visits, promises, letters."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class CollectionTask(Base):
    """Something to be done about a loan, once per step and arrears."""

    __tablename__ = "collection_tasks"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        # `since` is the oldest unpaid due day: what was done is not asked for again.
        UniqueConstraint("loan_id", "code", "since"),
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_collection_tasks_loan",
        ),
        CheckConstraint("state IN ('open', 'done', 'cancelled')", name="state"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_at"),
        Index(
            "ix_collection_tasks_open",
            "cooperative_id",
            "assignee",
            "id",
            postgresql_where="state = 'open'",
        ),
        Index("ix_collection_tasks_loan_id", "cooperative_id", "loan_id"),
        Index("ix_collection_tasks_state", "cooperative_id", "state", "due_on", "id"),
        Index("ix_collection_tasks_due_on", "cooperative_id", "due_on", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    loan_id: Mapped[str] = mapped_column(Text)
    # A stage of the arrears settings, or a step of `domain/collections.py`.
    code: Mapped[str] = mapped_column(Text)
    is_stage: Mapped[bool]
    since: Mapped[date]
    action: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date]
    assignee: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)
    ended_by: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CollectionVisit(Base):
    """A visit to a borrower who is late, and what it found."""

    __tablename__ = "collection_visits"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_collection_visits_loan",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "photo_document_id"],
            ["application_documents.cooperative_id", "application_documents.id"],
            name="fk_collection_visits_photo",
        ),
        CheckConstraint(
            "(latitude IS NULL) = (longitude IS NULL) "
            "AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180",
            name="place",
        ),
        Index("ix_collection_visits_loan_id", "cooperative_id", "loan_id", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    loan_id: Mapped[str] = mapped_column(Text)
    visited_on: Mapped[date]
    officer: Mapped[str] = mapped_column(Text)
    # What was found, encrypted.
    finding: Mapped[bytes] = mapped_column(LargeBinary)
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(8, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    photo_document_id: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PaymentPromise(Base):
    """What a borrower has promised to pay by a day, and whether it was kept."""

    __tablename__ = "payment_promises"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_payment_promises_loan",
        ),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("promised_on <= due_on", name="due_on"),
        CheckConstraint("state IN ('open', 'kept', 'broken')", name="state"),
        Index("ix_payment_promises_loan_id", "cooperative_id", "loan_id", "id"),
        Index(
            "ix_payment_promises_open",
            "cooperative_id",
            "due_on",
            postgresql_where="state = 'open'",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    loan_id: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    promised_on: Mapped[date]
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CollectionLetter(Base):
    """A letter to a borrower who is late, kept as it was printed."""

    __tablename__ = "collection_letters"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "number"),
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_collection_letters_loan",
        ),
        CheckConstraint("level BETWEEN 0 AND 3", name="level"),
        Index("ix_collection_letters_loan_id", "cooperative_id", "loan_id", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    loan_id: Mapped[str] = mapped_column(Text)
    # 0 is the surat teguran, 1 to 3 are the surat peringatan.
    level: Mapped[int] = mapped_column(SmallInteger)
    number: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    issued_on: Mapped[date]
    issued_by: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
