"""Which books there are, which of their days are closed, and who is at work in them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

# The class of the advisory locks that stand for books: "book" in ASCII.
_LOCKS: Final = 0x626F_6F6B

# Whoever posts holds the lock of each book shared; whoever must know that nothing is
# in flight takes it alone for a moment. Unlike FOR SHARE on the book's row this
# writes no row versions, and the queue is fair: a stream of batches cannot starve a
# trial balance. Taken in the order of the hashes, so that nobody waits crosswise.
_ENTER: Final = text(
    """
    SELECT pg_advisory_xact_lock_shared(:locks, book.lock)
    FROM (
        SELECT DISTINCT hashtext(cooperative_id) AS lock
        FROM unnest(CAST(:books AS text[])) AS named (cooperative_id)
        ORDER BY lock
    ) AS book
    """
)
_ENTER_ALONE: Final = text("SELECT pg_advisory_xact_lock(:locks, hashtext(:book))")

_MOMENT_AND_CLOSED_DAYS: Final = text(
    """
    SELECT clock_timestamp(), cooperative_id, closed_through
    FROM (SELECT 1) AS always
    LEFT JOIN books ON cooperative_id = ANY (CAST(:books AS text[]))
        AND closed_through IS NOT NULL
    """
)
_AT_WORK: Final = text(
    """
    SELECT DISTINCT virtualtransaction FROM pg_locks
    WHERE locktype = 'advisory' AND classid = :locks AND granted AND database = (
        SELECT oid FROM pg_database WHERE datname = current_database()
    )
    """
)
# A microsecond early: whatever is posted next has a later time for certain.
_MOMENT: Final = text("SELECT clock_timestamp() - interval '1 microsecond'")
_OPEN: Final = text(
    "INSERT INTO books (cooperative_id) VALUES (:book) "
    "ON CONFLICT (cooperative_id) DO NOTHING"
)
_PERIOD: Final = text("SELECT closed_through FROM books WHERE cooperative_id = :book")
_CLOSE: Final = text(
    "UPDATE books SET closed_through = :through "
    "WHERE cooperative_id = :book AND coalesce(closed_through < :through, true)"
)


def enter(
    session: Session, books: Collection[str]
) -> tuple[datetime, dict[str, date | None]]:
    """Begin to post into ``books``: the posting time, and the closed days.

    The accounts must be locked before, so that times grow along each account.
    """
    # Two statements: only one that begins after the locks were granted sees the day
    # that was closed by whoever held them until then.
    session.execute(_ENTER, {"locks": _LOCKS, "books": list(books)})
    rows = session.execute(_MOMENT_AND_CLOSED_DAYS, {"books": list(books)}).all()
    return rows[0][0], {row[1]: row[2] for row in rows if row[1] is not None}


def enter_alone(session: Session, book: str) -> datetime:
    """Wait until nothing is in flight in ``book``; the moment at which that was so.

    Nothing is posted at or before that moment any more. Others wait until the
    transaction ends, so it should end soon.
    """
    session.execute(_ENTER_ALONE, {"locks": _LOCKS, "book": book})
    moment: datetime = session.execute(_MOMENT).scalar_one()
    return moment


def at_work(session: Session) -> set[str]:
    """The transactions that are in any book right now, by PostgreSQL's names."""
    return set(session.execute(_AT_WORK, {"locks": _LOCKS}).scalars())


def open_missing(session: Session, book: str) -> None:
    """Open a book unless it is open."""
    session.execute(_OPEN, {"book": book})


def period(session: Session, book: str) -> tuple[bool, date | None]:
    """Whether the book is open at all, and its last closed day."""
    row = session.execute(_PERIOD, {"book": book}).one_or_none()
    return (False, None) if row is None else (True, row.closed_through)


def close(session: Session, book: str, through: date) -> bool:
    """Close the days through ``through``; False when they were closed already."""
    result = session.execute(_CLOSE, {"book": book, "through": through})
    return bool(result.rowcount)  # type: ignore[attr-defined]
