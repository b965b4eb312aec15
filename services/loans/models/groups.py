"""Groups whose members answer for each other (tanggung renteng)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import UtcDateTime


class LoanGroup(Base):
    """A group and who leads it (R139)."""

    __tablename__ = "loan_groups"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        UniqueConstraint("cooperative_id", "name"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    leader_id: Mapped[str] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LoanGroupMember(Base):
    """A member in a group; whoever has left it answers for nothing new."""

    __tablename__ = "loan_group_members"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "group_id"],
            ["loan_groups.cooperative_id", "loan_groups.id"],
            name="fk_loan_group_members_group",
        ),
        # One is in one group at a time: nobody answers for half the village.
        Index(
            "uq_loan_group_members_present",
            "cooperative_id",
            "member_id",
            unique=True,
            postgresql_where="left_on IS NULL",
        ),
    )

    group_id: Mapped[str] = mapped_column(Text, primary_key=True)
    member_id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    member_name: Mapped[str] = mapped_column(Text)
    joined_on: Mapped[date]
    left_on: Mapped[date | None]
