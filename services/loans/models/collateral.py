"""What secures a loan besides the borrower's word, and what it is worth."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class Collateral(Base):
    """One thing that is offered, and what has become of it (R25, R139)."""

    __tablename__ = "collaterals"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        ForeignKeyConstraint(
            ["cooperative_id", "application_id"],
            ["loan_applications.cooperative_id", "loan_applications.id"],
            name="fk_collaterals_application",
        ),
        CheckConstraint(
            "kind IN ('business_equipment', 'village_land_certificate', "
            "'land_certificate', 'vehicle_bpkb', 'securities', 'savings', 'deposit', "
            "'group_guarantee', 'personal_guarantee')",
            name="kind",
        ),
        CheckConstraint(
            "status IN ('offered', 'withdrawn', 'bound', 'released', 'executed')",
            name="status",
        ),
        CheckConstraint(
            "(status IN ('bound', 'released', 'executed')) = (bound_on IS NOT NULL)",
            name="bound_on",
        ),
        CheckConstraint(
            "(status IN ('released', 'executed')) = (ended_on IS NOT NULL)",
            name="ended_on",
        ),
        CheckConstraint("accepted_value >= 0", name="accepted_value"),
        Index(
            "ix_collaterals_application_id", "cooperative_id", "application_id", "id"
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    application_id: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    # Owner, description and number of its papers, encrypted.
    details: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(Text)
    # By the newest appraisal, less its haircut; 0 before the first.
    accepted_value: Mapped[int] = mapped_column(MoneyColumn)
    bound_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Appraisal(Base):
    """What somebody thinks a thing is worth; the newest counts."""

    __tablename__ = "appraisals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "collateral_id"],
            ["collaterals.cooperative_id", "collaterals.id"],
            name="fk_appraisals_collateral",
        ),
        CheckConstraint(
            "haircut_bps BETWEEN 0 AND 10000 "
            "AND accepted_value BETWEEN 0 AND market_value AND market_value > 0",
            name="values",
        ),
        Index("ix_appraisals_collateral_id", "cooperative_id", "collateral_id", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    collateral_id: Mapped[str] = mapped_column(Text)
    market_value: Mapped[int] = mapped_column(MoneyColumn)
    haircut_bps: Mapped[int] = mapped_column(Integer)
    accepted_value: Mapped[int] = mapped_column(MoneyColumn)
    appraised_on: Mapped[date]
    appraised_by: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
