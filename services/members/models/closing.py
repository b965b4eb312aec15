"""Cooperatives on their way out, and the books that they take with them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
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


class Closing(Base):
    """A request to leave, what was verified, and how far it has been carried out."""

    __tablename__ = "closings"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id", name="uq_closings_cooperative_id_id"),
        CheckConstraint(
            "state IN ('requested', 'verified', 'approved', 'accounts_closed', "
            "'participant_closed', 'exported', 'key_destroyed', 'completed', "
            "'rejected', 'withdrawn')",
            name="state",
        ),
        CheckConstraint(
            "(document IS NULL) = (verified_at IS NULL) "
            "AND (document IS NULL) = (document_sha512 IS NULL) "
            "AND (document IS NOT NULL "
            "OR state IN ('requested', 'rejected', 'withdrawn'))",
            name="document",
        ),
        CheckConstraint("document_sha512 ~ '^[0-9a-f]{128}$'", name="document_sha512"),
        CheckConstraint(
            "decided_at IS NOT NULL OR state IN ('requested', 'verified', 'withdrawn')",
            name="decided_at",
        ),
        CheckConstraint(
            "(state = 'completed') = (completed_at IS NOT NULL)", name="completed_at"
        ),
        Index(
            "uq_closings_under_way",
            "cooperative_id",
            unique=True,
            postgresql_where="state NOT IN ('rejected', 'withdrawn')",
        ),
        Index("ix_closings_state_id", "state", "id"),
        Index(
            "ix_closings_running",
            "attempted_at",
            postgresql_where="state IN ('approved', 'accounts_closed', "
            "'participant_closed', 'exported', 'key_destroyed')",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(ForeignKey("cooperatives.id"))
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    # Where the documents go, as encrypted JSON; forgotten with the exported books.
    contact: Mapped[bytes | None] = mapped_column(LargeBinary)
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date]
    verified_by: Mapped[str | None] = mapped_column(Text)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The verified facts as canonical JSON: exactly what the fingerprint covers.
    document: Mapped[str | None] = mapped_column(Text)
    document_sha512: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision_reason: Mapped[str | None] = mapped_column(Text)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the next step was last tried, and what kept it from being done.
    attempted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    fault: Mapped[str | None] = mapped_column(Text)


class ClosingExport(Base):
    """A part of the exported books, sealed with a key that only the mailed link has."""

    __tablename__ = "closing_exports"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "closing_id"],
            ["closings.cooperative_id", "closings.id"],
            name="fk_closing_exports_cooperative_id",
        ),
        CheckConstraint("part >= 0", name="part"),
        Index("ix_closing_exports_expires_at", "expires_at"),
    )

    closing_id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    part: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    sha512: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
