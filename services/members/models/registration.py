"""Cooperatives that register themselves, and what they prove."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class PartnerCode(Base):
    """A code by which partners bring cooperatives, in capitals (R20)."""

    __tablename__ = "partner_codes"
    __table_args__ = (CheckConstraint("code ~ '^[A-Z0-9_-]{1,40}$'", name="code"),)

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)


class Registration(Base):
    """A cooperative on its way in; it exists from the activation on."""

    __tablename__ = "registrations"
    __table_args__ = (
        UniqueConstraint("cooperative_id"),
        UniqueConstraint("token_hash"),
        CheckConstraint(
            "status IN ('awaiting_activation', 'activated', 'submitted', 'refused', "
            "'approved')",
            name="status",
        ),
        CheckConstraint(
            "(status = 'awaiting_activation') = (cooperative_id IS NULL) "
            "AND (cooperative_id IS NULL) = (activated_at IS NULL)",
            name="cooperative_id",
        ),
        CheckConstraint(
            "(token_hash IS NULL) = (token_expires_at IS NULL) "
            "AND (token_hash IS NULL OR status = 'awaiting_activation')",
            name="token",
        ),
        CheckConstraint(
            "submitted_at IS NOT NULL "
            "OR status IN ('awaiting_activation', 'activated')",
            name="submitted_at",
        ),
        CheckConstraint(
            "status NOT IN ('refused', 'approved') OR decided_at IS NOT NULL",
            name="decision",
        ),
        CheckConstraint(
            "status <> 'refused' OR refusal_reason IS NOT NULL", name="refusal_reason"
        ),
        Index("ix_registrations_status_id", "status", "id"),
        Index(
            "ix_registrations_awaiting",
            "email_hash",
            postgresql_where="status = 'awaiting_activation'",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str | None] = mapped_column(ForeignKey("cooperatives.id"))
    status: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    email_hash: Mapped[bytes] = mapped_column(LargeBinary)
    # E-mail, telephone and, until the activation, the password's hash: encrypted JSON.
    contact: Mapped[bytes | None] = mapped_column(LargeBinary)
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    token_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    partner_code: Mapped[str | None] = mapped_column(Text)
    terms_version: Mapped[str] = mapped_column(Text)
    terms_accepted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Text)
    refusal_reason: Mapped[str | None] = mapped_column(Text)


class ActivationMail(Base):
    """That an address was asked to be sent a link: what the limit counts."""

    __tablename__ = "activation_mails"
    __table_args__ = (
        Index("ix_activation_mails_email_hash_sent_at", "email_hash", "sent_at"),
        Index("ix_activation_mails_sent_at", "sent_at"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    email_hash: Mapped[bytes] = mapped_column(LargeBinary)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Legality(Base):
    """What a cooperative says of its legal standing; capital in whole rupiah."""

    __tablename__ = "legality"
    __table_args__ = (
        CheckConstraint("kind IN ('ksp_primer', 'ksp_sekunder', 'ksu')", name="kind"),
        CheckConstraint("kbli ~ '^6414[1-8]$'", name="kbli"),
        CheckConstraint(
            "area IN ('kabupaten_kota', 'provinsi', 'nasional')", name="area"
        ),
        CheckConstraint("initial_capital > 0", name="initial_capital"),
        CheckConstraint("founder_count > 0", name="founder_count"),
        Index(
            "ix_legality_licence_expires_on",
            "licence_expires_on",
            "cooperative_id",
            postgresql_where="licence_expires_on IS NOT NULL",
        ),
    )

    cooperative_id: Mapped[str] = mapped_column(
        ForeignKey("cooperatives.id"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(Text)
    legal_entity_number: Mapped[str] = mapped_column(Text)
    legal_entity_on: Mapped[date]
    licence_number: Mapped[str] = mapped_column(Text)
    licence_issued_on: Mapped[date]
    licence_expires_on: Mapped[date | None]
    kbli: Mapped[str] = mapped_column(Text)
    area: Mapped[str] = mapped_column(Text)
    initial_capital: Mapped[int] = mapped_column(MoneyColumn)
    founder_count: Mapped[int] = mapped_column(Integer)
    business_since: Mapped[date]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CooperativeModules(Base):
    """What a cooperative uses beside its books."""

    __tablename__ = "cooperative_modules"
    __table_args__ = (
        CheckConstraint(
            "modules <@ ARRAY['ekyc', 'scoring', 'loans', 'insurance', 'bot']",
            name="modules",
        ),
    )

    cooperative_id: Mapped[str] = mapped_column(
        ForeignKey("cooperatives.id"), primary_key=True
    )
    modules: Mapped[list[str]] = mapped_column(ARRAY(Text))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
