"""What is being taken over from another system, and what was."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


def _of_an_import() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["cooperative_id", "import_id"], ["imports.cooperative_id", "imports.id"]
    )


class Import(Base):
    """One batch of a cooperative: its state, what was found, and who decided what."""

    __tablename__ = "imports"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        CheckConstraint(
            "state IN ('draft', 'validating', 'ready', 'committing', 'committed', "
            "'cancelled')",
            name="state",
        ),
        CheckConstraint(
            "stage IN ('reading', 'checking', 'reserving', 'numbering', 'opening', "
            "'posting', 'lending', 'writing')",
            name="stage",
        ),
        CheckConstraint(
            "(state IN ('validating', 'committing')) = (stage IS NOT NULL)",
            name="working",
        ),
        CheckConstraint(
            "(state IN ('committed', 'cancelled')) = (finished_at IS NOT NULL)",
            name="finished_at",
        ),
        CheckConstraint(
            "num_nulls(signed_off_by, signed_off_at, sign_off_reason, "
            "signed_differences) IN (0, 4)",
            name="sign_off",
        ),
        CheckConstraint("signed_off_by <> created_by", name="two_persons"),
        CheckConstraint(
            "state NOT IN ('committing', 'committed') OR (is_balanced "
            "AND (differences IS NULL "
            "OR differences IS NOT DISTINCT FROM signed_differences))",
            name="reconciled",
        ),
        CheckConstraint("done >= 0 AND attempts >= 0", name="counters"),
        Index("ix_imports_cooperative_id_id", "cooperative_id", "id"),
        Index(
            "ix_imports_due",
            "due_at",
            postgresql_where="state IN ('validating', 'committing')",
        ),
        Index(
            "uq_imports_committing",
            "cooperative_id",
            unique=True,
            postgresql_where="state = 'committing'",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(ForeignKey("cooperatives.id"))
    cut_over: Mapped[date]
    state: Mapped[str] = mapped_column(Text)
    is_partial: Mapped[bool]
    # What is being done, and behind which row of it the next step begins.
    stage: Mapped[str | None] = mapped_column(Text)
    position: Mapped[str | None] = mapped_column(Text)
    done: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int | None] = mapped_column(BigInteger)
    counts: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    lines: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    # SHA-512 of the differences between details and balance sheet; None without any.
    differences: Mapped[str | None] = mapped_column(Text)
    is_balanced: Mapped[bool]
    signed_off_by: Mapped[str | None] = mapped_column(Text)
    signed_off_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sign_off_reason: Mapped[str | None] = mapped_column(Text)
    # The differences that were signed off: others are not.
    signed_differences: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    committed_by: Mapped[str | None] = mapped_column(Text)
    journal_id: Mapped[str | None] = mapped_column(Text)
    fault: Mapped[str | None] = mapped_column(Text)
    # Claims since the last step that succeeded.
    attempts: Mapped[int] = mapped_column(Integer)
    # Names who works on it; whoever comes too late finds another name.
    lease: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportFile(Base):
    """A file that has arrived whole."""

    __tablename__ = "import_files"
    __table_args__ = (
        _of_an_import(),
        CheckConstraint("bytes >= 0", name="bytes"),
    )

    import_id: Mapped[str] = mapped_column(Text, primary_key=True)
    sheet: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    upload_id: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha512: Mapped[str] = mapped_column(Text)
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ImportPart(Base):
    """A part of a file, encrypted; gone once the import is finished."""

    __tablename__ = "import_parts"
    __table_args__ = (
        _of_an_import(),
        CheckConstraint("part >= 0", name="part"),
    )

    import_id: Mapped[str] = mapped_column(Text, primary_key=True)
    upload_id: Mapped[str] = mapped_column(Text, primary_key=True)
    part: Mapped[int] = mapped_column(Integer, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ImportRow(Base):
    """A row as it was understood, and what became of it."""

    __tablename__ = "import_rows"
    __table_args__ = (
        _of_an_import(),
        CheckConstraint("row > 0", name="row"),
        Index("ix_import_rows_key", "import_id", "sheet", "key"),
        Index(
            "ix_import_rows_nik_hash",
            "cooperative_id",
            "nik_hash",
            postgresql_where="nik_hash IS NOT NULL",
        ),
        # Room for the new numbers beside the rows that get them.
        {"postgresql_with": {"fillfactor": 80}},
    )

    import_id: Mapped[str] = mapped_column(Text, primary_key=True)
    sheet: Mapped[str] = mapped_column(Text, primary_key=True)
    row: Mapped[int] = mapped_column(Integer, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    # The old number of a member, the code of an account or of an asset.
    key: Mapped[str | None] = mapped_column(Text)
    product: Mapped[str | None] = mapped_column(Text)
    amount: Mapped[int | None] = mapped_column(MoneyColumn)
    name: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str | None] = mapped_column(Text)
    joined_on: Mapped[date | None]
    # What else the row says; nothing personal.
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    missing: Mapped[list[str]] = mapped_column(ARRAY(Text))
    nik_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The personal data of a member, encrypted; forgotten once it is taken over.
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Bad rows are left out; all others are taken over, or none.
    is_bad: Mapped[bool]
    member_id: Mapped[str | None] = mapped_column(Text)
    # The new number: of the member, or of the account.
    number: Mapped[str | None] = mapped_column(Text)

    @property
    def cursor(self) -> str:
        """Where the list goes on behind this one."""
        return str(self.row)


class ImportProblem(Base):
    """What is wrong in a cell, a row or a sheet."""

    __tablename__ = "import_problems"
    __table_args__ = (
        _of_an_import(),
        CheckConstraint("severity IN ('error', 'warning')", name="severity"),
        CheckConstraint("stage IN ('reading', 'checking')", name="stage"),
        Index("ix_import_problems_place", "import_id", "place", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    import_id: Mapped[str] = mapped_column(Text)
    # Sheet and row as one number, which is the order of the list.
    place: Mapped[int] = mapped_column(BigInteger)
    sheet: Mapped[str] = mapped_column(Text)
    row: Mapped[int] = mapped_column(Integer)
    column: Mapped[str | None] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    value: Mapped[str | None] = mapped_column(Text)
    # Problems of the check are found anew with every check.
    stage: Mapped[str] = mapped_column(Text)

    @property
    def cursor(self) -> str:
        """Where the list goes on behind this one."""
        return f"{self.place}.{self.id}"


class ImportedMember(Base):
    """Under which number of the old system a member was known: once, for ever."""

    __tablename__ = "imported_members"
    __table_args__ = (
        _of_an_import(),
        ForeignKeyConstraint(
            ["cooperative_id", "member_id"], ["members.cooperative_id", "members.id"]
        ),
        Index("ix_imported_members_member_id", "cooperative_id", "member_id"),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    old_number: Mapped[str] = mapped_column(Text, primary_key=True)
    member_id: Mapped[str] = mapped_column(Text)
    import_id: Mapped[str] = mapped_column(Text)
    # What the member's data lacked when it was taken over.
    missing: Mapped[list[str]] = mapped_column(ARRAY(Text))
