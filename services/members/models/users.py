"""The people who sign in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class User(Base):
    """A person who may sign in at one cooperative, or at the hub as its operator.

    Who is with two cooperatives is two users: each cooperative decides for itself.
    """

    __tablename__ = "users"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "member_id"],
            ["members.cooperative_id", "members.id"],
            name="fk_users_cooperative_id",
        ),
        UniqueConstraint("cooperative_id", "id"),
        UniqueConstraint("cooperative_id", "email_hash"),
        UniqueConstraint("cooperative_id", "phone_hash"),
        UniqueConstraint("cooperative_id", "member_id"),
        CheckConstraint("status IN ('invited', 'active', 'disabled')", name="status"),
        CheckConstraint(
            "cardinality(roles) > 0 "
            "AND roles <@ ARRAY['anggota', 'teller', 'analis', 'komite', "
            "'bendahara', 'pengurus', 'pengawas', 'admin', 'operator']",
            name="roles",
        ),
        CheckConstraint(
            "(cooperative_id = 'hub') = ('operator' = ANY (roles))", name="operator"
        ),
        # R101: the supervisors change nothing, so no other office gives them more.
        CheckConstraint(
            "NOT 'pengawas' = ANY (roles) OR roles <@ ARRAY['pengawas', 'anggota']",
            name="pengawas",
        ),
        CheckConstraint(
            "('anggota' = ANY (roles)) = (member_id IS NOT NULL)", name="member_id"
        ),
        CheckConstraint(
            "CASE status WHEN 'invited' THEN password_hash IS NULL "
            "WHEN 'active' THEN password_hash IS NOT NULL ELSE true END",
            name="password_hash",
        ),
        CheckConstraint(
            "totp_confirmed_at IS NULL OR totp_secret IS NOT NULL",
            name="totp_confirmed_at",
        ),
        CheckConstraint(
            "(status = 'disabled') = (disabled_at IS NOT NULL)", name="disabled_at"
        ),
        Index("ix_users_email_hash", "email_hash"),
        Index("ix_users_phone_hash", "phone_hash"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    # No foreign key of its own: the operators' tenant is the hub.
    cooperative_id: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str | None] = mapped_column(Text)
    branch_id: Mapped[str | None] = mapped_column(Text)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    status: Mapped[str] = mapped_column(Text)
    email_hash: Mapped[bytes] = mapped_column(LargeBinary)
    phone_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Name, e-mail and phone as encrypted JSON.
    personal_data: Mapped[bytes] = mapped_column(LargeBinary)
    password_hash: Mapped[str | None] = mapped_column(Text)
    # Encrypted; counts as a second factor once a code has confirmed it.
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The last time step whose code was taken: none is taken twice.
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    pin_hash: Mapped[str | None] = mapped_column(Text)
    invited_by: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecoveryCode(Base):
    """Stands in for a lost authenticator, once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "user_id"],
            ["users.cooperative_id", "users.id"],
            name="fk_recovery_codes_cooperative_id",
        ),
    )

    cooperative_id: Mapped[str] = mapped_column(Text)
    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UserLink(Base):
    """A link that was sent by e-mail: good for one deed, once, for a while."""

    __tablename__ = "user_links"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "user_id"],
            ["users.cooperative_id", "users.id"],
            name="fk_user_links_cooperative_id",
        ),
        UniqueConstraint("token_hash"),
        CheckConstraint("purpose IN ('invitation', 'password_reset')", name="purpose"),
        CheckConstraint("expires_at > created_at", name="expires_at"),
        Index(
            "ix_user_links_user_id",
            "cooperative_id",
            "user_id",
            "purpose",
            "created_at",
        ),
        Index("ix_user_links_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    user_id: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
