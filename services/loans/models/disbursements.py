"""Loans being paid out: one row per attempt, carried on until it has an end."""

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


class Disbursement(Base):
    """An attempt to pay a loan out (`domain/disbursements.py` says its states).

    A refused attempt leaves its loan id and journal id behind: the next one has others.
    """

    __tablename__ = "disbursements"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "loan_id"),
        UniqueConstraint("cooperative_id", "journal_id"),
        ForeignKeyConstraint(
            ["cooperative_id", "application_id"],
            ["loan_applications.cooperative_id", "loan_applications.id"],
            name="fk_disbursements_application",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "akad_id"],
            ["akads.cooperative_id", "akads.id"],
            name="fk_disbursements_akad",
        ),
        CheckConstraint(
            "status IN ('reserving', 'posting', 'finishing', 'done', 'undoing', "
            "'refused')",
            name="status",
        ),
        CheckConstraint("principal > 0", name="principal"),
        CheckConstraint(
            "administration >= 0 AND fee >= 0 AND premium >= 0 "
            "AND passed_fee BETWEEN 0 AND fee "
            "AND passed_premium BETWEEN 0 AND premium "
            "AND received = principal - administration - passed_fee - passed_premium "
            "AND received > 0",
            name="amounts",
        ),
        CheckConstraint(
            "(status IN ('undoing', 'refused')) = (refusal IS NOT NULL)",
            name="refusal",
        ),
        CheckConstraint(
            "(status IN ('finishing', 'done')) = (number IS NOT NULL) "
            "AND (status IN ('finishing', 'done')) = (posted_at IS NOT NULL)",
            name="posted",
        ),
        Index("ix_disbursements_cooperative_id_id", "cooperative_id", "id"),
        Index(
            "ix_disbursements_cooperative_id_status", "cooperative_id", "status", "id"
        ),
        # What is paid out and what may still be: never two of one application.
        Index(
            "uq_disbursements_live",
            "cooperative_id",
            "application_id",
            unique=True,
            postgresql_where="status IN ('reserving', 'posting', 'finishing', 'done')",
        ),
        Index(
            "ix_disbursements_due",
            "due_at",
            postgresql_where=(
                "status IN ('reserving', 'posting', 'finishing', 'undoing')"
            ),
        ),
        Index(
            "ix_disbursements_cooperative_id_business_date",
            "cooperative_id",
            "business_date",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    application_id: Mapped[str] = mapped_column(Text)
    akad_id: Mapped[str] = mapped_column(Text)
    loan_id: Mapped[str] = mapped_column(Text)
    journal_id: Mapped[str] = mapped_column(Text)
    # Of the proof of transfer, such as BCP/2026/11/1; only what was paid has one.
    number: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    business_date: Mapped[date]
    savings_account: Mapped[str] = mapped_column(Text)
    principal: Mapped[int] = mapped_column(MoneyColumn)
    administration: Mapped[int] = mapped_column(MoneyColumn)
    # What the hub and the insurer charge, and what the borrower bears of it (C21).
    fee: Mapped[int] = mapped_column(MoneyColumn)
    passed_fee: Mapped[int] = mapped_column(MoneyColumn)
    premium: Mapped[int] = mapped_column(MoneyColumn)
    passed_premium: Mapped[int] = mapped_column(MoneyColumn)
    # What the member may use of the loan.
    received: Mapped[int] = mapped_column(MoneyColumn)
    # The cover to reserve, None for none, and for how many months it is charged.
    insurance_product: Mapped[str | None] = mapped_column(Text)
    months: Mapped[int] = mapped_column(Integer)
    charged_months: Mapped[int | None] = mapped_column(Integer)
    policy_id: Mapped[str | None] = mapped_column(Text)
    # Why it went before others that had waited for longer (R128).
    reason: Mapped[str] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Who carries it on, and when the next one may.
    attempts: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # What the ledger or an insurer said: {"code", "message", "details"}.
    refusal: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    posted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
