"""Partner insurers and what they offer: the hub's own catalogue, of no tenant."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Integer, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class Insurer(Base):
    """A partner insurer; its code is its path below the address of the API."""

    __tablename__ = "insurers"
    __table_args__ = (UniqueConstraint("code", name="uq_insurers_code"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class InsuranceProduct(Base):
    """Cover as an insurer offers it; a policy keeps the terms that it began with.

    ``documents`` names the causes that are covered, each with the kinds of documents
    that a claim needs.
    """

    __tablename__ = "insurance_products"
    __table_args__ = (
        UniqueConstraint("code", name="uq_insurance_products_code"),
        CheckConstraint("kind IN ('credit_life', 'credit_guarantee')", name="kind"),
        CheckConstraint("rate_bps BETWEEN 1 AND 10000", name="rate_bps"),
        CheckConstraint("coverage_bps BETWEEN 1 AND 10000", name="coverage_bps"),
        CheckConstraint("refund_bps BETWEEN 0 AND 10000", name="refund_bps"),
        CheckConstraint("waiting_days >= 0 AND claim_days >= 0", name="days"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    insurer_id: Mapped[str] = mapped_column(ForeignKey("insurers.id"))
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    rate_bps: Mapped[int] = mapped_column(Integer)
    rounds_years_up: Mapped[bool]
    coverage_bps: Mapped[int] = mapped_column(Integer)
    refund_bps: Mapped[int] = mapped_column(Integer)
    waiting_days: Mapped[int] = mapped_column(Integer)
    claim_days: Mapped[int] = mapped_column(Integer)
    documents: Mapped[dict[str, Any]] = mapped_column(JSONB)
    is_offered: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
