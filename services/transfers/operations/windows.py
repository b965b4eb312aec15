"""Settlement windows: closing the open one, and looking at any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from services.shared import identifiers
from services.shared.contracts import transfers as contract
from services.shared.errors import InvariantViolated, NotFound
from services.shared.identity import HUB, Identity
from services.shared.persistence import idempotency, outbox
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.idempotency import IdempotencyScope
from services.transfers import models
from services.transfers.operations import answers
from services.transfers.store import windows as store


@retrying
def close_window(database: Database, command: dict[str, Any]) -> dict[str, Any]:
    """Close the open window and open the next, in one short transaction.

    It waits for the batches that are committing into the window and they for nothing:
    the nets are there already, so there is nothing to add up.
    """
    scope = IdempotencyScope.of(HUB, command.get("idempotency"))
    with database.hub() as session:
        return idempotency.run_once(
            session, scope=scope, operation=lambda: _close(session)
        )


def _close(session: Session) -> dict[str, Any]:
    closed_id = store.close_open(session)
    open_id = identifiers.new("win")
    store.open_next(session, open_id, closed_id=closed_id)
    closed, opened = load_windows(session, [closed_id, open_id])
    outbox.add(
        session,
        contract.SETTLEMENT_WINDOW_CLOSED,
        {
            "window_id": closed_id,
            "closed_at": closed["closed_at"],
            "transfer_count": closed["transfer_count"],
            "nets": closed["nets"],
        },
    )
    return {"closed": closed, "open": opened}


def load_windows(session: Session, window_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Windows as answers, in the order asked for."""
    nets = store.load_nets(session, window_ids)
    found = []
    for window_id in window_ids:
        row = store.find(session, window_id)
        if row is None:
            raise InvariantViolated(f"window {window_id} is gone")
        found.append(answer(row, nets[window_id]))
    return found


def get_window(
    database: Database, window_id: str, *, reader: Identity
) -> dict[str, Any]:
    """One window; a cooperative sees its own net and its own count."""
    with _opened(database, reader) as session:
        row = store.find(session, window_id)
        if row is None:
            raise NotFound
        nets = store.load_nets(session, [window_id])[window_id]
    return _shown(row, nets, reader)


def list_windows(
    database: Database, command: dict[str, Any], *, reader: Identity
) -> dict[str, Any]:
    """Windows, newest first."""
    before = answers.decode_cursor(command["cursor"], 1)
    limit = command["limit"]
    with _opened(database, reader) as session:
        rows = store.list_page(
            session,
            state=command["state"],
            before_id=before[0] if before else None,
            limit=limit + 1,
        )
        nets = store.load_nets(session, [row.id for row in rows])
    return answers.page(
        [_shown(row, nets[row.id], reader) for row in rows],
        limit=limit,
        keys=[(row.id,) for row in rows],
    )


def _opened(database: Database, reader: Identity) -> Any:
    if reader.is_operator:
        return database.hub()
    return database.tenant(reader.cooperative_id)


def answer(row: models.Window, nets: Sequence[models.WindowNet]) -> dict[str, Any]:
    """A window as the operator sees it."""
    return {
        "id": row.id,
        "state": row.state,
        "opened_at": answers.moment(row.opened_at),
        "closed_at": answers.moment(row.closed_at),
        "transfer_count": sum(net.paid_count for net in nets),
        "nets": [
            {"cooperative_id": net.cooperative_id, "net": net.net} for net in nets
        ],
        "settlement_id": row.settlement_id,
    }


def _shown(
    row: models.Window, nets: Sequence[models.WindowNet], reader: Identity
) -> dict[str, Any]:
    shown = answer(row, nets)
    if not reader.is_operator:
        shown["transfer_count"] = sum(
            net.paid_count + net.received_count for net in nets
        )
    return shown
