"""How all postings of a book are read, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

# Account by account, each along the index of what it was debited with: the postings
# of one book are not together anywhere else, and a page must not read other books'.
_PAGE: Final = text(
    """
    SELECT posting.debit_account, posting.id, posting.posted_at,
        posting.business_date, posting.amount, journal.serial,
        journal.id AS journal_id, journal.kind, journal.description,
        journal.reference, debited.key AS debit_key, credited.key AS credit_key
    FROM (
        SELECT id, key FROM accounts
        WHERE cooperative_id = :book AND id >= :account
        ORDER BY id
    ) debited
    CROSS JOIN LATERAL (
        SELECT id, journal_serial, debit_account, credit_account, amount, posted_at,
            business_date
        FROM postings
        WHERE debit_account = debited.id
            AND (posted_at, id) > (
                CASE WHEN debited.id = :account THEN :after_at
                    ELSE '-infinity'::timestamptz END,
                CASE WHEN debited.id = :account THEN :after_id ELSE 0 END
            )
        ORDER BY posted_at, id
        LIMIT :limit
    ) posting
    JOIN journals journal ON journal.serial = posting.journal_serial
    JOIN accounts credited ON credited.id = posting.credit_account
    ORDER BY posting.debit_account, posting.posted_at, posting.id
    LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedLine:
    """One posting with the journal that it belongs to; the amount in whole rupiah."""

    debit_account: int
    id: int
    posted_at: datetime
    business_date: date
    amount: int
    serial: int
    journal_id: str
    kind: str
    description: str
    reference: str | None
    debit_key: str
    credit_key: str


def postings(
    session: Session, book: str, *, after: tuple[int, datetime, int], limit: int
) -> list[PostedLine]:
    """The next ``limit`` postings of a book behind (account, moment, id)."""
    account, after_at, after_id = after
    rows = session.execute(
        _PAGE,
        {
            "book": book,
            "account": account,
            "after_at": after_at,
            "after_id": after_id,
            "limit": limit,
        },
    )
    return [PostedLine(**row._mapping) for row in rows]  # noqa: SLF001  public
