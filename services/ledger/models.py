"""Which tables the ledger keeps; the migrations make them and add the triggers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class Book(Base):
    """A cooperative's book, or the hub's, with its last closed business day."""

    __tablename__ = "books"

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    closed_through: Mapped[date | None]
    opened_at: Mapped[datetime] = mapped_column(
        UtcDateTime, server_default=FetchedValue()
    )


class Account(Base):
    """An account: four counters, a limit, and perhaps a cover."""

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("normal_side IN ('debit', 'credit')", name="normal_side"),
        CheckConstraint("status IN ('active', 'frozen', 'closed')", name="status"),
        CheckConstraint(
            "debits_posted >= 0 AND credits_posted >= 0 "
            "AND debits_pending >= 0 AND credits_pending >= 0",
            name="counters",
        ),
        CheckConstraint(
            "minimum_balance IS NULL OR CASE normal_side "
            "WHEN 'debit' THEN debits_posted - credits_posted - credits_pending "
            "ELSE credits_posted - debits_posted - debits_pending "
            "END >= minimum_balance",
            name="minimum_balance",
        ),
        Index("ix_accounts_cooperative_id_code", "cooperative_id", "code"),
        Index(
            "ix_accounts_covered_by",
            "covered_by",
            postgresql_where="covered_by IS NOT NULL",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(Text, unique=True)
    cooperative_id: Mapped[str] = mapped_column(
        Text, ForeignKey("books.cooperative_id")
    )
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    normal_side: Mapped[str] = mapped_column(Text)
    debits_posted: Mapped[int] = mapped_column(
        MoneyColumn, server_default=FetchedValue()
    )
    credits_posted: Mapped[int] = mapped_column(
        MoneyColumn, server_default=FetchedValue()
    )
    debits_pending: Mapped[int] = mapped_column(
        MoneyColumn, server_default=FetchedValue()
    )
    credits_pending: Mapped[int] = mapped_column(
        MoneyColumn, server_default=FetchedValue()
    )
    minimum_balance: Mapped[int | None] = mapped_column(MoneyColumn)
    covered_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    status: Mapped[str] = mapped_column(Text, server_default=FetchedValue())
    opened_at: Mapped[datetime] = mapped_column(
        UtcDateTime, server_default=FetchedValue()
    )


class Journal(Base):
    """One business fact, posted or refused; rows are only ever added."""

    __tablename__ = "journals"
    __table_args__ = (
        Index(
            "uq_journals_reverses",
            "reverses",
            unique=True,
            postgresql_where="reverses IS NOT NULL",
        ),
    )

    serial: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    business_date: Mapped[date]
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    books: Mapped[list[str]] = mapped_column(ARRAY(Text))
    request_hash: Mapped[bytes]
    refusal: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    reverses: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(Text)


class Posting(Base):
    """A debit and a credit of one amount; rows are only ever added."""

    __tablename__ = "postings"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("debit_account <> credit_account", name="two_accounts"),
        Index("ix_postings_debit_account", "debit_account", "posted_at", "id"),
        Index("ix_postings_credit_account", "credit_account", "posted_at", "id"),
        Index("ix_postings_posted_at", "posted_at", postgresql_using="brin"),
    )

    journal_serial: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    debit_account: Mapped[int] = mapped_column(BigInteger)
    credit_account: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    debit_balance_after: Mapped[int] = mapped_column(MoneyColumn)
    credit_balance_after: Mapped[int] = mapped_column(MoneyColumn)
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    business_date: Mapped[date]


class Hold(Base):
    """Amounts that are reserved until the hold is posted, voided or expires."""

    __tablename__ = "holds"
    __table_args__ = (
        CheckConstraint(
            "state IN ('pending', 'posted', 'voided', 'expired', 'refused')",
            name="state",
        ),
        CheckConstraint("(state = 'refused') = (refusal IS NOT NULL)", name="refusal"),
        CheckConstraint(
            "(state IN ('pending', 'refused')) = (resolved_at IS NULL)",
            name="resolved_at",
        ),
        CheckConstraint(
            "(state = 'posted') = (posted_amount IS NOT NULL)", name="posted_amount"
        ),
        Index(
            "ix_holds_pending_expires_at",
            "expires_at",
            postgresql_where="state = 'pending'",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    business_date: Mapped[date]
    state: Mapped[str] = mapped_column(Text)
    books: Mapped[list[str]] = mapped_column(ARRAY(Text))
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    posted_amount: Mapped[int | None] = mapped_column(MoneyColumn)
    request_hash: Mapped[bytes]
    refusal: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    request_id: Mapped[str | None] = mapped_column(Text)


class HoldPosting(Base):
    """A posting that a hold would make."""

    __tablename__ = "hold_postings"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("debit_account <> credit_account", name="two_accounts"),
    )

    hold_id: Mapped[str] = mapped_column(Text, ForeignKey("holds.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    debit_account: Mapped[int] = mapped_column(BigInteger)
    credit_account: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(MoneyColumn)


class FeeRate(Base):
    """A dated price: a fixed amount, or basis points of a base."""

    __tablename__ = "fee_schedule"
    __table_args__ = (
        UniqueConstraint("kind", "rule", "valid_from"),
        CheckConstraint("per IN ('charge', 'month', 'year')", name="per"),
        CheckConstraint("(fixed_amount IS NULL) <> (rate_bps IS NULL)", name="price"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    base_over: Mapped[int | None] = mapped_column(MoneyColumn)
    base_through: Mapped[int | None] = mapped_column(MoneyColumn)
    fixed_amount: Mapped[int | None] = mapped_column(MoneyColumn)
    rate_bps: Mapped[int | None]
    per: Mapped[str] = mapped_column(Text)


class FeeCharge(Base):
    """A fee that was charged, once per kind and reference."""

    __tablename__ = "fee_charges"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "kind", "reference"),
        CheckConstraint(
            "amount >= 0 AND (amount = 0) = (journal_id IS NULL)", name="amount"
        ),
        CheckConstraint(
            "borne_by IN ('cooperative', 'premiums_held')", name="borne_by"
        ),
        Index("ix_fee_charges_cooperative_id_serial", "cooperative_id", "serial"),
    )

    serial: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    base_amount: Mapped[int | None] = mapped_column(MoneyColumn)
    months: Mapped[int | None]
    amount: Mapped[int] = mapped_column(MoneyColumn)
    journal_id: Mapped[str | None] = mapped_column(Text)
    charged_at: Mapped[datetime] = mapped_column(UtcDateTime)
    borne_by: Mapped[str] = mapped_column(Text, server_default="cooperative")


class FeeRefund(Base):
    """What was given back of a fee; never more than was charged."""

    __tablename__ = "fee_refunds"
    __table_args__ = (
        UniqueConstraint("charge_id", "refund_reference"),
        CheckConstraint("amount > 0", name="amount"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    charge_id: Mapped[str] = mapped_column(Text)
    cooperative_id: Mapped[str] = mapped_column(Text)
    refund_reference: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    reason: Mapped[str] = mapped_column(Text)
    journal_id: Mapped[str] = mapped_column(Text)
    refunded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ChainLink(Base):
    """A link of the hash chain: up to a thousand journals, sealed."""

    __tablename__ = "chain_links"
    __table_args__ = (CheckConstraint("first_serial <= last_serial", name="serials"),)

    position: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False
    )
    first_serial: Mapped[int] = mapped_column(BigInteger, unique=True)
    last_serial: Mapped[int] = mapped_column(BigInteger)
    journals: Mapped[int] = mapped_column(BigInteger)
    postings: Mapped[int] = mapped_column(BigInteger)
    amount_total: Mapped[int] = mapped_column(Numeric(40))
    digest: Mapped[bytes]
    previous_hash: Mapped[bytes] = mapped_column(unique=True)
    hash: Mapped[bytes]
    sealed_at: Mapped[datetime] = mapped_column(
        UtcDateTime, server_default=FetchedValue()
    )


class ChainProgress(Base):
    """How far the chain has come, and how far it has been verified: one row."""

    __tablename__ = "chain_progress"
    __table_args__ = (CheckConstraint("is_only", name="is_only"),)

    is_only: Mapped[bool] = mapped_column(
        primary_key=True, server_default=FetchedValue()
    )
    candidate_serial: Mapped[int] = mapped_column(
        BigInteger, server_default=FetchedValue()
    )
    candidate_writers: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=FetchedValue()
    )
    decided_through: Mapped[int] = mapped_column(
        BigInteger, server_default=FetchedValue()
    )
    verified_position: Mapped[int] = mapped_column(
        BigInteger, server_default=FetchedValue()
    )
    verified_serial: Mapped[int] = mapped_column(
        BigInteger, server_default=FetchedValue()
    )
    journals: Mapped[int] = mapped_column(BigInteger, server_default=FetchedValue())
    postings: Mapped[int] = mapped_column(BigInteger, server_default=FetchedValue())
