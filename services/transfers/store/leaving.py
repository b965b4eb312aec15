"""What still binds a participant that wants to leave."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

_UNFINISHED = text(
    """
    SELECT count(*) FROM transfers
    WHERE state IN ('received', 'reserved')
        AND (payer_cooperative_id = :cooperative_id
            OR payee_cooperative_id = :cooperative_id)
    """
)
_UNSETTLED = text(
    """
    SELECT count(*) FROM window_nets AS net
    JOIN settlement_windows AS window_ ON window_.id = net.window_id
    LEFT JOIN settlements AS settlement ON settlement.id = window_.settlement_id
    WHERE net.cooperative_id = :cooperative_id
        AND settlement.state IS DISTINCT FROM 'settled'
        AND (net.net <> 0 OR net.book_paid <> 0 OR net.book_received <> 0)
    """
)


def count_unfinished(session: Session, cooperative_id: str) -> int:
    """Transfers from or to the cooperative that have no outcome yet."""
    found = session.execute(_UNFINISHED, {"cooperative_id": cooperative_id})
    return int(found.scalar_one())


def count_unsettled(session: Session, cooperative_id: str) -> int:
    """Windows in which the cooperative dealt with others and that are not settled.

    Its position may be zero over several of them while one alone still needs funds.
    """
    found = session.execute(_UNSETTLED, {"cooperative_id": cooperative_id})
    return int(found.scalar_one())
