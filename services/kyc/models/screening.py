"""Lists of people to screen against, and the alerts they raised.

The lists are the hub's and the same for every cooperative; alerts are a cooperative's.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
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


class ScreeningList(Base):
    """A list and which version of it counts."""

    __tablename__ = "screening_lists"
    __table_args__ = (CheckConstraint("version > 0", name="version"),)

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(Integer)


class ListVersion(Base):
    """A list as it was loaded once; never changed."""

    __tablename__ = "list_versions"
    __table_args__ = (CheckConstraint("entries > 0", name="entries"),)

    list_name: Mapped[str] = mapped_column(
        ForeignKey("screening_lists.name"), primary_key=True
    )
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    entries: Mapped[int] = mapped_column(Integer)
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    loaded_by: Mapped[str] = mapped_column(Text)
    loaded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ListEntry(Base):
    """A person on a version of a list; never changed, so that alerts can be explained.

    ``birth_date`` is a date or only a year, as the list has it.
    """

    __tablename__ = "list_entries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["list_name", "version"],
            ["list_versions.list_name", "list_versions.version"],
            name="fk_list_entries_version",
        ),
    )

    list_name: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    entry_id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    birth_date: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    entry_hash: Mapped[bytes] = mapped_column(LargeBinary)


class ListName(Base):
    """A name of an entry in the version that counts, with the keys that find it."""

    __tablename__ = "list_names"
    __table_args__ = (
        ForeignKeyConstraint(
            ["list_name", "version", "entry_id"],
            [
                "list_entries.list_name",
                "list_entries.version",
                "list_entries.entry_id",
            ],
            name="fk_list_names_entry_id",
        ),
        Index("ix_list_names_keys", "keys", postgresql_using="gin"),
    )

    list_name: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    entry_id: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    keys: Mapped[list[str]] = mapped_column(ARRAY(Text))


class ScreenedPerson(Base):
    """A member who was looked for on the lists, to be looked for again.

    ``person`` is the name and birth date that were looked for, encrypted; null while
    they are still to be asked for, of somebody who was checked before they were kept or
    who cannot be read any more.
    ``generation`` is that of the lists then (`store/screening.py`).
    """

    __tablename__ = "screened_people"
    __table_args__ = (
        CheckConstraint("generation >= 0", name="generation"),
        CheckConstraint(
            "screened_at IS NULL OR person IS NOT NULL", name="screened_at"
        ),
        Index(
            "ix_screened_people_generation", "cooperative_id", "generation", "member_id"
        ),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    member_id: Mapped[str] = mapped_column(Text, primary_key=True)
    person: Mapped[bytes | None] = mapped_column(LargeBinary)
    generation: Mapped[int] = mapped_column(BigInteger)
    screened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Alert(Base):
    """A member who is like a person on a list, once for each state of the entry."""

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint(
            "cooperative_id",
            "member_id",
            "list_name",
            "entry_id",
            "entry_hash",
            name="uq_alerts_member_id_entry_id",
        ),
        ForeignKeyConstraint(
            ["list_name", "list_version", "entry_id"],
            [
                "list_entries.list_name",
                "list_entries.version",
                "list_entries.entry_id",
            ],
            name="fk_alerts_entry_id",
        ),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        CheckConstraint(
            "birth_match IN ('same', 'same_year', 'different', 'unknown')",
            name="birth_match",
        ),
        CheckConstraint("status IN ('open', 'cleared', 'confirmed')", name="status"),
        CheckConstraint(
            "(status = 'open') = (decided_by IS NULL) "
            "AND (decided_by IS NULL) = (reason IS NULL) "
            "AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided_by",
        ),
        Index("ix_alerts_member_id", "cooperative_id", "member_id", "id"),
        Index("ix_alerts_status", "cooperative_id", "status", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(Text)
    list_name: Mapped[str] = mapped_column(Text)
    list_version: Mapped[int] = mapped_column(Integer)
    entry_id: Mapped[str] = mapped_column(Text)
    entry_hash: Mapped[bytes] = mapped_column(LargeBinary)
    score: Mapped[int] = mapped_column(Integer)
    birth_match: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
