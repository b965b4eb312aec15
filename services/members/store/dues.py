"""How contributions and the months they pay are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain import dues, membership
from services.members.domain.dues import Owed
from services.members.models import Contribution, ContributionPayout, Due, Member

_MEMBERS: Final = 1000
"""How many members one step of a job looks at."""

# One statement for a thousand members and all their months: what is there stays.
_ADD_MISSING: Final = text(
    """
    INSERT INTO dues (cooperative_id, member_id, month, amount, due_on, state)
    SELECT member.cooperative_id, member.id, owed.month, owed.amount, owed.due_on,
        'open'
    FROM members member
    JOIN unnest(
        CAST(:months AS date[]), CAST(:amounts AS bigint[]), CAST(:due_days AS date[])
    ) AS owed (month, amount, due_on)
        ON owed.month >= least(
            CAST(date_trunc('month',
                member.activated_at AT TIME ZONE 'Asia/Jakarta') AS date),
            (SELECT min(first.month) FROM dues first
                WHERE first.cooperative_id = member.cooperative_id
                    AND first.member_id = member.id)
        )
    WHERE member.id = ANY (CAST(:members AS text[]))
    ON CONFLICT (cooperative_id, member_id, month) DO NOTHING
    """
)
_REMIND: Final = text(
    """
    UPDATE dues SET reminded_on = :today
    WHERE member_id = ANY (CAST(:members AS text[])) AND state = 'open'
        AND reminded_on IS NULL AND due_on BETWEEN :today AND :until
    RETURNING member_id, amount, due_on
    """
)
_TELL_OVERDUE: Final = text(
    """
    UPDATE dues SET overdue_told_on = :today
    WHERE member_id = ANY (CAST(:members AS text[])) AND state = 'open'
        AND overdue_told_on IS NULL AND due_on < :today
    RETURNING member_id, amount, due_on
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrears:
    """What one member has not paid in time."""

    member_id: str
    number: str
    name: str
    months: int
    amount: int
    oldest_month: date
    oldest_due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Months of which a member is told just now; ``due_on`` is that of the oldest."""

    member_id: str
    amount: int
    due_on: date
    months: int = 1


def lock_member(session: Session, member_id: str) -> Member | None:
    """One member, whose contributions nobody else records until the commit."""
    return session.get(Member, member_id, with_for_update=True)


def add_contribution(session: Session, **columns: Any) -> Contribution:
    """A contribution that the ledger does not have yet."""
    contribution = Contribution(state=dues.POSTING, **columns)
    session.add(contribution)
    session.flush()
    return contribution


def find_contribution(session: Session, contribution_id: str) -> Contribution | None:
    """One contribution, if this transaction may see it."""
    return session.get(Contribution, contribution_id)


def lock_contribution(session: Session, contribution_id: str) -> Contribution | None:
    """One contribution as it is now, held until the commit."""
    return session.get(
        Contribution, contribution_id, with_for_update=True, populate_existing=True
    )


def has_paid_principal(session: Session, member_id: str) -> bool:
    """Whether simpanan pokok is paid, or being paid."""
    return (
        session.scalar(
            select(
                select(Contribution.id)
                .where(
                    Contribution.member_id == member_id,
                    Contribution.kind == "pokok",
                    Contribution.state.in_(
                        (dues.POSTING, dues.POSTED, dues.CANCELLING)
                    ),
                )
                .exists()
            )
        )
        or False
    )


def is_paid(session: Session, member_id: str, kind: str) -> bool:
    """Whether the member has a contribution of this kind in the books."""
    return (
        session.scalar(
            select(
                select(Contribution.id)
                .where(
                    Contribution.member_id == member_id,
                    Contribution.kind == kind,
                    Contribution.state == dues.POSTED,
                )
                .exists()
            )
        )
        or False
    )


def list_contributions(
    session: Session, member_id: str, *, after: str | None, limit: int
) -> Sequence[Contribution]:
    """A member's contributions past ``after``, in the order they were paid."""
    query = (
        select(Contribution)
        .where(Contribution.member_id == member_id)
        .order_by(Contribution.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Contribution.id > after)
    return session.scalars(query).all()


def months_of(
    session: Session, contributions: Sequence[str]
) -> dict[str | None, list[date]]:
    """The months that each of these contributions pays."""
    rows = session.execute(
        select(Due.contribution_id, Due.month)
        .where(Due.contribution_id.in_(contributions))
        .order_by(Due.month)
    )
    found: dict[str | None, list[date]] = {one: [] for one in contributions}
    for contribution_id, month in rows:
        found[contribution_id].append(month)
    return found


def left_posting(session: Session, before: datetime) -> Sequence[Contribution]:
    """Contributions that somebody began and did not finish."""
    return session.scalars(
        select(Contribution)
        .where(Contribution.state == dues.POSTING, Contribution.recorded_at < before)
        .order_by(Contribution.recorded_at)
        .limit(100)
    ).all()


def count_posting(session: Session) -> int:
    """How many contributions the ledger may not have yet."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Contribution)
            .where(Contribution.state == dues.POSTING)
        )
        or 0
    )


def left_cancelling(session: Session) -> Sequence[Contribution]:
    """Contributions whose money is on its way back."""
    return session.scalars(
        select(Contribution)
        .where(Contribution.state == dues.CANCELLING)
        .order_by(Contribution.id)
        .limit(100)
    ).all()


def open_dues(session: Session, member_id: str) -> list[Owed]:
    """The months that a member has not paid, the oldest first."""
    rows = session.scalars(
        select(Due)
        .where(Due.member_id == member_id, Due.state == dues.OPEN)
        .order_by(Due.month)
    )
    return [Owed(month=row.month, amount=row.amount, due_on=row.due_on) for row in rows]


def last_month(session: Session, member_id: str) -> date | None:
    """The last month that a member owes or has paid."""
    return session.scalar(select(func.max(Due.month)).where(Due.member_id == member_id))


def pay_months(
    session: Session,
    cooperative_id: str,
    member_id: str,
    months: Sequence[Owed],
    contribution_id: str,
) -> None:
    """Mark months as paid by a contribution, those to come included."""
    statement = insert(Due).values(
        [
            {
                "cooperative_id": cooperative_id,
                "member_id": member_id,
                "month": one.month,
                "amount": one.amount,
                "due_on": one.due_on,
                "state": dues.PAID,
                "contribution_id": contribution_id,
            }
            for one in months
        ]
    )
    paid = {"state": dues.PAID, "contribution_id": contribution_id}
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["cooperative_id", "member_id", "month"], set_=paid
        )
    )


def reopen_months(session: Session, contribution_id: str) -> None:
    """What a contribution paid is owed again."""
    session.execute(
        update(Due)
        .where(Due.contribution_id == contribution_id)
        .values(state=dues.OPEN, contribution_id=None)
        .execution_options(synchronize_session=False)
    )


def waive_open(session: Session, member_id: str) -> None:
    """Ask nothing more of a member who leaves."""
    session.execute(
        update(Due)
        .where(Due.member_id == member_id, Due.state == dues.OPEN)
        .values(state=dues.WAIVED)
        .execution_options(synchronize_session=False)
    )


def list_dues(
    session: Session, member_id: str, *, before: date | None, limit: int
) -> Sequence[Due]:
    """The months of a member before ``before``, the newest first."""
    query = (
        select(Due)
        .where(Due.member_id == member_id)
        .order_by(Due.month.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Due.month < before)
    return session.scalars(query).all()


def arrears_of(session: Session, member_id: str, as_of: date) -> tuple[int, int]:
    """How many months of a member are overdue on a day, and what they come to."""
    row = session.execute(
        select(func.count(), func.coalesce(func.sum(Due.amount), 0)).where(
            Due.member_id == member_id, Due.state == dues.OPEN, Due.due_on < as_of
        )
    ).one()
    return int(row[0]), int(row[1])


def list_arrears(
    session: Session, *, as_of: date, after: str | None, limit: int
) -> list[Arrears]:
    """Members past ``after`` who are in arrears on a day."""
    overdue = (
        select(
            Due.member_id,
            func.count().label("months"),
            func.sum(Due.amount).label("amount"),
            func.min(Due.month).label("oldest_month"),
            func.min(Due.due_on).label("oldest_due_on"),
        )
        .where(Due.state == dues.OPEN, Due.due_on < as_of)
        .group_by(Due.member_id)
        .order_by(Due.member_id)
        .limit(limit)
    )
    if after is not None:
        overdue = overdue.where(Due.member_id > after)
    page = overdue.subquery()
    rows = session.execute(
        select(page, Member.number, Member.name)
        .join(Member, Member.id == page.c.member_id)
        .order_by(page.c.member_id)
    )
    return [
        Arrears(
            member_id=row.member_id,
            number=row.number,
            name=row.name,
            months=int(row.months),
            amount=int(row.amount),
            oldest_month=row.oldest_month,
            oldest_due_on=row.oldest_due_on,
        )
        for row in rows
    ]


def active_members(session: Session, after: str | None) -> list[str]:
    """The ids of the next active members of the tenant, a thousand at most."""
    query = (
        select(Member.id)
        .where(Member.status == membership.ACTIVE)
        .order_by(Member.id)
        .limit(_MEMBERS)
    )
    if after is not None:
        query = query.where(Member.id > after)
    return list(session.scalars(query))


def add_missing(session: Session, members: Sequence[str], owed: Sequence[Owed]) -> int:
    """Make the dues of these months that the members lack; how many.

    Nobody owes for a month before the first one paid, or that of becoming a member.
    """
    result = session.execute(
        _ADD_MISSING,
        {
            "members": list(members),
            "months": [one.month for one in owed],
            "amounts": [one.amount for one in owed],
            "due_days": [one.due_on for one in owed],
        },
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def remind(
    session: Session, members: Sequence[str], *, today: date, until: date
) -> list[Told]:
    """The months that fall due soon and of which nobody was told before."""
    rows = session.execute(
        _REMIND, {"members": list(members), "today": today, "until": until}
    )
    return [Told(**row._mapping) for row in rows]  # noqa: SLF001  public


def tell_overdue(session: Session, members: Sequence[str], today: date) -> list[Told]:
    """The months that are overdue and of which nobody was told before."""
    rows = session.execute(_TELL_OVERDUE, {"members": list(members), "today": today})
    return [Told(**row._mapping) for row in rows]  # noqa: SLF001  public


def add_payouts(session: Session, payouts: Sequence[dict[str, Any]]) -> None:
    """Decide what a member who leaves is paid back; what was decided stays."""
    if payouts:
        session.execute(
            insert(ContributionPayout).values(list(payouts)).on_conflict_do_nothing()
        )


def payouts(session: Session, member_id: str) -> Sequence[ContributionPayout]:
    """What was decided to be paid back to a member."""
    return session.scalars(
        select(ContributionPayout)
        .where(ContributionPayout.member_id == member_id)
        .order_by(ContributionPayout.kind)
    ).all()


def left_unfinished_of(session: Session, member_id: str) -> Sequence[Contribution]:
    """The contributions of a member of which the ledger may not know everything yet."""
    return session.scalars(
        select(Contribution).where(
            Contribution.member_id == member_id,
            Contribution.state.in_((dues.POSTING, dues.CANCELLING)),
        )
    ).all()


def plan_payout_anew(
    session: Session, refused: str, journal_id: str, amount: int
) -> None:
    """Give a payout whose journal was refused another one; none if nothing is left."""
    refused_one = ContributionPayout.journal_id == refused
    if amount:
        session.execute(
            update(ContributionPayout)
            .where(refused_one)
            .values(journal_id=journal_id, amount=amount)
        )
    else:
        session.execute(delete(ContributionPayout).where(refused_one))


def arrears_by_member(
    session: Session, members: Sequence[str], as_of: date
) -> dict[str, Told]:
    """What these members owe in all; ``due_on`` is the oldest day."""
    rows = session.execute(
        select(Due.member_id, func.sum(Due.amount), func.min(Due.due_on), func.count())
        .where(Due.member_id.in_(members), Due.state == dues.OPEN, Due.due_on < as_of)
        .group_by(Due.member_id)
    )
    return {
        row[0]: Told(
            member_id=row[0], amount=int(row[1]), due_on=row[2], months=int(row[3])
        )
        for row in rows
    }


def find_members(session: Session, members: Sequence[str]) -> Sequence[Member]:
    """These members of the tenant."""
    return session.scalars(select(Member).where(Member.id.in_(members))).all()
