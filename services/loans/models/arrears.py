"""How a cooperative judges arrears, and how its loans stood day by day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class ArrearsSettings(Base):
    """A cooperative's own classes, stages and bounds; without a row, the defaults.

    Classes (kolektibilitas) and stages (tahap penagihan) are two tables: the one is
    never derived from the other (C1).
    """

    __tablename__ = "arrears_settings"
    __table_args__ = (
        # The last day past due of classes 1 to 4; the fifth has no end.
        CheckConstraint(
            "cardinality(class_days) = 4 AND class_days[1] >= 0 "
            "AND class_days[1] < class_days[2] AND class_days[2] < class_days[3] "
            "AND class_days[3] < class_days[4]",
            name="class_days",
        ),
        CheckConstraint(
            "cardinality(provision_bps) = 5 AND 0 <= ALL (provision_bps) "
            "AND 10000 >= ALL (provision_bps)",
            name="provision_bps",
        ),
        CheckConstraint(
            "provision_every IN ('day', 'month')",
            name="provision_every",
        ),
        CheckConstraint(
            "upgrade_after_instalments BETWEEN 0 AND 12",
            name="upgrade_after_instalments",
        ),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    class_days: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    # code, from_day and action of each stage, in order (`domain/arrears.py`: Stage).
    stages: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    provision_bps: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    provision_every: Mapped[str] = mapped_column(Text)
    # Instalments that a restructured loan pays in full before its class improves.
    upgrade_after_instalments: Mapped[int] = mapped_column(Integer)
    # Where each ratio turns green and red (`domain/ratios.py`: Bounds).
    bounds: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(Text)


class LoanDay(Base):
    """How a loan stood on a day: when its class or stage changed, and at month's end.

    Of one day the row with the highest id is the last. Rows are only ever added.
    """

    __tablename__ = "loan_days"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "loan_id"],
            ["loans.cooperative_id", "loans.id"],
            name="fk_loan_days_loan",
        ),
        CheckConstraint("reason IN ('change', 'month_end')", name="reason"),
        CheckConstraint(
            "dpd >= 0 AND outstanding >= 0 AND unaccrued_interest >= 0", name="amounts"
        ),
        CheckConstraint("collectibility BETWEEN 1 AND 5", name="collectibility"),
        # One picture of a loan per month's end, however often it is taken.
        Index(
            "uq_loan_days_month_end",
            "cooperative_id",
            "day",
            "loan_id",
            unique=True,
            postgresql_where="reason = 'month_end'",
        ),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    loan_id: Mapped[str] = mapped_column(Text, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    dpd: Mapped[int] = mapped_column(Integer)
    collectibility: Mapped[int] = mapped_column(SmallInteger)
    stage: Mapped[str] = mapped_column(Text)
    outstanding: Mapped[int] = mapped_column(MoneyColumn)
    # Interest that has fallen due and is no income (`domain/arrears.py`:
    # NON_PERFORMING); known of a month's end since it is kept.
    unaccrued_interest: Mapped[int | None] = mapped_column(MoneyColumn)


class ArrearsJournal(Base):
    """What a day's accrual or provision moves in the book, and whether it did.

    Written together with the columns of the loans that it sums up: the ledger follows.
    """

    __tablename__ = "arrears_journals"
    __table_args__ = (
        CheckConstraint("kind IN ('accrual', 'provision')", name="kind"),
        CheckConstraint("state IN ('planned', 'posted')", name="state"),
        CheckConstraint("up >= 0 AND down >= 0 AND up + down > 0", name="amounts"),
        CheckConstraint(
            "(state = 'posted') = (posted_at IS NOT NULL)", name="posted_at"
        ),
        CheckConstraint("attempt > 0", name="attempt"),
        Index(
            "ix_arrears_journals_planned",
            "cooperative_id",
            "business_date",
            postgresql_where="state = 'planned'",
        ),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    # The day of the run that planned it.
    business_date: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    up: Mapped[int] = mapped_column(MoneyColumn)
    down: Mapped[int] = mapped_column(MoneyColumn)
    # The day that it counts to in the book.
    booked_on: Mapped[date]
    # A refused journal is refused for ever: the next attempt has another id.
    attempt: Mapped[int] = mapped_column(Integer)
    journal_id: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    posted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
