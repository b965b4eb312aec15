"""What the counter gives for money that moved, and what it intends to move."""

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
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class Slip(Base):
    """One movement at the counter: stored before it is posted, numbered after.

    Its journal can be posted again from this row alone, which is how one that was cut
    short is finished.
    """

    __tablename__ = "slips"
    __table_args__ = (
        UniqueConstraint(
            "cooperative_id", "number", name="uq_slips_cooperative_id_number"
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "shift_id"],
            ["cash_shifts.cooperative_id", "cash_shifts.id"],
            name="fk_slips_shift_id",
        ),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("debit_account <> credit_account", name="accounts"),
        CheckConstraint("attempts > 0", name="attempts"),
        CheckConstraint(
            "status IN ('pending', 'posted', 'refused', 'void')", name="status"
        ),
        CheckConstraint(
            "(status = 'posted') = (number IS NOT NULL) "
            "AND (status = 'posted') = (posted_at IS NOT NULL) "
            "AND (status = 'posted') = (balance IS NOT NULL)",
            name="posted",
        ),
        Index("ix_slips_account", "cooperative_id", "account", "journal_id"),
        Index(
            "ix_slips_shift_id",
            "cooperative_id",
            "shift_id",
            "status",
            postgresql_where="shift_id IS NOT NULL",
        ),
        Index("ix_slips_due", "due_at", postgresql_where="status = 'pending'"),
    )

    journal_id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(ForeignKey("cooperatives.id"))
    kind: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    # Whose slip it is: the account whose balance is printed.
    account: Mapped[str] = mapped_column(Text)
    debit_account: Mapped[str] = mapped_column(Text)
    credit_account: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    channel: Mapped[str] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    teller: Mapped[str] = mapped_column(Text)
    shift_id: Mapped[str | None] = mapped_column(Text)
    branch_code: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    # How many have tried to post it since it was begun, or begun anew.
    attempts: Mapped[int]
    number: Mapped[str | None] = mapped_column(Text)
    balance: Mapped[int | None] = mapped_column(MoneyColumn)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # When somebody else finishes it, if it is still pending then.
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    posted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
