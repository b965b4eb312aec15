"""How holds are placed, locked and resolved."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.ledger.domain.balances import HeldPosting
from services.ledger.domain.holds import Hold
from services.ledger.domain.journals import Refusal
from services.ledger.store.journals import Decided

# A hold of another content, or a journal: either way the id is taken.
_STORED: Final = text(
    """
    SELECT id, request_hash, refusal, state, placed_at, expires_at
    FROM holds WHERE id = ANY (CAST(:ids AS text[]))
    UNION ALL
    SELECT id, request_hash, refusal, 'posted', posted_at, NULL
    FROM journals WHERE id = ANY (CAST(:ids AS text[]))
        AND NOT EXISTS (SELECT FROM holds WHERE holds.id = journals.id)
    """
)
_INSERT_HOLDS: Final = text(
    """
    INSERT INTO holds
        (id, kind, description, reference, business_date, state, books, placed_at,
         expires_at, request_hash, refusal, request_id)
    SELECT id, kind, description, reference, business_date,
        CASE WHEN refusal IS NULL THEN 'pending' ELSE 'refused' END,
        string_to_array(books, ','), :placed_at, expires_at, request_hash,
        CAST(refusal AS jsonb), request_id
    FROM unnest(
        CAST(:ids AS text[]),
        CAST(:kinds AS text[]),
        CAST(:descriptions AS text[]),
        CAST(:references AS text[]),
        CAST(:business_dates AS date[]),
        CAST(:books AS text[]),
        CAST(:expiries AS timestamptz[]),
        CAST(:request_hashes AS bytea[]),
        CAST(:refusals AS text[]),
        CAST(:request_ids AS text[])
    ) AS hold
        (id, kind, description, reference, business_date, books, expires_at,
         request_hash, refusal, request_id)
    ON CONFLICT (id) DO NOTHING
    """
)
_INSERT_POSTINGS: Final = text(
    """
    INSERT INTO hold_postings
        (hold_id, line, cooperative_id, debit_account, credit_account, amount)
    SELECT * FROM unnest(
        CAST(:hold_ids AS text[]),
        CAST(:lines AS integer[]),
        CAST(:cooperative_ids AS text[]),
        CAST(:debit_accounts AS bigint[]),
        CAST(:credit_accounts AS bigint[]),
        CAST(:amounts AS bigint[])
    )
    """
)
_COLUMNS: Final = (
    "id, kind, description, reference, business_date, state, books, placed_at, "
    "expires_at, resolved_at, posted_amount, request_id, request_hash"
)
_LOCK: Final = text(
    f"SELECT {_COLUMNS} FROM holds "  # noqa: S608  a constant
    "WHERE id = ANY (CAST(:ids AS text[])) AND state <> 'refused' "
    "ORDER BY id FOR UPDATE"
)
# Those that another process is resolving are left to it. `now()`, because with
# `clock_timestamp()` all pending holds would be read to find the few that are due.
_LOCK_DUE: Final = text(
    f"SELECT {_COLUMNS} FROM holds "  # noqa: S608  a constant
    "WHERE state = 'pending' AND expires_at <= now() "
    "ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED"
)
_POSTINGS: Final = text(
    "SELECT hold_id, debit_account, credit_account, amount FROM hold_postings "
    "WHERE hold_id = ANY (CAST(:ids AS text[])) ORDER BY hold_id, line"
)
_RESOLVE: Final = text(
    """
    UPDATE holds SET
        state = ended.state,
        resolved_at = :resolved_at,
        posted_amount = ended.posted_amount
    FROM unnest(
        CAST(:ids AS text[]),
        CAST(:states AS text[]),
        CAST(:posted_amounts AS bigint[])
    ) AS ended (id, state, posted_amount)
    WHERE holds.id = ended.id
    """
)
_WAITING: Final = text(
    """
    SELECT count(*), coalesce(
        extract(epoch FROM clock_timestamp() - min(expires_at)), 0
    )
    FROM holds WHERE state = 'pending'
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is known of a hold's id that was used before."""

    request_hash: bytes
    refusal: Refusal | None
    state: str
    placed_at: datetime
    expires_at: datetime | None


def stored(session: Session, ids: Collection[str]) -> dict[str, Stored]:
    """What these ids were used for before; ask when the accounts are locked."""
    return {
        row.id: Stored(
            request_hash=bytes(row.request_hash),
            refusal=None if row.refusal is None else Refusal(**row.refusal),
            state=row.state,
            placed_at=row.placed_at,
            expires_at=row.expires_at,
        )
        for row in session.execute(_STORED, {"ids": list(ids)})
    }


def insert(session: Session, decided: Sequence[Decided], moment: datetime) -> bool:
    """Write holds and refused holds; False when an id was taken in the meantime."""
    if not decided:
        return True
    result = session.execute(_INSERT_HOLDS, _hold_columns(decided, moment))
    if result.rowcount < len(decided):  # type: ignore[attr-defined]
        return False
    postings = [
        (one.journal.id, number, line)
        for one in decided
        for number, line in enumerate(one.lines, start=1)
    ]
    if postings:
        session.execute(
            _INSERT_POSTINGS,
            {
                "hold_ids": [hold_id for hold_id, _, _ in postings],
                "lines": [number for _, number, _ in postings],
                "cooperative_ids": [line.debit.cooperative_id for *_, line in postings],
                "debit_accounts": [line.debit.id for *_, line in postings],
                "credit_accounts": [line.credit.id for *_, line in postings],
                "amounts": [line.amount for *_, line in postings],
            },
        )
    return True


def lock(session: Session, ids: Collection[str]) -> dict[str, tuple[Hold, bytes]]:
    """Lock holds that were not refused; each with the hash of its content."""
    return _holds(session, session.execute(_LOCK, {"ids": sorted(ids)}).all())


def lock_due(session: Session, limit: int) -> list[tuple[Hold, bytes]]:
    """Lock holds whose time is up and that nobody else is resolving."""
    rows = session.execute(_LOCK_DUE, {"limit": limit}).all()
    return list(_holds(session, rows).values())


def resolve(session: Session, holds: Iterable[Hold], moment: datetime) -> None:
    """Write how locked holds ended."""
    ended = list(holds)
    if ended:
        session.execute(
            _RESOLVE,
            {
                "resolved_at": moment,
                "ids": [hold.id for hold in ended],
                "states": [hold.state for hold in ended],
                "posted_amounts": [hold.posted_amount for hold in ended],
            },
        )


def waiting(session: Session) -> tuple[int, float]:
    """How many holds are pending, and for how many seconds the first is overdue."""
    count, seconds = session.execute(_WAITING).one()
    return int(count), max(0.0, float(seconds))


def _holds(session: Session, rows: Sequence[Row[Any]]) -> dict[str, tuple[Hold, bytes]]:
    if not rows:
        return {}
    postings: defaultdict[str, list[HeldPosting]] = defaultdict(list)
    for hold_id, debit, credit, amount in session.execute(
        _POSTINGS, {"ids": [row.id for row in rows]}
    ):
        postings[hold_id].append(HeldPosting(debit=debit, credit=credit, amount=amount))
    holds = {}
    for row in rows:
        columns = dict(row._mapping)  # noqa: SLF001  public, despite its name
        request_hash = bytes(columns.pop("request_hash"))
        holds[row.id] = Hold(postings=postings[row.id], **columns), request_hash
    return holds


def _hold_columns(decided: Sequence[Decided], moment: datetime) -> dict[str, Any]:
    journals = [one.journal for one in decided]
    return {
        "placed_at": moment,
        "ids": [journal.id for journal in journals],
        "kinds": [journal.kind for journal in journals],
        "descriptions": [journal.description for journal in journals],
        "references": [journal.reference for journal in journals],
        "business_dates": [journal.business_date for journal in journals],
        "books": [",".join(one.books) for one in decided],
        "expiries": [journal.expires_at for journal in journals],
        "request_hashes": [one.request_hash for one in decided],
        "refusals": [
            one.refusal
            and json.dumps({"code": one.refusal.code, "details": one.refusal.details})
            for one in decided
        ],
        "request_ids": [journal.request_id for journal in journals],
    }
