"""Cash drawers, the shifts in which tellers answer for them, and what is settled."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime

_UNFINISHED = "status IN ('opening', 'open', 'counted', 'closing')"


class CounterSettings(Base):
    """How a cooperative wants its counter to work; no row is all defaults."""

    __tablename__ = "counter_settings"
    __table_args__ = (CheckConstraint("step_up_amount > 0", name="step_up_amount"),)

    cooperative_id: Mapped[str] = mapped_column(
        ForeignKey("cooperatives.id"), primary_key=True
    )
    # Whether people may take and pay cash only through an open drawer of theirs.
    drawer_required: Mapped[bool]
    # From which amount on a second factor is asked for; null is never.
    step_up_amount: Mapped[int | None] = mapped_column(MoneyColumn)


class CashDrawer(Base):
    """A drawer: an account of its own in the ledger, filled and emptied by shifts."""

    __tablename__ = "cash_drawers"
    __table_args__ = (
        UniqueConstraint(
            "cooperative_id", "id", name="uq_cash_drawers_cooperative_id_id"
        ),
        UniqueConstraint(
            "cooperative_id", "name", name="uq_cash_drawers_cooperative_id_name"
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "branch_id"],
            ["branches.cooperative_id", "branches.id"],
            name="fk_cash_drawers_branch_id",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(ForeignKey("cooperatives.id"))
    name: Mapped[str] = mapped_column(Text)
    branch_id: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CashShift(Base):
    """One teller answering for one drawer, from the float to the accepted count."""

    __tablename__ = "cash_shifts"
    __table_args__ = (
        UniqueConstraint(
            "cooperative_id", "id", name="uq_cash_shifts_cooperative_id_id"
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "drawer_id"],
            ["cash_drawers.cooperative_id", "cash_drawers.id"],
            name="fk_cash_shifts_drawer_id",
        ),
        CheckConstraint(
            "status IN ('opening', 'open', 'counted', 'closing', 'closed', 'refused')",
            name="status",
        ),
        CheckConstraint("float_amount >= 0", name="float_amount"),
        CheckConstraint("counted_amount >= 0", name="counted_amount"),
        CheckConstraint(
            "status NOT IN ('counted', 'closing', 'closed') "
            "OR (counted_amount IS NOT NULL AND counted_at IS NOT NULL)",
            name="counted",
        ),
        CheckConstraint(
            "(status IN ('closing', 'closed')) = (approver IS NOT NULL)",
            name="approver",
        ),
        CheckConstraint(
            "approver IS NULL OR expected_amount IS NOT NULL", name="expected_amount"
        ),
        CheckConstraint("approver <> teller", name="duties"),
        CheckConstraint(
            "(status = 'closed') = (closed_at IS NOT NULL)", name="closed_at"
        ),
        Index(
            "uq_cash_shifts_unfinished_drawer_id",
            "cooperative_id",
            "drawer_id",
            unique=True,
            postgresql_where=_UNFINISHED,
        ),
        Index(
            "uq_cash_shifts_unfinished_teller",
            "cooperative_id",
            "teller",
            unique=True,
            postgresql_where=_UNFINISHED,
        ),
        Index(
            "ix_cash_shifts_moving",
            "opened_at",
            postgresql_where="status IN ('opening', 'closing')",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    drawer_id: Mapped[str] = mapped_column(Text)
    teller: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    float_amount: Mapped[int] = mapped_column(MoneyColumn)
    counted_amount: Mapped[int | None] = mapped_column(MoneyColumn)
    # What the ledger said the drawer holds, when the count was accepted.
    expected_amount: Mapped[int | None] = mapped_column(MoneyColumn)
    # How many notes and coins of each value were counted, if the teller told.
    denominations: Mapped[dict[str, int] | None] = mapped_column(JSONB)
    # The teller's explanation, or why the count was sent back.
    note: Mapped[str | None] = mapped_column(Text)
    approver: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    counted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
