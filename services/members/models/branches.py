"""Offices of a cooperative, and the annual reports that they depend on."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class Branch(Base):
    """An office: planned until it is opened, and closed for good."""

    __tablename__ = "branches"
    __table_args__ = (
        UniqueConstraint(
            "cooperative_id", "code", name="uq_branches_cooperative_id_code"
        ),
        UniqueConstraint("cooperative_id", "id", name="uq_branches_cooperative_id_id"),
        CheckConstraint("code ~ '^[0-9]{3,}$'", name="code"),
        CheckConstraint(
            "kind IN ('pusat', 'cabang', 'cabang_pembantu', 'kantor_kas')", name="kind"
        ),
        CheckConstraint("time_zone IN ('WIB', 'WITA', 'WIT')", name="time_zone"),
        CheckConstraint("members_in_area >= 0", name="members_in_area"),
        CheckConstraint("status IN ('planned', 'open', 'closed')", name="status"),
        CheckConstraint("status <> 'open' OR opened_on IS NOT NULL", name="opened_on"),
        CheckConstraint(
            "(status = 'closed') = (closed_on IS NOT NULL)", name="closed_on"
        ),
        Index(
            "uq_branches_head_office",
            "cooperative_id",
            unique=True,
            postgresql_where="kind = 'pusat' AND status <> 'closed'",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(ForeignKey("cooperatives.id"))
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    area: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text)
    members_in_area: Mapped[int] = mapped_column(Integer)
    network_licence_number: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_on: Mapped[date | None]
    closed_on: Mapped[date | None]


class AnnualReport(Base):
    """A year's report as the members' meeting accepted it; capital in whole rupiah."""

    __tablename__ = "annual_reports"
    __table_args__ = (
        CheckConstraint("year BETWEEN 2000 AND 2099", name="year"),
        CheckConstraint("accepted_on > make_date(year, 12, 31)", name="accepted_on"),
        CheckConstraint("working_capital >= 0", name="working_capital"),
        CheckConstraint("document_sha512 ~ '^[0-9a-f]{128}$'", name="document_sha512"),
    )

    cooperative_id: Mapped[str] = mapped_column(
        ForeignKey("cooperatives.id"), primary_key=True
    )
    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    accepted_on: Mapped[date]
    working_capital: Mapped[int] = mapped_column(MoneyColumn)
    document_sha512: Mapped[str | None] = mapped_column(Text)
    declared_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def position(self) -> str:
        """Where it stands in the list."""
        return str(self.year)
