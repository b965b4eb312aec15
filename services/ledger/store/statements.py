"""What happened on an account, and where a book stood, at any past moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

# Each half walks its own index in order and stops after a page.
_LINES: Final = text(
    """
    SELECT line.id, line.posted_at, line.business_date, line.amount, line.is_debit,
        line.balance, journal.id AS journal_id, journal.description
    FROM (
        (
            SELECT id, journal_serial, posted_at, business_date, amount,
                true AS is_debit, debit_balance_after AS balance
            FROM postings
            WHERE debit_account = :account
                AND posted_at >= :starts_at AND posted_at < :ends_before
                AND (posted_at, id) > (:after_at, :after_id)
            ORDER BY posted_at, id LIMIT :limit
        )
        UNION ALL
        (
            SELECT id, journal_serial, posted_at, business_date, amount,
                false, credit_balance_after
            FROM postings
            WHERE credit_account = :account
                AND posted_at >= :starts_at AND posted_at < :ends_before
                AND (posted_at, id) > (:after_at, :after_id)
            ORDER BY posted_at, id LIMIT :limit
        )
    ) line
    JOIN journals journal ON journal.serial = line.journal_serial
    ORDER BY line.posted_at, line.id
    LIMIT :limit
    """
)
_BALANCE_BEFORE: Final = text(
    """
    SELECT balance FROM (
        (
            SELECT posted_at, id, debit_balance_after AS balance FROM postings
            WHERE debit_account = :account AND posted_at < :moment
            ORDER BY posted_at DESC, id DESC LIMIT 1
        )
        UNION ALL
        (
            SELECT posted_at, id, credit_balance_after FROM postings
            WHERE credit_account = :account AND posted_at < :moment
            ORDER BY posted_at DESC, id DESC LIMIT 1
        )
    ) newest
    ORDER BY posted_at DESC, id DESC LIMIT 1
    """
)
# The counters of now less what was posted after the moment: a trial balance of today
# touches no posting at all, one of last month only this month's.
_TRIAL_BALANCE: Final = text(
    """
    WITH later AS MATERIALIZED (
        SELECT debit_account, credit_account, amount FROM postings
        WHERE cooperative_id = :book AND posted_at > :as_of
    ), undone AS (
        SELECT account, sum(debits) AS debits, sum(credits) AS credits FROM (
            SELECT debit_account AS account, amount AS debits, 0 AS credits FROM later
            UNION ALL
            SELECT credit_account, 0, amount FROM later
        ) side GROUP BY account
    )
    SELECT accounts.code,
        sum(
            accounts.debits_posted - coalesce(undone.debits, 0)
            - accounts.credits_posted + coalesce(undone.credits, 0)
        ) AS net_debit
    FROM accounts LEFT JOIN undone ON undone.account = accounts.id
    WHERE accounts.cooperative_id = :book
    GROUP BY accounts.code
    ORDER BY accounts.code
    """
)
_NAMES: Final = text(
    "SELECT code, name FROM accounts "
    "WHERE cooperative_id = :book AND key = :book || ':' || code"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a statement; ``balance`` is the account's after it."""

    id: int
    posted_at: datetime
    business_date: date
    amount: int
    is_debit: bool
    balance: int
    journal_id: str
    description: str


def lines(
    session: Session,
    account: int,
    *,
    starts_at: datetime,
    ends_before: datetime,
    after: tuple[datetime, int],
    limit: int,
) -> list[Line]:
    """The next ``limit`` lines of a period behind the posting ``after``."""
    rows = session.execute(
        _LINES,
        {
            "account": account,
            "starts_at": starts_at,
            "ends_before": ends_before,
            "after_at": after[0],
            "after_id": after[1],
            "limit": limit,
        },
    )
    return [Line(**row._mapping) for row in rows]  # noqa: SLF001  public


def balance_before(session: Session, account: int, moment: datetime) -> int:
    """What the account held just before ``moment``."""
    balance: int | None = session.execute(
        _BALANCE_BEFORE, {"account": account, "moment": moment}
    ).scalar_one_or_none()
    return balance or 0


def trial_balance(session: Session, book: str, as_of: datetime) -> dict[str, int]:
    """Debits less credits of every code, with all that was posted up to ``as_of``."""
    rows = session.execute(_TRIAL_BALANCE, {"book": book, "as_of": as_of})
    return {row.code: int(row.net_debit) for row in rows}


def names(session: Session, book: str) -> dict[str, Any]:
    """What the book calls its codes."""
    rows = session.execute(_NAMES, {"book": book})
    return {row.code: row.name for row in rows}
