"""What staff agree on with an insurer that says what cannot be, or says no."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class Resolution(Base):
    """How a disputed claim or a refused activation ends: one proposes, another decides.

    ``claim_id`` is null where the policy itself is to end; ``amount`` is what the
    insurer is agreed to pay.
    """

    __tablename__ = "resolutions"
    __table_args__ = (
        UniqueConstraint(
            "cooperative_id", "id", name="uq_resolutions_cooperative_id_id"
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "policy_id"],
            ["policies.cooperative_id", "policies.id"],
            name="fk_resolutions_policy_id",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "claim_id"],
            ["claims.cooperative_id", "claims.id"],
            name="fk_resolutions_claim_id",
        ),
        CheckConstraint(
            "outcome IN ('accept_amount', 'accept_rejection', 'end_policy')",
            name="outcome",
        ),
        CheckConstraint(
            "(outcome = 'end_policy') = (claim_id IS NULL)", name="claim_id"
        ),
        CheckConstraint(
            "(outcome = 'accept_amount') = (amount IS NOT NULL) AND amount > 0",
            name="amount",
        ),
        CheckConstraint(
            "status IN ('proposed', 'approved', 'rejected')", name="status"
        ),
        CheckConstraint(
            "(status = 'proposed') = (decided_by IS NULL) "
            "AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        CheckConstraint(
            "status <> 'approved' OR decided_by <> proposed_by", name="two_persons"
        ),
        Index(
            "uq_resolutions_proposed",
            "cooperative_id",
            "policy_id",
            unique=True,
            postgresql_where="status = 'proposed'",
        ),
        Index("ix_resolutions_policy_id", "cooperative_id", "policy_id", "id"),
        Index("ix_resolutions_status", "cooperative_id", "status", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    policy_id: Mapped[str] = mapped_column(Text)
    claim_id: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    amount: Mapped[int | None] = mapped_column(MoneyColumn)
    reason: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
