"""Closing business days: what is closed stays closed."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.ledger.domain import periods
from services.ledger.operations import books
from services.ledger.store import books as book_store
from services.shared import clock
from services.shared.contracts import ledger as contract
from services.shared.persistence import outbox
from services.shared.persistence.database import Database, retrying


@retrying
def close_period(
    database: Database, cooperative_id: str, through: date
) -> dict[str, Any]:
    """Close the book's business days through ``through``; closed days stay closed.

    Raises PeriodNotOver for today or a day to come, BookNotOpen.
    """
    if not periods.can_be_closed(through, clock.business_date()):
        raise contract.PeriodNotOver
    with books.own(database, cooperative_id) as session:
        # Whoever is posting into the day finishes first; whoever comes later sees it
        # closed.
        book_store.enter_alone(session, cooperative_id)
        is_open, _ = book_store.period(session, cooperative_id)
        if not is_open:
            raise contract.BookNotOpen
        is_news = book_store.close(session, cooperative_id, through)
        _, closed_through = book_store.period(session, cooperative_id)
        period = {"cooperative_id": cooperative_id, "closed_through": closed_through}
        if is_news:
            outbox.add(
                session, contract.PERIOD_CLOSED, contract.PeriodEvent().dump(period)
            )
    return period


def get_period(database: Database, cooperative_id: str) -> dict[str, Any]:
    """The book's last closed business day. Raises BookNotOpen."""
    with books.own(database, cooperative_id) as session:
        is_open, closed_through = book_store.period(session, cooperative_id)
    if not is_open:
        raise contract.BookNotOpen
    return {"cooperative_id": cooperative_id, "closed_through": closed_through}
