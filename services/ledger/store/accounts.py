"""How accounts are locked, read and written, many at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from services.ledger.domain.accounts import Account

_COLUMNS: Final = (
    "id, key, cooperative_id, normal_side = 'debit' AS is_debit_normal, "
    "debits_posted, credits_posted, debits_pending, credits_pending, "
    "minimum_balance, covered_by, status"
)

# With every account come its cover and those that it covers itself: a limit that
# spans two accounts can only be judged when both stand still. Sorted by id, so that
# two ledger processes never wait for each other crosswise.
_LOCKED: Final = """
    WHERE id = ANY (ARRAY(
        WITH asked AS (SELECT id, covered_by FROM accounts WHERE {asked})
        SELECT id FROM asked
        UNION
        SELECT covered_by FROM asked WHERE covered_by IS NOT NULL
        UNION
        SELECT covered.id FROM asked
        JOIN accounts covered ON covered.covered_by = asked.id
    ))
    ORDER BY id FOR NO KEY UPDATE
"""
_LOCK_BY_KEY: Final = text(
    f"SELECT {_COLUMNS} FROM accounts"  # noqa: S608  a constant
    + _LOCKED.format(asked="key = ANY (CAST(:asked AS text[]))")
)
_LOCK_BY_ID: Final = text(
    f"SELECT {_COLUMNS} FROM accounts"  # noqa: S608  a constant
    + _LOCKED.format(asked="id = ANY (CAST(:asked AS bigint[]))")
)
# A session keeps the plan that it made first. Made when a table was small, that plan
# reads the whole table, and goes on doing so when the table has grown.
_GO_BY_INDEX: Final = text("SET LOCAL enable_seqscan = off")
_READ: Final = text(
    f"SELECT {_COLUMNS} FROM accounts WHERE key = ANY (CAST(:keys AS text[]))"  # noqa: S608  a constant
)
_WRITE_COUNTERS: Final = text(
    """
    UPDATE accounts SET
        debits_posted = moved.debits_posted,
        credits_posted = moved.credits_posted,
        debits_pending = moved.debits_pending,
        credits_pending = moved.credits_pending
    FROM unnest(
        CAST(:ids AS bigint[]),
        CAST(:debits_posted AS bigint[]),
        CAST(:credits_posted AS bigint[]),
        CAST(:debits_pending AS bigint[]),
        CAST(:credits_pending AS bigint[])
    ) AS moved (id, debits_posted, credits_posted, debits_pending, credits_pending)
    WHERE accounts.id = moved.id
    """
)
_OPEN: Final = text(
    """
    INSERT INTO accounts
        (key, cooperative_id, code, name, normal_side, minimum_balance, covered_by)
    SELECT asked.key, :cooperative_id, asked.code, asked.name, asked.normal_side,
        asked.minimum_balance, cover.id
    FROM unnest(
        CAST(:keys AS text[]),
        CAST(:codes AS text[]),
        CAST(:names AS text[]),
        CAST(:normal_sides AS text[]),
        CAST(:minimum_balances AS bigint[]),
        CAST(:cover_keys AS text[])
    ) WITH ORDINALITY
        AS asked (key, code, name, normal_side, minimum_balance, cover_key, line)
    LEFT JOIN accounts cover ON cover.key = asked.cover_key
    ORDER BY asked.line
    ON CONFLICT (key) DO NOTHING
    """
)
_CODES: Final = text(
    "SELECT key, code FROM accounts "
    "WHERE cooperative_id = :cooperative_id AND key = ANY (CAST(:keys AS text[]))"
)
_SET_LIMIT: Final = text(
    "UPDATE accounts SET minimum_balance = :minimum_balance WHERE id = :id"
)
_SET_STATUS: Final = text("UPDATE accounts SET status = :status WHERE id = :id")
_SETTLED: Final = text(
    "SELECT id, normal_side = 'debit' AS is_debit_normal, clock_timestamp() AS moment "
    "FROM accounts WHERE key = :key FOR SHARE"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account to be opened; ``cover_key`` names the account that covers it."""

    key: str
    code: str
    name: str
    is_debit_normal: bool
    minimum_balance: int | None = None
    cover_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """An account on which no posting is in flight, and the moment when that was so."""

    id: int
    is_debit_normal: bool
    moment: datetime


def go_by_index(session: Session) -> None:
    """Plan no statement of this transaction by reading a whole table."""
    session.execute(_GO_BY_INDEX)


def lock(session: Session, keys: Collection[str]) -> list[Account]:
    """Lock the accounts with these keys and all that their limits depend on."""
    return _accounts(session, _LOCK_BY_KEY, asked=sorted(keys))


def lock_by_id(session: Session, ids: Collection[int]) -> list[Account]:
    """As `lock`, for accounts known by their ids."""
    return _accounts(session, _LOCK_BY_ID, asked=sorted(ids))


def read(session: Session, keys: Sequence[str]) -> list[Account]:
    """The accounts with these keys as they are now, without locks."""
    return _accounts(session, _READ, keys=list(keys))


def write_counters(session: Session, accounts: Iterable[Account]) -> None:
    """Write the counters of locked accounts."""
    moved = list(accounts)
    if not moved:
        return
    session.execute(
        _WRITE_COUNTERS,
        {
            "ids": [account.id for account in moved],
            "debits_posted": [account.debits_posted for account in moved],
            "credits_posted": [account.credits_posted for account in moved],
            "debits_pending": [account.debits_pending for account in moved],
            "credits_pending": [account.credits_pending for account in moved],
        },
    )


def open_missing(
    session: Session, cooperative_id: str, accounts: Sequence[NewAccount]
) -> None:
    """Open those accounts of a book whose keys are not taken."""
    # Sorted for the unique index: two callers that open the same accounts take turns.
    wanted = sorted(accounts, key=lambda account: account.key)
    session.execute(
        _OPEN,
        {
            "cooperative_id": cooperative_id,
            "keys": [account.key for account in wanted],
            "codes": [account.code for account in wanted],
            "names": [account.name for account in wanted],
            "normal_sides": [
                "debit" if account.is_debit_normal else "credit" for account in wanted
            ],
            "minimum_balances": [account.minimum_balance for account in wanted],
            "cover_keys": [account.cover_key for account in wanted],
        },
    )


def codes(session: Session, cooperative_id: str, keys: Sequence[str]) -> dict[str, str]:
    """The code of each of these keys that the book has."""
    rows = session.execute(
        _CODES, {"cooperative_id": cooperative_id, "keys": list(keys)}
    )
    return {row.key: row.code for row in rows}


def set_limit(session: Session, account: Account) -> None:
    """Write the minimum balance of a locked account."""
    session.execute(
        _SET_LIMIT, {"id": account.id, "minimum_balance": account.minimum_balance}
    )


def set_status(session: Session, account: Account) -> None:
    """Write the status of a locked account."""
    session.execute(_SET_STATUS, {"id": account.id, "status": account.status})


def settled(session: Session, key: str) -> Settled | None:
    """Wait for the postings in flight on an account; None when there is no such one.

    Postings carry a time taken under the account's lock, so whatever is posted after
    this returns carries a later one than ``moment``.
    """
    row = session.execute(_SETTLED, {"key": key}).one_or_none()
    return None if row is None else Settled(**_named(row))


def _accounts(session: Session, query: TextClause, **values: Any) -> list[Account]:
    return [
        Account(
            id=row[0],
            key=row[1],
            cooperative_id=row[2],
            is_debit_normal=row[3],
            debits_posted=row[4],
            credits_posted=row[5],
            debits_pending=row[6],
            credits_pending=row[7],
            minimum_balance=row[8],
            covered_by=row[9],
            status=row[10],
        )
        for row in session.execute(query, values)
    ]


def _named(row: Row[Any]) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001  public, despite its name
