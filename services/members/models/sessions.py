"""Who is signed in, and who tried to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class UserSession(Base):
    """One sign-in on one device, until it ends or expires."""

    __tablename__ = "sessions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "user_id"],
            ["users.cooperative_id", "users.id"],
            name="fk_sessions_cooperative_id",
        ),
        UniqueConstraint("family_hash"),
        CheckConstraint("expires_at > created_at", name="expires_at"),
        CheckConstraint(
            "(ended_at IS NULL) = (end_reason IS NULL) "
            "AND end_reason IN ('signed_out', 'revoked', 'token_reused', "
            "'password_changed', 'second_factor_changed', 'roles_changed', "
            "'disabled')",
            name="end_reason",
        ),
        Index("ix_sessions_cooperative_id_user_id", "cooperative_id", "user_id", "id"),
        Index(
            "ix_sessions_ended_at",
            "ended_at",
            postgresql_where="ended_at IS NOT NULL",
        ),
        Index("ix_sessions_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    user_id: Mapped[str] = mapped_column(Text)
    # A refresh token has two secrets. One stays for the life of the session, the other
    # changes at every use: who knows the first but an old second has a token that was
    # used before.
    family_hash: Mapped[bytes] = mapped_column(LargeBinary)
    refresh_hash: Mapped[bytes] = mapped_column(LargeBinary)
    is_remembered: Mapped[bool] = mapped_column(Boolean)
    device: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    strong_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_reason: Mapped[str | None] = mapped_column(Text)


class SignInAttempts(Base):
    """How often signing in failed under one login, whether anybody has it or not."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (
        CheckConstraint("failures >= 0", name="failures"),
        Index("ix_sign_in_attempts_last_at", "last_at"),
    )

    login_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
