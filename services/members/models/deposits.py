"""Time deposits: what is offered, what was placed, and what it has paid."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class DepositProduct(Base):
    """A time deposit as a cooperative offers it; its rates are in `DepositRate`."""

    __tablename__ = "deposit_products"
    __table_args__ = (
        UniqueConstraint(
            "cooperative_id", "id", name="uq_deposit_products_cooperative_id_id"
        ),
        UniqueConstraint(
            "cooperative_id", "code", name="uq_deposit_products_cooperative_id_code"
        ),
        CheckConstraint("minimum_amount > 0", name="minimum_amount"),
        CheckConstraint("penalty_bps BETWEEN 0 AND 10000", name="penalty_bps"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(ForeignKey("cooperatives.id"))
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    minimum_amount: Mapped[int] = mapped_column(MoneyColumn)
    penalty_bps: Mapped[int] = mapped_column(Integer)
    is_offered: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DepositRate(Base):
    """One line of a rate table; the table with the latest date that has come counts."""

    __tablename__ = "deposit_rates"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "product_id"],
            ["deposit_products.cooperative_id", "deposit_products.id"],
            name="fk_deposit_rates_product_id",
        ),
        CheckConstraint("term_months BETWEEN 1 AND 120", name="term_months"),
        CheckConstraint("amount_from > 0", name="amount_from"),
        CheckConstraint("rate_bps BETWEEN 0 AND 900", name="rate_bps"),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    product_id: Mapped[str] = mapped_column(Text, primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    term_months: Mapped[int] = mapped_column(Integer, primary_key=True)
    amount_from: Mapped[int] = mapped_column(MoneyColumn, primary_key=True)
    rate_bps: Mapped[int] = mapped_column(Integer)


class Deposit(Base):
    """A time deposit of a member; how much it is and until when its term says."""

    __tablename__ = "deposits"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id", name="uq_deposits_cooperative_id_id"),
        UniqueConstraint(
            "cooperative_id",
            "certificate_number",
            name="uq_deposits_cooperative_id_certificate_number",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "member_id"],
            ["members.cooperative_id", "members.id"],
            name="fk_deposits_member_id",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "product_id"],
            ["deposit_products.cooperative_id", "deposit_products.id"],
            name="fk_deposits_product_id",
        ),
        CheckConstraint("source IN ('savings', 'cash', 'bank')", name="source"),
        CheckConstraint("schedule IN ('monthly', 'maturity')", name="schedule"),
        CheckConstraint(
            "rollover IN ('none', 'principal', 'principal_and_interest')",
            name="rollover",
        ),
        CheckConstraint(
            "schedule = 'maturity' OR rollover <> 'principal_and_interest'",
            name="capitalised",
        ),
        CheckConstraint("penalty_bps BETWEEN 0 AND 10000", name="penalty_bps"),
        CheckConstraint(
            "status IN "
            "('opening', 'active', 'closing', 'matured', 'broken', 'refused')",
            name="status",
        ),
        CheckConstraint("term_number > 0", name="term_number"),
        CheckConstraint(
            "(status IN ('opening', 'refused')) = (certificate_number IS NULL)",
            name="certificate_number",
        ),
        CheckConstraint(
            "(status IN ('matured', 'broken')) = (ended_on IS NOT NULL)",
            name="ended_on",
        ),
        Index("ix_deposits_member_id", "cooperative_id", "member_id", "id"),
        Index(
            "ix_deposits_savings_account",
            "savings_account",
            postgresql_where="status IN ('opening', 'active', 'closing')",
        ),
        Index(
            "ix_deposits_due",
            "cooperative_id",
            "id",
            "next_due_on",
            postgresql_where="next_due_on IS NOT NULL",
        ),
        Index(
            "ix_deposits_opening", "created_at", postgresql_where="status = 'opening'"
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    certificate_number: Mapped[str | None] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(Text)
    product_id: Mapped[str] = mapped_column(Text)
    # Where interest goes, and in the end the principal.
    savings_account: Mapped[str] = mapped_column(ForeignKey("accounts.number"))
    source: Mapped[str] = mapped_column(Text)
    # Of the placement; its slip has the same id.
    journal_id: Mapped[str] = mapped_column(Text)
    schedule: Mapped[str] = mapped_column(Text)
    rollover: Mapped[str] = mapped_column(Text)
    penalty_bps: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(Text)
    term_number: Mapped[int] = mapped_column(Integer)
    # Null while there is nothing more to pay, or while the last payout is under way.
    next_due_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_on: Mapped[date | None]


class DepositTerm(Base):
    """One term of a deposit; a roll-over adds the next."""

    __tablename__ = "deposit_terms"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "deposit_id"],
            ["deposits.cooperative_id", "deposits.id"],
            name="fk_deposit_terms_deposit_id",
        ),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("principal > 0", name="principal"),
        CheckConstraint("rate_bps BETWEEN 0 AND 900", name="rate_bps"),
        CheckConstraint("months BETWEEN 1 AND 120", name="months"),
        CheckConstraint("matures_on > starts_on", name="matures_on"),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    deposit_id: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    principal: Mapped[int] = mapped_column(MoneyColumn)
    rate_bps: Mapped[int] = mapped_column(Integer)
    months: Mapped[int] = mapped_column(Integer)
    starts_on: Mapped[date]
    matures_on: Mapped[date]


class DepositPayout(Base):
    """What a deposit pays at one moment: decided here once, then posted.

    ``attempt`` counts the journals that were tried: the ledger keeps a refusal for
    ever, so the next try needs an id of its own. ``savings_account`` is that of the
    attempt. ``next_rate_bps`` is the rate of the term that begins, null if none does.
    """

    __tablename__ = "deposit_payouts"
    __table_args__ = (
        UniqueConstraint(
            "cooperative_id",
            "deposit_id",
            "term_number",
            "kind",
            "month",
            name="uq_deposit_payouts_deposit_id",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "deposit_id", "term_number"],
            [
                "deposit_terms.cooperative_id",
                "deposit_terms.deposit_id",
                "deposit_terms.number",
            ],
            name="fk_deposit_payouts_term_number",
        ),
        CheckConstraint("kind IN ('interest', 'maturity', 'break')", name="kind"),
        CheckConstraint("month >= 0", name="month"),
        CheckConstraint(
            "gross >= 0 AND tax >= 0 AND penalty >= 0 AND principal >= 0",
            name="amounts",
        ),
        CheckConstraint("next_rate_bps BETWEEN 0 AND 900", name="next_rate_bps"),
        CheckConstraint("status IN ('pending', 'posted')", name="status"),
        CheckConstraint("attempt > 0", name="attempt"),
        CheckConstraint(
            "(status = 'posted') = (posted_at IS NOT NULL)", name="posted_at"
        ),
        Index(
            "uq_deposit_payouts_end",
            "cooperative_id",
            "deposit_id",
            unique=True,
            postgresql_where="principal > 0",
        ),
        Index(
            "ix_deposit_payouts_due", "due_at", postgresql_where="status = 'pending'"
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    deposit_id: Mapped[str] = mapped_column(Text)
    term_number: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(Text)
    # Which month of the term it pays, from 1; 0 for breaking it.
    month: Mapped[int] = mapped_column(Integer)
    gross: Mapped[int] = mapped_column(MoneyColumn)
    tax: Mapped[int] = mapped_column(MoneyColumn)
    penalty: Mapped[int] = mapped_column(MoneyColumn)
    principal: Mapped[int] = mapped_column(MoneyColumn)
    is_capitalised: Mapped[bool]
    savings_account: Mapped[str] = mapped_column(ForeignKey("accounts.number"))
    business_date: Mapped[date]
    next_rate_bps: Mapped[int | None] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(Text)
    attempt: Mapped[int] = mapped_column(Integer)
    fault: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    posted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
