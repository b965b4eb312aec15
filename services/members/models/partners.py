"""Systems of cooperatives that speak SNAP, what they asked and what they paid."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class Partner(Base):
    """A system of a cooperative that may call the bank-like API."""

    __tablename__ = "snap_partners"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        CheckConstraint("status IN ('active', 'revoked')", name="status"),
        CheckConstraint(
            "(status = 'revoked') = (revoked_at IS NOT NULL)", name="revoked_at"
        ),
    )

    # Both X-CLIENT-KEY and X-PARTNER-ID.
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(ForeignKey("cooperatives.id"))
    name: Mapped[str] = mapped_column(Text)
    public_key: Mapped[str] = mapped_column(Text)
    # Encrypted with the cooperative's own key: a signature needs the secret itself.
    client_secret: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    # Addresses and networks in CIDR notation; none means from anywhere.
    allowed_ips: Mapped[list[str]] = mapped_column(ARRAY(Text))
    status: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PartnerRequest(Base):
    """One signed request; X-EXTERNAL-ID is good once a day in Jakarta."""

    __tablename__ = "snap_requests"
    __table_args__ = (
        UniqueConstraint("partner_id", "business_date", "external_id"),
        ForeignKeyConstraint(
            ["cooperative_id", "partner_id"],
            ["snap_partners.cooperative_id", "snap_partners.id"],
        ),
        CheckConstraint("external_id ~ '^[0-9]{1,36}$'", name="external_id"),
        CheckConstraint(
            "(response_code IS NULL) = (answered_at IS NULL)", name="answered_at"
        ),
        Index("ix_snap_requests_partner_id_id", "cooperative_id", "partner_id", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    partner_id: Mapped[str] = mapped_column(Text)
    business_date: Mapped[date] = mapped_column(Date)
    external_id: Mapped[str] = mapped_column(Text)
    service_code: Mapped[str] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    # Without names, and of account numbers only the last digits.
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    request_id: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    response_code: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PartnerPayment(Base):
    """What a partnerReferenceNo was first used for; it is never used for another."""

    __tablename__ = "snap_payments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "partner_id"],
            ["snap_partners.cooperative_id", "snap_partners.id"],
        ),
    )

    partner_id: Mapped[str] = mapped_column(Text, primary_key=True)
    reference: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    parameters_hash: Mapped[str] = mapped_column(Text)
    first_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
