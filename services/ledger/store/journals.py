"""How journals and postings are stored, and found again by their ids."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.ledger.domain.balances import Line
from services.ledger.domain.journals import Journal, Refusal

POSTINGS_PER_STATEMENT: Final = 20_000
"""Opening balances are half a million postings; a statement has thirty seconds."""

# The newest of both: a hold that was posted has a journal of its id and content.
_STORED: Final = text(
    """
    SELECT id, request_hash, refusal, posted_at, serial
    FROM journals WHERE id = ANY (CAST(:ids AS text[]))
    UNION ALL
    SELECT id, request_hash, NULL, placed_at, NULL
    FROM holds WHERE id = ANY (CAST(:ids AS text[])) AND state <> 'posted'
    """
)
_BALANCES_LEFT: Final = text(
    """
    SELECT posting.journal_serial, debited.key, posting.debit_balance_after,
        credited.key, posting.credit_balance_after
    FROM postings posting
    JOIN accounts debited ON debited.id = posting.debit_account
    JOIN accounts credited ON credited.id = posting.credit_account
    WHERE posting.journal_serial = ANY (CAST(:serials AS bigint[]))
    ORDER BY posting.journal_serial, posting.id
    """
)
_INSERT_JOURNALS: Final = text(
    """
    INSERT INTO journals
        (id, kind, description, reference, business_date, posted_at, books,
         request_hash, refusal, reverses, request_id)
    SELECT id, kind, description, reference, business_date, :posted_at,
        string_to_array(books, ','), request_hash, CAST(refusal AS jsonb), reverses,
        request_id
    FROM unnest(
        CAST(:ids AS text[]),
        CAST(:kinds AS text[]),
        CAST(:descriptions AS text[]),
        CAST(:references AS text[]),
        CAST(:business_dates AS date[]),
        CAST(:books AS text[]),
        CAST(:request_hashes AS bytea[]),
        CAST(:refusals AS text[]),
        CAST(:reverses AS text[]),
        CAST(:request_ids AS text[])
    ) WITH ORDINALITY AS journal
        (id, kind, description, reference, business_date, books, request_hash,
         refusal, reverses, request_id, line)
    ORDER BY line
    ON CONFLICT (id) DO NOTHING
    RETURNING id, serial
    """
)
_INSERT_POSTINGS: Final = text(
    """
    INSERT INTO postings
        (journal_serial, cooperative_id, debit_account, credit_account, amount,
         debit_balance_after, credit_balance_after, posted_at, business_date)
    SELECT journal_serial, cooperative_id, debit_account, credit_account, amount,
        debit_balance_after, credit_balance_after, :posted_at, business_date
    FROM unnest(
        CAST(:journal_serials AS bigint[]),
        CAST(:cooperative_ids AS text[]),
        CAST(:debit_accounts AS bigint[]),
        CAST(:credit_accounts AS bigint[]),
        CAST(:amounts AS bigint[]),
        CAST(:debit_balances AS bigint[]),
        CAST(:credit_balances AS bigint[]),
        CAST(:business_dates AS date[])
    ) WITH ORDINALITY AS posting
        (journal_serial, cooperative_id, debit_account, credit_account, amount,
         debit_balance_after, credit_balance_after, business_date, line)
    ORDER BY line
    """
)
_FIND: Final = text(
    """
    SELECT journal.serial, journal.id, journal.kind, journal.description,
        journal.reference, journal.business_date, journal.posted_at, journal.books,
        journal.refusal, journal.reverses, reversal.id AS reversed_by
    FROM journals journal
    LEFT JOIN journals reversal ON reversal.reverses = journal.id
    WHERE journal.id = :id
    """
)
_POSTINGS_OF: Final = text(
    """
    SELECT debited.key, credited.key, posting.amount
    FROM postings posting
    JOIN accounts debited ON debited.id = posting.debit_account
    JOIN accounts credited ON credited.id = posting.credit_account
    WHERE posting.journal_serial = :serial
    ORDER BY posting.id
    """
)
_REVERSAL_OF: Final = text("SELECT id FROM journals WHERE reverses = :id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is known of an id that was used before."""

    request_hash: bytes
    refusal: Refusal | None
    posted_at: datetime
    serial: int | None
    balances: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A journal with its outcome, ready to be written."""

    journal: Journal
    request_hash: bytes
    books: Sequence[str]
    refusal: Refusal | None = None
    lines: Sequence[Line] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A journal as it stands in the books."""

    serial: int
    id: str
    kind: str
    description: str
    reference: str | None
    business_date: date
    posted_at: datetime
    books: list[str]
    refusal: dict[str, Any] | None
    reverses: str | None
    reversed_by: str | None


def stored(session: Session, ids: Collection[str]) -> dict[str, Stored]:
    """What these ids were used for before; ask when the accounts are locked."""
    rows = session.execute(_STORED, {"ids": list(ids)}).all()
    if not rows:
        return {}
    left = _balances_left(session, [row.serial for row in rows if row.serial])
    return {
        row.id: Stored(
            request_hash=bytes(row.request_hash),
            refusal=None if row.refusal is None else Refusal(**row.refusal),
            posted_at=row.posted_at,
            serial=row.serial,
            balances=left.get(row.serial, {}),
        )
        for row in rows
    }


def insert(session: Session, decided: Sequence[Decided], moment: datetime) -> bool:
    """Write journals in the order of their application, then their postings.

    False when an id was taken by somebody else in the meantime: the transaction must
    then be given up and the batch decided again.
    """
    if not decided:
        return True
    rows = session.execute(_INSERT_JOURNALS, _journal_columns(decided, moment)).all()
    if len(rows) < len(decided):
        return False
    serials = {row.id: row.serial for row in rows}
    postings = [
        (serials[one.journal.id], line, one.journal.business_date)
        for one in decided
        for line in one.lines
    ]
    for first in range(0, len(postings), POSTINGS_PER_STATEMENT):
        part = postings[first : first + POSTINGS_PER_STATEMENT]
        _insert_postings(session, part, moment)
    return True


def find(session: Session, journal_id: str) -> Found | None:
    """A journal by its id, if the caller may see it."""
    row = session.execute(_FIND, {"id": journal_id}).one_or_none()
    return None if row is None else Found(**row._mapping)  # noqa: SLF001  public


def postings_of(session: Session, serial: int) -> list[tuple[str, str, int]]:
    """The postings of a journal that the caller may see, in their order."""
    rows = session.execute(_POSTINGS_OF, {"serial": serial})
    return [(row[0], row[1], row[2]) for row in rows]


def reversal_of(session: Session, journal_id: str) -> str | None:
    """The id of the journal that reversed this one."""
    reversal: str | None = session.execute(
        _REVERSAL_OF, {"id": journal_id}
    ).scalar_one_or_none()
    return reversal


def _balances_left(
    session: Session, serials: list[int]
) -> defaultdict[int, dict[str, int]]:
    left: defaultdict[int, dict[str, int]] = defaultdict(dict)
    if serials:
        for serial, debited, debit_left, credited, credit_left in session.execute(
            _BALANCES_LEFT, {"serials": serials}
        ):
            # A later posting of the journal leaves the balance that counts.
            left[serial][debited] = debit_left
            left[serial][credited] = credit_left
    return left


def _journal_columns(decided: Sequence[Decided], moment: datetime) -> dict[str, Any]:
    journals = [one.journal for one in decided]
    return {
        "posted_at": moment,
        "ids": [journal.id for journal in journals],
        "kinds": [journal.kind for journal in journals],
        "descriptions": [journal.description for journal in journals],
        "references": [journal.reference for journal in journals],
        "business_dates": [journal.business_date for journal in journals],
        # An array of arrays must be rectangular, and books are not; their ids have
        # no commas.
        "books": [",".join(one.books) for one in decided],
        "request_hashes": [one.request_hash for one in decided],
        "refusals": [_as_json(one.refusal) for one in decided],
        "reverses": [None if one.refusal else one.journal.reverses for one in decided],
        "request_ids": [journal.request_id for journal in journals],
    }


def _as_json(refusal: Refusal | None) -> str | None:
    if refusal is None:
        return None
    return json.dumps({"code": refusal.code, "details": refusal.details})


def _insert_postings(
    session: Session, postings: list[tuple[int, Line, date]], moment: datetime
) -> None:
    session.execute(
        _INSERT_POSTINGS,
        {
            "posted_at": moment,
            "journal_serials": [serial for serial, _, _ in postings],
            "cooperative_ids": [line.debit.cooperative_id for _, line, _ in postings],
            "debit_accounts": [line.debit.id for _, line, _ in postings],
            "credit_accounts": [line.credit.id for _, line, _ in postings],
            "amounts": [line.amount for _, line, _ in postings],
            "debit_balances": [line.debit_balance_after for _, line, _ in postings],
            "credit_balances": [line.credit_balance_after for _, line, _ in postings],
            "business_dates": [day for _, _, day in postings],
        },
    )
