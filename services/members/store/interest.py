"""How interest, the tax on it and passbooks are read and written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain import savings
from services.members.models import Account, InterestPosting, Withholding

PLANNED: Final = "planned"
POSTED: Final = "posted"
SKIPPED: Final = "skipped"

# Whoever adds to the totals of a month takes turns with all others who do: only so do
# slips get numbers without gaps.
_LOCK_MONTH: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:month, 0))")
_WRITE_TOTALS: Final = text(
    """
    UPDATE withholdings SET
        gross = total.gross, tax = total.tax, withheld = total.withheld,
        updated_at = :at
    FROM unnest(
        CAST(:members AS text[]), CAST(:grosses AS bigint[]),
        CAST(:taxes AS bigint[]), CAST(:withheld AS bigint[])
    ) AS total (member_id, gross, tax, withheld)
    WHERE withholdings.member_id = total.member_id AND withholdings.month = :month
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saver:
    """An account that earns interest."""

    account: str
    member_id: str
    product: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What one member has earned in a month, and what was taken of it."""

    member_id: str
    gross: int
    tax: int
    withheld: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The interest of several accounts together."""

    accounts: int
    gross: int
    withheld: int


def savers(
    session: Session,
    products: Sequence[str],
    *,
    after: str | None,
    limit: int,
) -> list[Saver]:
    """Active accounts of these products, by member past ``after`` and number."""
    query = (
        select(Account.number, Account.member_id, Account.product)
        .where(Account.status == savings.ACTIVE, Account.product.in_(products))
        .order_by(Account.member_id, Account.number)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Account.member_id > after)
    return [
        Saver(account=row.number, member_id=row.member_id, product=row.product)
        for row in session.execute(query)
    ]


def chunk_rows(
    session: Session, cooperative_id: str, month: date, chunk: str
) -> Sequence[InterestPosting]:
    """What one step has planned, by account."""
    return session.scalars(
        select(InterestPosting)
        .where(
            InterestPosting.cooperative_id == cooperative_id,
            InterestPosting.month == month,
            InterestPosting.chunk == chunk,
        )
        .order_by(InterestPosting.account)
    ).all()


def add_postings(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write what a step plans; an account has interest once a month."""
    if rows:
        session.execute(insert(InterestPosting), list(rows))


def earned_already(session: Session, month: date, accounts: Iterable[str]) -> set[str]:
    """Those of the accounts that have their interest of the month."""
    return set(
        session.scalars(
            select(InterestPosting.account).where(
                InterestPosting.month == month,
                InterestPosting.account.in_(list(accounts)),
            )
        )
    )


def change_postings(
    session: Session, month: date, accounts: Sequence[str], **values: Any
) -> None:
    """Write what became of the interest of these accounts."""
    session.execute(
        update(InterestPosting)
        .where(InterestPosting.month == month, InterestPosting.account.in_(accounts))
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def mark_posted(
    session: Session, cooperative_id: str, month: date, journal_id: str
) -> Summary:
    """What was planned under this journal is in the books: what that was, just now."""
    rows = session.execute(
        update(InterestPosting)
        .where(
            InterestPosting.cooperative_id == cooperative_id,
            InterestPosting.month == month,
            InterestPosting.journal_id == journal_id,
            InterestPosting.state == PLANNED,
        )
        .values(state=POSTED)
        .returning(InterestPosting.gross, InterestPosting.withheld)
        .execution_options(synchronize_session=False)
    ).all()
    return Summary(
        accounts=len(rows),
        gross=sum(row.gross for row in rows),
        withheld=sum(row.withheld for row in rows),
    )


def list_interest(
    session: Session, month: date, *, after: str | None, limit: int
) -> Sequence[InterestPosting]:
    """The interest of a month past ``after``, by account."""
    query = (
        select(InterestPosting)
        .where(InterestPosting.month == month)
        .order_by(InterestPosting.account)
        .limit(limit)
    )
    if after is not None:
        query = query.where(InterestPosting.account > after)
    return session.scalars(query).all()


def lock_month(session: Session, cooperative_id: str, month: date) -> None:
    """Be the only one who changes totals of this month until the commit."""
    name = f"withholdings {cooperative_id} {month.isoformat()}"
    session.execute(_LOCK_MONTH, {"month": name})


def totals(session: Session, month: date, members: Iterable[str]) -> dict[str, Totals]:
    """The totals of these members in the month, as far as they have any."""
    rows = session.execute(
        select(
            Withholding.member_id,
            Withholding.gross,
            Withholding.tax,
            Withholding.withheld,
        ).where(Withholding.month == month, Withholding.member_id.in_(list(members)))
    )
    return {
        row.member_id: Totals(
            member_id=row.member_id,
            gross=row.gross,
            tax=row.tax,
            withheld=row.withheld,
        )
        for row in rows
    }


def add_withholdings(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write slips that are new."""
    if rows:
        session.execute(insert(Withholding), list(rows))


def write_totals(
    session: Session, month: date, changed: Sequence[Totals], at: datetime
) -> None:
    """Write the totals of members whose slips exist."""
    session.execute(
        _WRITE_TOTALS,
        {
            "members": [one.member_id for one in changed],
            "grosses": [one.gross for one in changed],
            "taxes": [one.tax for one in changed],
            "withheld": [one.withheld for one in changed],
            "month": month,
            "at": at,
        },
    )


def find_withholding(
    session: Session, cooperative_id: str, member_id: str, month: date
) -> Withholding | None:
    """The slip of one member for one month."""
    return session.get(Withholding, (cooperative_id, member_id, month))


def list_withholdings(
    session: Session, month: date, *, after: str | None, limit: int
) -> Sequence[Withholding]:
    """The slips of a month past ``after``, by member."""
    query = (
        select(Withholding)
        .where(Withholding.month == month)
        .order_by(Withholding.member_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Withholding.member_id > after)
    return session.scalars(query).all()
