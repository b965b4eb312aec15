"""What an analyst finds out: checklist, 5C, visits, and what members were taught."""

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
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class Checklist(Base):
    """What is ticked off for loans of one product; the usual items where no row is."""

    __tablename__ = "checklists"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "product_id"],
            ["loan_products.cooperative_id", "loan_products.id"],
            name="fk_checklists_product",
        ),
    )

    product_id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    # Objects with `code`, `label` and `is_required`.
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(Text)


class Verification(Base):
    """How far the verification of one application is, and how it ended (R122)."""

    __tablename__ = "verifications"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "application_id"],
            ["loan_applications.cooperative_id", "loan_applications.id"],
            name="fk_verifications_application",
        ),
        CheckConstraint("outcome IN ('passed', 'rejected')", name="outcome"),
        CheckConstraint(
            "(outcome IS NULL) = (finished_by IS NULL) "
            "AND (outcome IS NULL) = (finished_at IS NULL)",
            name="finished",
        ),
        CheckConstraint(
            "(outcome IS NOT DISTINCT FROM 'rejected') = (reason IS NOT NULL)",
            name="reason",
        ),
    )

    application_id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    # By code of the item: who ticked it and when.
    ticks: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # 5C: 1 to 5 by name.
    scores: Mapped[dict[str, int]] = mapped_column(JSONB)
    # The words to each of them and the analyst's summary, encrypted.
    notes: Mapped[bytes | None] = mapped_column(LargeBinary)
    outcome: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    finished_by: Mapped[str | None] = mapped_column(Text)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FieldVisit(Base):
    """A visit to, or an interview with, who applies (R140)."""

    __tablename__ = "field_visits"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "application_id"],
            ["loan_applications.cooperative_id", "loan_applications.id"],
            name="fk_field_visits_application",
        ),
        CheckConstraint("kind IN ('visit', 'interview')", name="kind"),
        CheckConstraint(
            "(latitude IS NULL) = (longitude IS NULL) "
            "AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180",
            name="place",
        ),
        Index(
            "ix_field_visits_application_id", "cooperative_id", "application_id", "id"
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    application_id: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    held_on: Mapped[date]
    conducted_by: Mapped[str] = mapped_column(Text)
    # What was found, encrypted.
    findings: Mapped[bytes] = mapped_column(LargeBinary)
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(8, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Training(Base):
    """A lesson about money that a member attended (R140, R163)."""

    __tablename__ = "trainings"
    __table_args__ = (
        Index("ix_trainings_member_id", "cooperative_id", "member_id", "held_on"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(Text)
    topic: Mapped[str] = mapped_column(Text)
    held_on: Mapped[date]
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
