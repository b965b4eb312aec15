"""Checks: what was asked for, agreed to, asked of vendors, and found."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
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
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class CheckSettings(Base):
    """The thresholds of a cooperative that has set its own."""

    __tablename__ = "check_settings"
    __table_args__ = (
        CheckConstraint(
            "0 <= name_review AND name_review <= name_pass AND name_pass <= 100",
            name="name",
        ),
        CheckConstraint(
            "0 <= face_review AND face_review <= face_pass AND face_pass <= 100",
            name="face",
        ),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    name_pass: Mapped[int] = mapped_column(Integer)
    name_review: Mapped[int] = mapped_column(Integer)
    face_pass: Mapped[int] = mapped_column(Integer)
    face_review: Mapped[int] = mapped_column(Integer)
    are_photos_required: Mapped[bool]


class Check(Base):
    """A check, once per cooperative and request id; `domain/checks.py` has its states.

    ``assessed`` is what the parts came to, ``result`` what counts: the same until a
    person reviewed it. ``due_at`` is when somebody carries on with it, and null once it
    is finished.
    """

    __tablename__ = "checks"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id", name="uq_checks_cooperative_id_id"),
        UniqueConstraint(
            "cooperative_id", "request_id", name="uq_checks_cooperative_id_request_id"
        ),
        CheckConstraint("feature IN ('ekyc', 'skoring')", name="feature"),
        CheckConstraint(
            "applied_amount > 0 AND (feature = 'ekyc') = (applied_amount <= 10000000)",
            name="applied_amount",
        ),
        CheckConstraint(
            "status IN ('requested', 'charged', 'checking', 'done', 'refunding', "
            "'failed', 'refused')",
            name="status",
        ),
        CheckConstraint("assessed IN ('LOLOS', 'TINJAU', 'GAGAL')", name="assessed"),
        CheckConstraint("result IN ('LOLOS', 'TINJAU', 'GAGAL')", name="result"),
        CheckConstraint(
            "(status = 'done') = (result IS NOT NULL) "
            "AND (result IS NULL) = (assessed IS NULL)",
            name="done",
        ),
        CheckConstraint(
            "result = assessed OR (assessed = 'TINJAU' AND reviewed_by IS NOT NULL)",
            name="reviewed",
        ),
        CheckConstraint(
            "(reviewed_by IS NULL) = (review_reason IS NULL) "
            "AND (reviewed_by IS NULL) = (reviewed_at IS NULL) "
            "AND reviewed_by <> requested_by",
            name="reviewed_by",
        ),
        CheckConstraint(
            "(status IN ('charged', 'checking', 'refunding', 'failed')) "
            "<= (fee_id IS NOT NULL)",
            name="charged",
        ),
        CheckConstraint(
            "(fee_id IS NULL) = (fee_amount IS NULL) AND fee_amount >= 0",
            name="fee_amount",
        ),
        CheckConstraint(
            "(status = 'failed') = (refund_id IS NOT NULL)", name="refund_id"
        ),
        CheckConstraint(
            "(status IN ('refunding', 'failed', 'refused')) = (fault IS NOT NULL)",
            name="fault",
        ),
        CheckConstraint(
            "(status IN ('done', 'failed', 'refused')) = (finished_at IS NOT NULL) "
            "AND (finished_at IS NULL) = (due_at IS NOT NULL)",
            name="finished_at",
        ),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index("ix_checks_member_id", "cooperative_id", "member_id", "id"),
        Index("ix_checks_due_at", "due_at", postgresql_where="due_at IS NOT NULL"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(Text)
    feature: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(Text)
    # Of what makes it this request: the same id about something else is refused.
    request_hash: Mapped[str] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    applied_amount: Mapped[int] = mapped_column(MoneyColumn)
    status: Mapped[str] = mapped_column(Text)
    assessed: Mapped[str | None] = mapped_column(Text)
    result: Mapped[str | None] = mapped_column(Text)
    fault: Mapped[str | None] = mapped_column(Text)
    fee_id: Mapped[str | None] = mapped_column(Text)
    fee_amount: Mapped[int | None] = mapped_column(MoneyColumn)
    refund_id: Mapped[str | None] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reviewed_by: Mapped[str | None] = mapped_column(Text)
    review_reason: Mapped[str | None] = mapped_column(Text)
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Consent(Base):
    """What a member agreed to before a vendor was asked; never changed."""

    __tablename__ = "consents"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "check_id", name="uq_consents_check_id"),
        ForeignKeyConstraint(
            ["cooperative_id", "check_id"],
            ["checks.cooperative_id", "checks.id"],
            name="fk_consents_check_id",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    check_id: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    text_version: Mapped[str] = mapped_column(Text)
    given_by: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class VendorCall(Base):
    """One question to a vendor: the intention before, the answer as soon as it came.

    The consent to it is that of its check.

    Its id is the request id that the vendor is given, so that asking again after a
    crash is the same question.
    """

    __tablename__ = "vendor_calls"
    __table_args__ = (
        UniqueConstraint(
            "cooperative_id", "check_id", "kind", name="uq_vendor_calls_check_id_kind"
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "check_id"],
            ["checks.cooperative_id", "checks.id"],
            name="fk_vendor_calls_check_id",
        ),
        CheckConstraint("kind IN ('dukcapil', 'income')", name="kind"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_at"),
        CheckConstraint("answer IS NULL OR fault IS NULL", name="fault"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    check_id: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    vendor: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Why there is no answer and will be none.
    fault: Mapped[str | None] = mapped_column(Text)


class CheckPart(Base):
    """One thing that was checked; what it was judged by is encrypted."""

    __tablename__ = "check_parts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "check_id"],
            ["checks.cooperative_id", "checks.id"],
            name="fk_check_parts_check_id",
        ),
        CheckConstraint("kind IN ('ektp', 'dukcapil', 'income', 'slik')", name="kind"),
        CheckConstraint("result IN ('LOLOS', 'TINJAU', 'GAGAL')", name="result"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        CheckConstraint("position BETWEEN 1 AND 4", name="position"),
    )

    check_id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(Integer)
    result: Mapped[str] = mapped_column(Text)
    score: Mapped[int | None] = mapped_column(Integer)
    detail: Mapped[bytes] = mapped_column(LargeBinary)
