"""What a cooperative takes with it when it leaves: every posting of its book."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any, Final

from services.ledger.operations import books
from services.ledger.store import exports as store
from services.ledger.store.exports import PostedLine
from services.shared.contracts.paging import InvalidCursor
from services.shared.persistence.database import Database

_BEGINNING: Final = (0, datetime(1970, 1, 1, tzinfo=UTC), 0)


def list_postings(
    database: Database, cooperative_id: str, *, limit: int, cursor: str | None
) -> dict[str, Any]:
    """Postings of the book by the account that was debited, then by their moment.

    For a book that is at rest: what is posted meanwhile may be missed.
    """
    after = _BEGINNING if cursor is None else _read_cursor(cursor)
    with books.own(database, cooperative_id) as session:
        lines = store.postings(session, cooperative_id, after=after, limit=limit + 1)
    shown = lines[:limit]
    return {
        "items": shown,
        "next_cursor": _cursor(shown[-1]) if len(lines) > limit else None,
    }


def _cursor(line: PostedLine) -> str:
    position = [line.debit_account, line.posted_at.isoformat(), line.id]
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def _read_cursor(cursor: str) -> tuple[int, datetime, int]:
    try:
        account, moment, posting = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        return int(account), datetime.fromisoformat(moment), int(posting)
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidCursor from error
