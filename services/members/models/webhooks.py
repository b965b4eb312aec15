"""What a cooperative's own system wants to be told, and what it was told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class Webhook(Base):
    """An address of a cooperative's system, and the events that it wants to hear of."""

    __tablename__ = "webhooks"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        CheckConstraint("cardinality(events) > 0", name="events"),
        CheckConstraint("status IN ('active', 'disabled')", name="status"),
        CheckConstraint(
            "(status = 'disabled') = (disabled_at IS NOT NULL)", name="disabled_at"
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text, ForeignKey("cooperatives.id"))
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    # Encrypted: messages are signed with it, so a hash would not do.
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WebhookDelivery(Base):
    """One event on its way to one address."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_id"),
        UniqueConstraint("cooperative_id", "id"),
        ForeignKeyConstraint(
            ["cooperative_id", "webhook_id"],
            ["webhooks.cooperative_id", "webhooks.id"],
        ),
        CheckConstraint("state IN ('due', 'delivered', 'given_up')", name="state"),
        CheckConstraint(
            "(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_at"
        ),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index(
            "ix_webhook_deliveries_due",
            "next_attempt_at",
            postgresql_where="state = 'due'",
        ),
        Index("ix_webhook_deliveries_list", "cooperative_id", "webhook_id", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    webhook_id: Mapped[str] = mapped_column(Text)
    event_id: Mapped[str] = mapped_column(Text)
    event: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deadline: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_status: Mapped[int | None] = mapped_column(Integer)
    last_error: Mapped[str | None] = mapped_column(Text)


class WebhookAttempt(Base):
    """How one sending ended: an HTTP status, or why there was none."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "delivery_id"],
            ["webhook_deliveries.cooperative_id", "webhook_deliveries.id"],
        ),
        CheckConstraint("(status IS NULL) <> (error IS NULL)", name="outcome"),
        Index("ix_webhook_attempts_delivery_id", "delivery_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    delivery_id: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(Text)
    milliseconds: Mapped[int] = mapped_column(Integer)
