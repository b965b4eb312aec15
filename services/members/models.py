"""What the members service remembers: its tables."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
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


class Cooperative(Base):
    """A cooperative of the hub: the tenant that every other row belongs to."""

    __tablename__ = "cooperatives"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("code ~ '^[0-9]{4}$'", name="code"),
        CheckConstraint("kind IN ('ksp_primer', 'ksp_sekunder', 'ksu')", name="kind"),
        CheckConstraint(
            "status IN ('registered', 'active', 'deactivated')", name="status"
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DataKey(Base):
    """The key of a cooperative's personal data, wrapped by the master key.

    Destroying this row makes the personal data of the cooperative unreadable for ever,
    backups included.
    """

    __tablename__ = "data_keys"

    cooperative_id: Mapped[str] = mapped_column(
        ForeignKey("cooperatives.id"), primary_key=True
    )
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Counter(Base):
    """The last number given, per cooperative and kind of number."""

    __tablename__ = "counters"
    __table_args__ = (CheckConstraint("value > 0", name="value"),)

    cooperative_id: Mapped[str] = mapped_column(
        ForeignKey("cooperatives.id"), primary_key=True
    )
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class Client(Base):
    """A machine that may act for a cooperative, or for the hub's operator."""

    __tablename__ = "clients"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'revoked')", name="status"),
        Index("ix_clients_cooperative_id_client_id", "cooperative_id", "client_id"),
    )

    client_id: Mapped[str] = mapped_column(Text, primary_key=True)
    # No foreign key: the operator's tenant is the hub, which is not a cooperative.
    cooperative_id: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Member(Base):
    """A person who is, or applies to be, a member of one cooperative."""

    __tablename__ = "members"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        UniqueConstraint("cooperative_id", "number"),
        UniqueConstraint("cooperative_id", "nik_hash"),
        CheckConstraint("status IN ('candidate', 'active')", name="status"),
        CheckConstraint(
            "(status = 'candidate') = (activated_at IS NULL)", name="activated_at"
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(ForeignKey("cooperatives.id"))
    number: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    # HMAC under one key of the hub: comparable, useless without the key.
    nik_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    # NIK, phone, e-mail, birth date and address as encrypted JSON.
    personal_data: Mapped[bytes] = mapped_column(LargeBinary)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Account(Base):
    """Whose savings account it is; the ledger keeps what is in it."""

    __tablename__ = "accounts"
    __table_args__ = (
        # The pair keeps an account and its owner in the same cooperative.
        ForeignKeyConstraint(
            ["cooperative_id", "member_id"], ["members.cooperative_id", "members.id"]
        ),
        CheckConstraint("number ~ '^[0-9]{16}$'", name="number"),
        CheckConstraint("product IN ('sukarela')", name="product"),
        CheckConstraint("status IN ('opening', 'active', 'closed')", name="status"),
        Index("ix_accounts_cooperative_id_number", "cooperative_id", "number"),
        Index(
            "ix_accounts_cooperative_id_member_id",
            "cooperative_id",
            "member_id",
            "number",
        ),
        Index(
            "ix_accounts_opening", "opened_at", postgresql_where="status = 'opening'"
        ),
    )

    number: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(Text)
    product: Mapped[str] = mapped_column(Text)
    # `opening` until the ledger has confirmed its side of the account.
    status: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
