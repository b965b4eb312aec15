"""Statements and trial balances: the same answer today and in a year."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from services.ledger.domain import chart, periods
from services.ledger.operations import books
from services.ledger.store import accounts as account_store
from services.ledger.store import books as book_store
from services.ledger.store import statements as store
from services.shared import clock
from services.shared.contracts import ledger as contract
from services.shared.contracts.paging import InvalidCursor
from services.shared.errors import NotFound
from services.shared.identity import HUB, Identity
from services.shared.persistence.database import Database, retrying

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_GRACE: Final = timedelta(days=1)
"""By how much the clocks of two machines surely agree."""


@retrying
def get_statement(
    database: Database,
    identity: Identity,
    *,
    key: str,
    from_: date | datetime | None,
    to: date | datetime | None,
    limit: int,
    cursor: str | None,
) -> dict[str, Any]:
    """The lines of a period by posting time, oldest first, with running balances.

    The first page fixes the end of the period in its cursor, so that pages fit each
    other while postings go on. Raises NotFound for an account not to be seen.
    """
    starts_at = _BEGINNING if from_ is None else periods.starts_at(from_)
    with books.view(database, identity) as session:
        account = account_store.settled(session, key)
        if account is None:
            raise NotFound
        ends_before = account.moment
        if to is not None:
            ends_before = min(ends_before, periods.ends_before(to))
        after = (_BEGINNING, 0)
        if cursor is not None:
            after, ends_before = _read_cursor(cursor)
        lines = store.lines(
            session,
            account.id,
            starts_at=starts_at,
            ends_before=ends_before,
            after=after,
            limit=limit + 1,
        )
        opening = store.balance_before(session, account.id, starts_at)
        closing = opening
        if starts_at < ends_before:
            closing = store.balance_before(session, account.id, ends_before)
    has_more = len(lines) > limit
    return {
        "opening_balance": opening,
        "items": [_line(line) for line in lines[:limit]],
        "closing_balance": closing,
        "next_cursor": _cursor(lines[limit - 1], ends_before) if has_more else None,
    }


def _line(line: store.Line) -> dict[str, Any]:
    return {
        "at": line.posted_at,
        "business_date": line.business_date,
        "journal_id": line.journal_id,
        "description": line.description,
        "debit": line.amount if line.is_debit else 0,
        "credit": 0 if line.is_debit else line.amount,
        "balance": line.balance,
    }


def _cursor(line: store.Line, ends_before: datetime) -> str:
    parts = [line.posted_at.isoformat(), line.id, ends_before.isoformat()]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def _read_cursor(cursor: str) -> tuple[tuple[datetime, int], datetime]:
    """Where the page begins and the period ends. Raises InvalidCursor."""
    try:
        at, id_, ends_before = json.loads(base64.urlsafe_b64decode(cursor))
        after = datetime.fromisoformat(at), int(id_)
        end = datetime.fromisoformat(ends_before)
    except (ValueError, TypeError, binascii.Error):
        raise InvalidCursor from None
    if after[0].tzinfo is None or end.tzinfo is None or not 0 <= after[1] < 2**63:
        raise InvalidCursor
    return after, end


def get_balance_days(
    database: Database,
    cooperative_id: str,
    *,
    keys: Sequence[str],
    from_: date,
    to: date,
    floor: int,
) -> dict[str, dict[str, Any]]:
    """The balances at the ends of the days of a period, condensed, by account.

    Keys of no account of the book are left out.
    """
    since = periods.starts_at(from_ - _GRACE)
    with database.tenant(cooperative_id) as session:
        found = store.balance_days(
            session,
            keys,
            starts_on=from_,
            ends_on=to,
            since=_BEGINNING if clock.is_simulated() else since,
            floor=floor,
        )
    return {
        one.key: {
            "lowest": one.lowest,
            "balance_days": one.balance_days,
            "closing": one.closing,
            "status": one.status,
        }
        for one in found
    }


@retrying
def get_trial_balance(
    database: Database, cooperative_id: str, as_of: date | datetime | None
) -> dict[str, Any]:
    """The book at a moment, by default now; a moment to come is taken as now.

    Raises BookNotOpen. What it answers never changes afterwards.
    """
    asked = None if as_of is None else periods.ends_before(as_of)
    # By itself, and committed at once: batches wait for this lock.
    with books.own(database, cooperative_id) as session:
        now = book_store.enter_alone(session, cooperative_id)
    moment = now if asked is None else min(now, asked)
    with books.own(database, cooperative_id) as session:
        is_open, _ = book_store.period(session, cooperative_id)
        if not is_open:
            raise contract.BookNotOpen
        by_code = store.trial_balance(session, cooperative_id, moment)
        names = store.names(session, cooperative_id)
    known = chart.HUB_CHART if cooperative_id == HUB else chart.COOPERATIVE_CHART
    accounts = [
        {
            "code": code,
            "name": names.get(code) or known.get(code, code),
            "debit": max(net, 0),
            "credit": max(-net, 0),
        }
        for code, net in by_code.items()
    ]
    return {
        "as_of": moment,
        "accounts": accounts,
        "debit_total": sum(line["debit"] for line in accounts),
        "credit_total": sum(line["credit"] for line in accounts),
    }
