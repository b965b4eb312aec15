"""Policies: the cover of one loan."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class Policy(Base):
    """The cover of one loan, on the terms that its product had.

    ``due_at`` is when the sweep carries on with what is unfinished; ``attempts`` counts
    the failures since the state was entered.
    """

    __tablename__ = "policies"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id", name="uq_policies_cooperative_id_id"),
        CheckConstraint("principal > 0", name="principal"),
        CheckConstraint("months > 0 AND charged_months >= months", name="months"),
        CheckConstraint("coverage_bps BETWEEN 1 AND 10000", name="coverage_bps"),
        CheckConstraint("refund_bps BETWEEN 0 AND 10000", name="refund_bps"),
        CheckConstraint("premium >= 0", name="premium"),
        CheckConstraint("refund_amount BETWEEN 0 AND premium", name="refund_amount"),
        CheckConstraint("ends_on > starts_on", name="ends_on"),
        CheckConstraint(
            "status IN ('reserving', 'reserved', 'refused', 'releasing', "
            "'activating', 'activation_refused', 'active', 'cancelling', "
            "'cancelled', 'expired', 'claimed')",
            name="status",
        ),
        CheckConstraint(
            "status NOT IN ('activating', 'activation_refused', 'active', "
            "'cancelling', 'expired', 'claimed') "
            "OR premium_fee_reference IS NOT NULL",
            name="premium_fee_reference",
        ),
        CheckConstraint(
            "refund_amount = 0 OR status IN ('cancelling', 'cancelled')",
            name="refunded",
        ),
        CheckConstraint(
            "status <> 'reserved' OR held_until IS NOT NULL", name="held_until"
        ),
        CheckConstraint(
            "status NOT IN ('cancelling', 'expired', 'claimed') "
            "OR ended_on IS NOT NULL",
            name="ended_on",
        ),
        Index(
            "uq_policies_living",
            "cooperative_id",
            "reference",
            unique=True,
            postgresql_where="status IN ('reserving', 'reserved', 'activating', "
            "'activation_refused', 'active')",
        ),
        Index("ix_policies_reference", "cooperative_id", "reference", "id"),
        Index("ix_policies_member_id", "cooperative_id", "member_id", "id"),
        Index(
            "ix_policies_due",
            "due_at",
            postgresql_where="status IN "
            "('reserving', 'releasing', 'activating', 'cancelling')",
        ),
        Index(
            "ix_policies_activation_refused",
            "cooperative_id",
            "id",
            postgresql_where="status = 'activation_refused'",
        ),
        Index("ix_policies_ends_on", "ends_on", postgresql_where="status = 'active'"),
        Index(
            "ix_policies_held_until",
            "held_until",
            postgresql_where="status = 'reserved'",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    # The loan's id.
    reference: Mapped[str] = mapped_column(Text)
    product_id: Mapped[str] = mapped_column(ForeignKey("insurance_products.id"))
    number: Mapped[str | None] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(Text)
    # Name and date of birth, encrypted.
    insured: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    principal: Mapped[int] = mapped_column(MoneyColumn)
    months: Mapped[int] = mapped_column(Integer)
    charged_months: Mapped[int] = mapped_column(Integer)
    rate_bps: Mapped[int] = mapped_column(Integer)
    coverage_bps: Mapped[int] = mapped_column(Integer)
    refund_bps: Mapped[int] = mapped_column(Integer)
    premium: Mapped[int] = mapped_column(MoneyColumn)
    premium_fee_reference: Mapped[str | None] = mapped_column(Text)
    starts_on: Mapped[date]
    # The last day of cover.
    ends_on: Mapped[date]
    status: Mapped[str] = mapped_column(Text)
    # Until when a reservation waits for its loan.
    held_until: Mapped[date | None]
    ended_on: Mapped[date | None]
    end_reason: Mapped[str | None] = mapped_column(Text)
    refund_amount: Mapped[int] = mapped_column(MoneyColumn)
    # Whether the insurer knows that the policy has ended.
    is_insurer_told: Mapped[bool]
    attempts: Mapped[int] = mapped_column(Integer)
    fault: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
