"""Warning the operator before a cooperative can no longer pay."""

from __future__ import annotations

from typing import Any

from services.shared.contracts import transfers as contract
from services.shared.persistence import outbox
from services.shared.persistence.database import Database
from services.transfers import models
from services.transfers.domain import participants
from services.transfers.domain.participants import Standing
from services.transfers.domain.peers import Ledger
from services.transfers.operations import participants as participant_operations
from services.transfers.store import participants as store

_PAGE = 500


def watch_positions(database: Database, ledger: Ledger) -> list[str]:
    """Raise the alarm once for each position that has newly passed its share.

    Reads positions instead of following every transfer, so it costs clearing nothing.
    """
    raised: list[str] = []
    after: str | None = None
    while True:
        with database.hub() as session:
            rows = store.list_page(session, after_code=after, limit=_PAGE)
        if not rows:
            return raised
        found = participant_operations.standings(ledger, rows)
        for row, standing in zip(rows, found, strict=True):
            if _note(database, row, standing):
                raised.append(row.cooperative_id)
        after = rows[-1].code


def _note(database: Database, row: models.Participant, standing: Standing) -> bool:
    """Record a crossing, up or down; whether it was up."""
    is_alarming = participants.is_alarming(standing, row.alarm_percent)
    if is_alarming == row.is_alarmed:
        return False
    with database.hub() as session:
        # Of several processes that see the crossing, one changes the row and tells.
        is_news = store.set_alarmed(session, row.cooperative_id, is_alarmed=is_alarming)
        if is_news and is_alarming:
            outbox.add(session, contract.POSITION_ALARM, _payload(row, standing))
    return is_news and is_alarming


def _payload(row: models.Participant, standing: Standing) -> dict[str, Any]:
    return {
        "cooperative_id": row.cooperative_id,
        "position": standing.position + standing.pending,
        "limit": standing.limit,
        "alarm_percent": row.alarm_percent,
    }
