"""The tables of the transfers service. Rules that guard money are in the migrations."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class Participant(Base):
    """A cooperative in clearing. Its funds and position are the ledger's."""

    __tablename__ = "participants"

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    status: Mapped[str] = mapped_column(Text, server_default="active")
    mode: Mapped[str] = mapped_column(Text, server_default="hosted")
    net_debit_cap: Mapped[int] = mapped_column(MoneyColumn, server_default="0")
    callback_url: Mapped[str | None] = mapped_column(Text)
    callback_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    alarm_percent: Mapped[int] = mapped_column(Integer, server_default="80")
    is_alarmed: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default="now()")


class Agreement(Base):
    """A cooperation agreement; its cooperatives in ascending order."""

    __tablename__ = "agreements"
    __table_args__ = (
        Index("ix_agreements_cooperative_a", "cooperative_a", "id"),
        Index("ix_agreements_cooperative_b", "cooperative_b", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_a: Mapped[str] = mapped_column(Text)
    cooperative_b: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    last_day: Mapped[date]
    """The last day it was in force: `valid_until`, or earlier when it was ended."""
    transfer_limit: Mapped[int | None] = mapped_column(MoneyColumn)
    daily_limit: Mapped[int | None] = mapped_column(MoneyColumn)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default="now()")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AgreementUsage(Base):
    """What an agreement with a daily limit has used of a business date."""

    __tablename__ = "agreement_usage"

    agreement_id: Mapped[str] = mapped_column(
        Text, ForeignKey("agreements.id"), primary_key=True
    )
    business_date: Mapped[date] = mapped_column(primary_key=True)
    used: Mapped[int] = mapped_column(MoneyColumn)
    daily_limit: Mapped[int] = mapped_column(MoneyColumn)


class TransferRequest(Base):
    """A request with an idempotency key: the payer's business alone.

    `subject_id` is the transfer's id, or the id that a bulk's transfers share.
    """

    __tablename__ = "transfer_requests"

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    operation: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_hash: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default="now()")


class Transfer(Base):
    """A transfer or a return, in whatever state it has reached."""

    __tablename__ = "transfers"
    __table_args__ = (
        Index(
            "ix_transfers_payer_cooperative_id",
            "payer_cooperative_id",
            "created_at",
            "id",
        ),
        Index(
            "ix_transfers_payee_cooperative_id",
            "payee_cooperative_id",
            "created_at",
            "id",
        ),
        Index("ix_transfers_payer_account", "payer_account", "created_at", "id"),
        Index("ix_transfers_payee_account", "payee_account", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    cooperative_id: Mapped[str] = mapped_column(Text)
    payer_account: Mapped[str] = mapped_column(Text)
    payee_account: Mapped[str] = mapped_column(Text)
    payer_cooperative_id: Mapped[str] = mapped_column(Text)
    payee_cooperative_id: Mapped[str | None] = mapped_column(Text)
    payer_mode: Mapped[str] = mapped_column(Text)
    payee_mode: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    description: Mapped[str | None] = mapped_column(Text)
    business_date: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default="now()")
    request_id: Mapped[str | None] = mapped_column(Text)
    agreement_id: Mapped[str | None] = mapped_column(Text)
    original_id: Mapped[str | None] = mapped_column(Text)
    bulk_id: Mapped[str | None] = mapped_column(Text)
    bulk_position: Mapped[int | None] = mapped_column(Integer)
    reference: Mapped[str | None] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer, server_default="1")
    driven_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default="now()")
    reserved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision: Mapped[str | None] = mapped_column(Text)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    window_id: Mapped[str | None] = mapped_column(Text)
    returned_amount: Mapped[int] = mapped_column(MoneyColumn, server_default="0")


Index(
    "ix_transfers_unfinished",
    Transfer.driven_at,
    postgresql_where=Transfer.state.in_(("received", "reserved")),
)
Index(
    "ix_transfers_bulk_id",
    Transfer.bulk_id,
    Transfer.bulk_position,
    postgresql_where=Transfer.bulk_id.is_not(None),
)


class Window(Base):
    """A settlement window. Exactly one is open."""

    __tablename__ = "settlement_windows"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settlement_id: Mapped[str | None] = mapped_column(
        Text, ForeignKey("settlements.id"), index=True
    )


Index(
    "uq_settlement_windows_open",
    Window.state,
    unique=True,
    postgresql_where=Window.state == "open",
)


class WindowNet(Base):
    """What a window adds up to for one cooperative; a running sum while it is open.

    `book_paid` and `book_received` are the parts that also stand in the cooperative's
    own book: all of it for a hosted one, nothing for a connected one.
    """

    __tablename__ = "window_nets"

    window_id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    net: Mapped[int] = mapped_column(BigInteger)
    paid_count: Mapped[int] = mapped_column(BigInteger)
    received_count: Mapped[int] = mapped_column(BigInteger)
    book_paid: Mapped[int] = mapped_column(BigInteger)
    book_received: Mapped[int] = mapped_column(BigInteger)


class WindowEntry(Base):
    """A committed transfer in its window; `sequence` rises from window to window."""

    __tablename__ = "window_entries"
    __table_args__ = (
        Index("ix_window_entries_window_id_sequence", "window_id", "sequence"),
    )

    sequence: Mapped[int] = mapped_column(
        BigInteger, Identity(always=True), primary_key=True
    )
    window_id: Mapped[str] = mapped_column(Text)
    transfer_id: Mapped[str] = mapped_column(Text, unique=True)
    payer_cooperative_id: Mapped[str] = mapped_column(Text)
    payee_cooperative_id: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(MoneyColumn)


class Settlement(Base):
    """Windows settled together. `journal_id` is the present attempt's.

    `freed_window_ids` is what a cancelled one was to settle: the windows themselves
    are free for another.
    """

    __tablename__ = "settlements"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    journal_id: Mapped[str | None] = mapped_column(Text)
    business_date: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default="now()")
    driven_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default="now()")
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    freed_window_ids: Mapped[list[str] | None] = mapped_column(ARRAY(Text))


class SettlementProof(Base):
    """The signed body of a proof, frozen when it was first asked for."""

    __tablename__ = "settlement_proofs"

    settlement_id: Mapped[str] = mapped_column(
        Text, ForeignKey("settlements.id"), primary_key=True
    )
    body: Mapped[str] = mapped_column(Text)
    public_key: Mapped[str] = mapped_column(Text)
    signature: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default="now()")


class Callback(Base):
    """A message to a cooperative's system that is due until `deadline`."""

    __tablename__ = "callbacks"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    transfer_id: Mapped[str] = mapped_column(Text, index=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="due")
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_attempt_at: Mapped[datetime] = mapped_column(
        UtcDateTime, server_default="now()"
    )
    deadline: Mapped[datetime] = mapped_column(UtcDateTime)


Index(
    "ix_callbacks_due",
    Callback.next_attempt_at,
    postgresql_where=Callback.state == "due",
)


class CallbackAttempt(Base):
    """One sending of a callback and how it ended."""

    __tablename__ = "callback_attempts"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    callback_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("callbacks.id"), index=True
    )
    attempted_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default="now()")
    status: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(Text)
    milliseconds: Mapped[int] = mapped_column(Integer)
