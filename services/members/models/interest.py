"""Interest that savings have earned, and the tax withheld of it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class InterestPosting(Base):
    """The interest of one account for one month.

    ``basis`` is the lowest balance, or the sum of the balances of all days.
    """

    __tablename__ = "interest_postings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "member_id"], ["members.cooperative_id", "members.id"]
        ),
        CheckConstraint("rate_bps BETWEEN 0 AND 900", name="rate_bps"),
        CheckConstraint("gross > 0", name="gross"),
        CheckConstraint("withheld BETWEEN 0 AND gross", name="withheld"),
        CheckConstraint("extract(day FROM month) = 1", name="month"),
        CheckConstraint("state IN ('planned', 'posted', 'skipped')", name="state"),
        Index("ix_interest_postings_chunk", "cooperative_id", "month", "chunk"),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(
        ForeignKey("accounts.number"), primary_key=True
    )
    member_id: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    rate_bps: Mapped[int] = mapped_column(Integer)
    basis: Mapped[Decimal] = mapped_column(Numeric(30))
    gross: Mapped[int] = mapped_column(MoneyColumn)
    withheld: Mapped[int] = mapped_column(MoneyColumn)
    # Where in the run it was planned: what one step has planned is one journal.
    chunk: Mapped[str] = mapped_column(Text)
    journal_id: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)


class Withholding(Base):
    """All interest of one member in one calendar month, and the tax on it.

    ``tax`` is what PP 15/2009 asks of the total, ``withheld`` what was taken so far:
    less when an earlier payment of the month was still free of tax.
    """

    __tablename__ = "withholdings"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "number"),
        ForeignKeyConstraint(
            ["cooperative_id", "member_id"], ["members.cooperative_id", "members.id"]
        ),
        CheckConstraint("extract(day FROM month) = 1", name="month"),
        CheckConstraint("gross >= 0", name="gross"),
        CheckConstraint(
            "tax = CASE WHEN gross > 240000 THEN gross / 10 ELSE 0 END", name="tax"
        ),
        CheckConstraint("withheld >= 0", name="withheld"),
        Index(
            "ix_withholdings_cooperative_id_month",
            "cooperative_id",
            "month",
            "member_id",
        ),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    member_id: Mapped[str] = mapped_column(Text, primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    # Of the slip (bukti potong), which exists also when nothing is withheld.
    number: Mapped[str] = mapped_column(Text)
    gross: Mapped[int] = mapped_column(MoneyColumn)
    tax: Mapped[int] = mapped_column(MoneyColumn)
    withheld: Mapped[int] = mapped_column(MoneyColumn)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
