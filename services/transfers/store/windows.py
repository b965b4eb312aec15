"""Rows of settlement windows: the open one, running nets and entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.transfers import models
from services.transfers.domain.transfer import Transfer
from services.transfers.domain.windows import Movement

# Who commits transfers holds this lock shared, who closes a window takes it alone. A
# lock of the window's row would be FOR SHARE, which passes by whoever waits to update
# the row: under a steady load from many processes a window could not be closed.
_LOCK: Final = f"{0x77696E64}, 0"
_HOLD: Final = text(f"SELECT pg_advisory_xact_lock_shared({_LOCK})")
_HOLD_ALONE: Final = text(f"SELECT pg_advisory_xact_lock({_LOCK})")


def hold_open(session: Session) -> str:
    """The id of the open window, which stays open until the transaction ends.

    Shared with everybody else who commits; only closing waits for us, and we for
    closing. A statement sees what was committed before it began, so only a second one
    sees the window that was opened by whoever held the lock alone until just now.
    """
    session.execute(_HOLD)
    window_id = session.execute(
        text("SELECT id FROM settlement_windows WHERE state = 'open'")
    ).scalar_one()
    return str(window_id)


def add_entries(session: Session, transfers: Sequence[Transfer]) -> None:
    """Enter committed transfers into their windows; sequence numbers rise."""
    session.execute(
        text(
            "INSERT INTO window_entries (window_id, transfer_id, "
            " payer_cooperative_id, payee_cooperative_id, amount) "
            "SELECT * FROM unnest(CAST(:windows AS text[]), CAST(:ids AS text[]), "
            " CAST(:payers AS text[]), CAST(:payees AS text[]), "
            " CAST(:amounts AS bigint[]))"
        ),
        {
            "windows": [transfer.window_id for transfer in transfers],
            "ids": [transfer.id for transfer in transfers],
            "payers": [transfer.payer_cooperative_id for transfer in transfers],
            "payees": [transfer.payee_cooperative_id for transfer in transfers],
            "amounts": [transfer.amount for transfer in transfers],
        },
    )


def add_movements(
    session: Session, window_id: str, movements: Sequence[Movement]
) -> None:
    """Add to the running nets, in the order of the cooperatives' ids."""
    session.execute(
        text(
            "INSERT INTO window_nets AS running (window_id, cooperative_id, net, "
            " paid_count, received_count, book_paid, book_received) "
            "SELECT CAST(:window_id AS text), moved.* FROM unnest("
            " CAST(:cooperatives AS text[]), CAST(:nets AS bigint[]), "
            " CAST(:paid AS bigint[]), CAST(:received AS bigint[]), "
            " CAST(:book_paid AS bigint[]), CAST(:book_received AS bigint[])) "
            " AS moved (cooperative_id, net, paid, received, book_paid, book_received) "
            "ORDER BY cooperative_id "
            "ON CONFLICT (window_id, cooperative_id) DO UPDATE SET "
            " net = running.net + excluded.net, "
            " paid_count = running.paid_count + excluded.paid_count, "
            " received_count = running.received_count + excluded.received_count, "
            " book_paid = running.book_paid + excluded.book_paid, "
            " book_received = running.book_received + excluded.book_received"
        ),
        {
            "window_id": window_id,
            "cooperatives": [movement.cooperative_id for movement in movements],
            "nets": [movement.net for movement in movements],
            "paid": [movement.paid_count for movement in movements],
            "received": [movement.received_count for movement in movements],
            "book_paid": [movement.book_paid for movement in movements],
            "book_received": [movement.book_received for movement in movements],
        },
    )


def close_open(session: Session) -> str:
    """Close the open window, in which nothing is in flight any more; its id."""
    session.execute(_HOLD_ALONE)
    window_id = session.execute(
        text(
            "UPDATE settlement_windows SET state = 'closed', "
            " closed_at = clock_timestamp() WHERE state = 'open' RETURNING id"
        )
    ).scalar_one()
    return str(window_id)


def open_next(session: Session, window_id: str, *, closed_id: str) -> None:
    """Open a window at the moment at which the one before it was closed."""
    session.execute(
        text(
            "INSERT INTO settlement_windows (id, state, opened_at) "
            "SELECT :id, 'open', closed_at FROM settlement_windows WHERE id = :closed"
        ),
        {"id": window_id, "closed": closed_id},
    )


def find(session: Session, window_id: str) -> models.Window | None:
    """One window."""
    return session.get(models.Window, window_id, populate_existing=True)


def list_page(
    session: Session, *, state: str | None, before_id: str | None, limit: int
) -> Sequence[models.Window]:
    """Windows, newest first; ids are time-ordered."""
    query = select(models.Window).order_by(models.Window.id.desc()).limit(limit)
    if state is not None:
        query = query.where(models.Window.state == state)
    if before_id is not None:
        query = query.where(models.Window.id < before_id)
    return session.scalars(query).all()


def load_nets(
    session: Session, window_ids: Sequence[str]
) -> dict[str, list[models.WindowNet]]:
    """The nets of windows that this role may see, by cooperative."""
    row = models.WindowNet
    query = (
        select(row)
        .where(row.window_id.in_(list(window_ids)))
        .order_by(row.cooperative_id)
        .execution_options(populate_existing=True)
    )
    found: dict[str, list[models.WindowNet]] = {one: [] for one in window_ids}
    for net in session.scalars(query):
        found[net.window_id].append(net)
    return found


def lock(session: Session, window_ids: Sequence[str]) -> list[models.Window]:
    """Windows, held until the transaction ends, in the order of their ids."""
    query = (
        select(models.Window)
        .where(models.Window.id.in_(list(window_ids)))
        .order_by(models.Window.id)
        .with_for_update()
    )
    return list(session.scalars(query))


def differing(session: Session, window_ids: Sequence[str]) -> list[str]:
    """The windows whose nets are not those of their entries, or do not sum to zero.

    Everything is counted again from the entries, in SQL.
    """
    rows = session.execute(
        text(
            "WITH moved AS ("
            " SELECT window_id, payer_cooperative_id AS cooperative_id, "
            "  amount AS net, 1 AS paid, 0 AS received "
            " FROM window_entries WHERE window_id = ANY(:ids) "
            " UNION ALL "
            " SELECT window_id, payee_cooperative_id, -amount, 0, 1 "
            " FROM window_entries WHERE window_id = ANY(:ids)), "
            "counted AS ("
            " SELECT window_id, cooperative_id, sum(net) AS net, "
            "  sum(paid) AS paid, sum(received) AS received "
            " FROM moved GROUP BY window_id, cooperative_id), "
            "running AS (SELECT window_id, cooperative_id, net, paid_count, "
            "  received_count FROM window_nets WHERE window_id = ANY(:ids)) "
            "SELECT window_id FROM counted FULL JOIN running "
            " USING (window_id, cooperative_id) "
            "WHERE counted.net IS DISTINCT FROM running.net "
            " OR counted.paid IS DISTINCT FROM running.paid_count "
            " OR counted.received IS DISTINCT FROM running.received_count "
            "UNION "
            "SELECT window_id FROM running GROUP BY window_id HAVING sum(net) <> 0"
        ),
        {"ids": list(window_ids)},
    )
    return sorted(rows.scalars())


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One transfer of a window, as a proof shows it."""

    sequence: int
    transfer_id: str
    payer_cooperative_id: str
    payee_cooperative_id: str
    amount: int


def load_entries(
    session: Session, window_ids: Sequence[str], *, after: int, limit: int
) -> list[Entry]:
    """Entries of windows in the order of their sequence numbers.

    Windows follow one another in these numbers, so this is also window after window.
    """
    rows = session.execute(
        text(
            "SELECT sequence, transfer_id, payer_cooperative_id, "
            " payee_cooperative_id, amount FROM window_entries "
            "WHERE window_id = ANY(:ids) AND sequence > :after "
            "ORDER BY sequence LIMIT :limit"
        ),
        {"ids": list(window_ids), "after": after, "limit": limit},
    )
    return [Entry(**row) for row in rows.mappings()]
