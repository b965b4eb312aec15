"""The people of a cooperative, and how they leave it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
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


class Member(Base):
    """A person who is, was, or applies to be, a member of one cooperative."""

    __tablename__ = "members"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        UniqueConstraint("cooperative_id", "number"),
        CheckConstraint(
            "status IN ('candidate', 'active', 'refused', 'resigned', 'expelled', "
            "'deceased')",
            name="status",
        ),
        CheckConstraint(
            "(status IN ('candidate', 'refused')) = (activated_at IS NULL)",
            name="activated_at",
        ),
        CheckConstraint(
            "(status IN ('resigned', 'expelled', 'deceased')) = (left_at IS NOT NULL)",
            name="left_at",
        ),
        # Who resigned or was refused may apply again, as a new member.
        Index(
            "uq_members_cooperative_id_nik_hash",
            "cooperative_id",
            "nik_hash",
            unique=True,
            postgresql_where="status NOT IN ('refused', 'resigned')",
        ),
        Index("ix_members_cooperative_id_phone_hash", "cooperative_id", "phone_hash"),
        Index(
            "ix_members_self_registered",
            "cooperative_id",
            "registered_at",
            postgresql_where="is_self_registered",
        ),
        Index(
            "ix_members_nik_hash", "nik_hash", postgresql_where="nik_hash IS NOT NULL"
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(ForeignKey("cooperatives.id"))
    number: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    # HMAC under one key of the hub: comparable, useless without the key.
    nik_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    # NIK, phone, e-mail, birth date, address and the form's own fields, encrypted.
    personal_data: Mapped[bytes] = mapped_column(LargeBinary)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    phone_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The version of the registration form that was filled in; None without a form.
    form_version: Mapped[int | None] = mapped_column(Integer)
    # Whether it was the person itself, and not staff, that registered it.
    is_self_registered: Mapped[bool] = mapped_column(server_default="false")
    phone_verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    email_verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Departure(Base):
    """How one membership ends: proposed, approved by another, paid out."""

    __tablename__ = "departures"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "member_id"], ["members.cooperative_id", "members.id"]
        ),
        CheckConstraint(
            "kind IN ('refused', 'resigned', 'expelled', 'deceased')", name="kind"
        ),
        CheckConstraint("channel IN ('cash', 'bank')", name="channel"),
        CheckConstraint(
            "state IN ('proposed', 'approved', 'paying', 'completed', 'withdrawn')",
            name="state",
        ),
        CheckConstraint(
            "(state IN ('approved', 'paying', 'completed')) "
            "= (approved_by IS NOT NULL)",
            name="approved_by",
        ),
        CheckConstraint(
            "(approved_by IS NULL) = (approved_at IS NULL)", name="approved_at"
        ),
        CheckConstraint(
            "(state IN ('completed', 'withdrawn')) = (ended_at IS NOT NULL)",
            name="ended_at",
        ),
        CheckConstraint(
            "(state IN ('approved', 'paying')) = (due_at IS NOT NULL)", name="due_at"
        ),
        CheckConstraint("approved_by <> proposed_by", name="four_eyes"),
        Index(
            "uq_departures_running",
            "cooperative_id",
            "member_id",
            unique=True,
            postgresql_where="state IN ('proposed', 'approved', 'paying')",
        ),
        Index("ix_departures_cooperative_id_id", "cooperative_id", "id"),
        Index("ix_departures_due", "due_at", postgresql_where="due_at IS NOT NULL"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    # Through which what the member had paid in goes back.
    channel: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by: Mapped[str | None] = mapped_column(Text)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the sweep carries on with it, if nobody has finished it until then.
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The journals that paid back what the member had paid in.
    journal_ids: Mapped[list[str]] = mapped_column(ARRAY(Text))
