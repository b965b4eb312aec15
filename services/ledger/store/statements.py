"""What happened on an account, and where a book stood, at any past moment."""

from __future__ import annotations

from collections.abc import Sequence
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

# What moved on each day of the period and since gives, backwards from the counters of
# now, the balance at the end of every day: no posting before the period is read. By
# business date, which is not the order of posting: interest of a day that is over is
# posted after midnight. Nobody posts into days to come, so what belongs to the period
# was posted in it or later; a day's grace is for clocks that differ.
_BALANCE_DAYS: Final = text(
    """
    WITH asked AS MATERIALIZED (
        SELECT id, key, status, normal_side = 'debit' AS is_debit_normal,
            CASE normal_side WHEN 'debit' THEN debits_posted - credits_posted
                ELSE credits_posted - debits_posted END AS balance
        FROM accounts WHERE key = ANY (CAST(:keys AS text[]))
    ), moved AS MATERIALIZED (
        SELECT account, business_date, sum(change) AS change FROM (
            SELECT asked.id AS account, posting.business_date,
                CASE WHEN asked.is_debit_normal THEN posting.amount
                    ELSE -posting.amount END AS change
            FROM asked JOIN postings posting ON posting.debit_account = asked.id
            WHERE posting.posted_at >= :since AND posting.business_date >= :starts_on
            UNION ALL
            SELECT asked.id, posting.business_date,
                CASE WHEN asked.is_debit_normal THEN -posting.amount
                    ELSE posting.amount END
            FROM asked JOIN postings posting ON posting.credit_account = asked.id
            WHERE posting.posted_at >= :since AND posting.business_date >= :starts_on
        ) one GROUP BY account, business_date
    ), changes AS (
        SELECT asked.id AS account, CAST(:starts_on AS date) AS day,
            asked.balance - coalesce(since.change, 0) AS change
        FROM asked LEFT JOIN (
            SELECT account, sum(change) AS change FROM moved GROUP BY account
        ) since ON since.account = asked.id
        UNION ALL
        SELECT account, business_date, change FROM moved
        WHERE business_date <= :ends_on
    ), ends_of_days AS (
        SELECT account, day,
            sum(sum(change)) OVER (PARTITION BY account ORDER BY day) AS balance,
            coalesce(
                lead(day) OVER (PARTITION BY account ORDER BY day),
                CAST(:ends_on AS date) + 1
            ) - day AS days
        FROM changes GROUP BY account, day
    )
    SELECT asked.key, asked.status,
        min(CASE WHEN one.balance >= :floor THEN one.balance ELSE 0 END) AS lowest,
        sum(CASE WHEN one.balance >= :floor THEN one.balance * one.days ELSE 0 END)
            AS balance_days,
        (array_agg(one.balance ORDER BY one.day DESC))[1] AS closing
    FROM asked JOIN ends_of_days one ON one.account = asked.id
    GROUP BY asked.key, asked.status
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceDays:
    """The balances of one account over a period; ``floor`` makes days empty."""

    key: str
    status: str
    lowest: int
    balance_days: int
    closing: int


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


def balance_days(
    session: Session,
    keys: Sequence[str],
    *,
    starts_on: date,
    ends_on: date,
    since: datetime,
    floor: int,
) -> list[BalanceDays]:
    """Balances at the ends of the days of a period, for accounts that may be seen.

    ``since`` is the earliest moment at which something of the period was posted.
    """
    rows = session.execute(
        _BALANCE_DAYS,
        {
            "keys": list(keys),
            "starts_on": starts_on,
            "ends_on": ends_on,
            "since": since,
            "floor": floor,
        },
    )
    return [
        BalanceDays(
            key=row.key,
            status=row.status,
            lowest=int(row.lowest),
            balance_days=int(row.balance_days),
            closing=int(row.closing),
        )
        for row in rows
    ]


def trial_balance(session: Session, book: str, as_of: datetime) -> dict[str, int]:
    """Debits less credits of every code, with all that was posted up to ``as_of``."""
    rows = session.execute(_TRIAL_BALANCE, {"book": book, "as_of": as_of})
    return {row.code: int(row.net_debit) for row in rows}


def names(session: Session, book: str) -> dict[str, Any]:
    """What the book calls its codes."""
    rows = session.execute(_NAMES, {"book": book})
    return {row.code: row.name for row in rows}
