"""What a committee votes on, how it voted, and what was decided (R123)."""

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


class CommitteeVote(Base):
    """One vote; rows are only ever added.

    All votes of a round are on the same terms: a vote for others begins a new round.
    """

    __tablename__ = "committee_votes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "application_id"],
            ["loan_applications.cooperative_id", "loan_applications.id"],
            name="fk_committee_votes_application",
        ),
        # One person, one vote.
        UniqueConstraint("application_id", "round", "voter", name="uq_committee_votes"),
        CheckConstraint("round > 0", name="round"),
        CheckConstraint("choice IN ('approve', 'reject')", name="choice"),
        CheckConstraint(
            "amount > 0 AND count > 0 AND rate_bps BETWEEN 0 AND 2400", name="terms"
        ),
        # Who says no says why.
        CheckConstraint("choice <> 'reject' OR reason <> ''", name="reason"),
        Index("ix_committee_votes_application", "cooperative_id", "application_id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    application_id: Mapped[str] = mapped_column(Text)
    round: Mapped[int] = mapped_column(SmallInteger)
    voter: Mapped[str] = mapped_column(Text)
    # In which of the voter's roles.
    role: Mapped[str] = mapped_column(Text)
    choice: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    count: Mapped[int] = mapped_column(Integer)
    rate_bps: Mapped[int] = mapped_column(Integer)
    conditions: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    voted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LoanDecision(Base):
    """What was decided on an application: once, with the letter that says so."""

    __tablename__ = "loan_decisions"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "application_id"),
        UniqueConstraint("cooperative_id", "number"),
        ForeignKeyConstraint(
            ["cooperative_id", "application_id"],
            ["loan_applications.cooperative_id", "loan_applications.id"],
            name="fk_loan_decisions_application",
        ),
        CheckConstraint(
            "outcome IN ('approved', 'conditional', 'rejected')", name="outcome"
        ),
        CheckConstraint("outcome <> 'rejected' OR reason <> ''", name="reason"),
        CheckConstraint("quorum > 0", name="quorum"),
        CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL) "
            "AND (answer IS NULL) = (answered_by IS NULL)",
            name="answered",
        ),
        CheckConstraint(
            "answer IS NULL "
            "OR (outcome = 'conditional' AND answer IN ('accepted', 'declined'))",
            name="answer",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    application_id: Mapped[str] = mapped_column(Text)
    # Of the letter (surat keputusan), such as SK/2026/11/1.
    number: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    round: Mapped[int] = mapped_column(SmallInteger)
    quorum: Mapped[int] = mapped_column(SmallInteger)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    count: Mapped[int] = mapped_column(Integer)
    rate_bps: Mapped[int] = mapped_column(Integer)
    conditions: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    decided_on: Mapped[date]
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # What the letter says; from it the same bytes can be printed again.
    letter: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # SHA-512 of the letter as it was printed, in hexadecimal.
    fingerprint: Mapped[str] = mapped_column(Text)
    # Whether the member accepted the conditions.
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[str | None] = mapped_column(Text)
