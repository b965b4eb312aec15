"""Collateral that is turned into money."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class Execution(Base):
    """The way from mediation to the sale of one thing, and where its price went.

    It is `mediating` until a sale is proposed, `proposed` until another has approved
    the price, `settling` while the money is put where it belongs (R155, R156).
    """

    __tablename__ = "executions"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_executions_loan",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "collateral_id"],
            ["collaterals.cooperative_id", "collaterals.id"],
            name="fk_executions_collateral",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "remainder_loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_executions_remainder_loan",
        ),
        CheckConstraint(
            "status IN ('mediating', 'proposed', 'settling', 'done', 'abandoned')",
            name="status",
        ),
        CheckConstraint(
            "way IN ('kpknl_auction', 'internal_auction', 'voluntary_sale')",
            name="way",
        ),
        CheckConstraint(
            "status NOT IN ('proposed', 'settling', 'done') "
            "OR way IS NOT NULL AND proceeds > 0 AND costs >= 0 AND costs < proceeds "
            "AND market_value > 0 AND sold_on IS NOT NULL AND proposed_by IS NOT NULL "
            "AND remainder_count > 0",
            name="sale",
        ),
        CheckConstraint(
            "status NOT IN ('settling', 'done') "
            "OR decided_by IS NOT NULL AND decided_at IS NOT NULL "
            "AND decided_by <> proposed_by",
            name="two_persons",
        ),
        Index(
            "uq_executions_open",
            "collateral_id",
            unique=True,
            postgresql_where="status <> 'abandoned'",
        ),
        Index("ix_executions_loan_id", "cooperative_id", "loan_id", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    loan_id: Mapped[str] = mapped_column(Text)
    collateral_id: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    # What was tried to settle it without a sale.
    mediation: Mapped[str] = mapped_column(Text)
    mediated_on: Mapped[date]
    started_by: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    way: Mapped[str | None] = mapped_column(Text)
    sold_on: Mapped[date | None]
    proceeds: Mapped[int | None] = mapped_column(MoneyColumn)
    costs: Mapped[int | None] = mapped_column(MoneyColumn)
    # By the newest appraisal, when the sale was proposed.
    market_value: Mapped[int | None] = mapped_column(MoneyColumn)
    # In how many monthly instalments what is left is to be paid.
    remainder_count: Mapped[int | None] = mapped_column(Integer)
    proposed_by: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    remainder_loan_id: Mapped[str | None] = mapped_column(Text)
