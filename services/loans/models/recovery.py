"""How a cooperative recovers loans that failed, and journals that follow its book."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class RecoverySettings(Base):
    """What a cooperative has set; no row is all defaults (`domain/recovery.py`)."""

    __tablename__ = "recovery_settings"
    __table_args__ = (
        CheckConstraint("claim_after_days BETWEEN 1 AND 365", name="claim_after_days"),
        CheckConstraint("floor_price_bps BETWEEN 1 AND 10000", name="floor_price_bps"),
        CheckConstraint("auction_from >= 0", name="auction_from"),
        CheckConstraint(
            "write_off_after_months BETWEEN 0 AND 120", name="write_off_after_months"
        ),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    # Days past due from which the insurer is claimed on (R49).
    claim_after_days: Mapped[int] = mapped_column(Integer)
    # The lowest price of collateral, of its market value (R155).
    floor_price_bps: Mapped[int] = mapped_column(Integer)
    # Below this worth an auction by the state costs more than it brings (R155).
    auction_from: Mapped[int] = mapped_column(MoneyColumn)
    # Months of arrears before a loan may be written off.
    write_off_after_months: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(Text)


class LoanJournal(Base):
    """What a decided change of a loan moves in the book, and whether it did.

    Written together with the change: the ledger follows, and until it has, nothing is
    paid of the loan.
    """

    __tablename__ = "loan_journals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_loan_journals_loan",
        ),
        CheckConstraint(
            "kind IN ('loan_restructuring', 'loan_write_off', 'loan_remainder', "
            "'loan_surplus', 'loan_rebate')",
            name="kind",
        ),
        CheckConstraint("state IN ('planned', 'posted')", name="state"),
        CheckConstraint(
            "(state = 'posted') = (posted_at IS NOT NULL)", name="posted_at"
        ),
        CheckConstraint("attempt > 0", name="attempt"),
        Index("ix_loan_journals_due", "due_at", postgresql_where="state = 'planned'"),
        Index("ix_loan_journals_loan_id", "cooperative_id", "loan_id"),
        # Who has paid in time is rewarded once.
        Index(
            "uq_loan_journals_rebate",
            "loan_id",
            unique=True,
            postgresql_where="kind = 'loan_rebate'",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    loan_id: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    # What has to be there first: key, code and name of each account.
    accounts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    # Debit, credit and amount of each line.
    postings: Mapped[list[list[Any]]] = mapped_column(JSONB)
    # The day that it counts to in the book.
    booked_on: Mapped[date]
    # A refused journal is refused for ever: the next attempt has another id.
    attempt: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    posted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
