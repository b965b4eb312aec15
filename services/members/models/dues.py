"""What members owe their cooperative as contributions, and what they have paid."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class Contribution(Base):
    """One payment of simpanan pokok or wajib; `posting` until the ledger has it."""

    __tablename__ = "contributions"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        UniqueConstraint("journal_id"),
        ForeignKeyConstraint(
            ["cooperative_id", "member_id"], ["members.cooperative_id", "members.id"]
        ),
        CheckConstraint("kind IN ('pokok', 'wajib')", name="kind"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint(
            "state IN ('posting', 'posted', 'refused', 'cancelling', 'cancelled')",
            name="state",
        ),
        CheckConstraint(
            "state NOT IN ('cancelling', 'cancelled') "
            "OR cancelling_journal_id IS NOT NULL",
            name="cancelling_journal_id",
        ),
        CheckConstraint("(state = 'refused') = (refusal IS NOT NULL)", name="refusal"),
        Index(
            "uq_contributions_pokok_once",
            "cooperative_id",
            "member_id",
            unique=True,
            postgresql_where=(
                "kind = 'pokok' AND state IN ('posting', 'posted', 'cancelling')"
            ),
        ),
        Index(
            "ix_contributions_cooperative_id_member_id",
            "cooperative_id",
            "member_id",
            "id",
        ),
        Index(
            "ix_contributions_posting",
            "recorded_at",
            postgresql_where="state = 'posting'",
        ),
        Index(
            "ix_contributions_cancelling",
            "id",
            postgresql_where="state = 'cancelling'",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    # Key of the account that the money comes from: kas, bank, a drawer, a savings
    # account.
    source_account: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    business_date: Mapped[date]
    journal_id: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    refusal: Mapped[str | None] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by: Mapped[str] = mapped_column(Text)
    # The journal of the last attempt to pay it back.
    cancelling_journal_id: Mapped[str | None] = mapped_column(Text)


class Due(Base):
    """Simpanan wajib of one member for one month."""

    __tablename__ = "dues"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "member_id"], ["members.cooperative_id", "members.id"]
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "contribution_id"],
            ["contributions.cooperative_id", "contributions.id"],
        ),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("extract(day FROM month) = 1", name="month"),
        CheckConstraint("due_on >= month", name="due_on"),
        CheckConstraint("state IN ('open', 'paid', 'waived')", name="state"),
        CheckConstraint(
            "(state = 'paid') = (contribution_id IS NOT NULL)", name="contribution_id"
        ),
        Index(
            "ix_dues_open",
            "cooperative_id",
            "member_id",
            "month",
            postgresql_where="state = 'open'",
        ),
        Index(
            "ix_dues_contribution_id",
            "contribution_id",
            postgresql_where="contribution_id IS NOT NULL",
        ),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    member_id: Mapped[str] = mapped_column(Text, primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(Text)
    contribution_id: Mapped[str | None] = mapped_column(Text)
    # The business dates on which the member was told, before and after it was due.
    reminded_on: Mapped[date | None]
    overdue_told_on: Mapped[date | None]

    @property
    def place(self) -> str:
        """Where the month stands in lists."""
        return self.month.isoformat()


class ContributionPayout(Base):
    """What a member who left was paid back of one kind: decided once, then posted."""

    __tablename__ = "contribution_payouts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "member_id"], ["members.cooperative_id", "members.id"]
        ),
        CheckConstraint("kind IN ('pokok', 'wajib')", name="kind"),
        CheckConstraint("amount > 0", name="amount"),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    member_id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    amount: Mapped[int] = mapped_column(MoneyColumn)
    target_account: Mapped[str] = mapped_column(Text)
    journal_id: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
