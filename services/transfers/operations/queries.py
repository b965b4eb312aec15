"""Reading transfers as the tenant: row-level security decides what it sees."""

from __future__ import annotations

from typing import Any

from services.shared.errors import NotFound
from services.shared.persistence.database import Database
from services.transfers.operations import answers
from services.transfers.store import transfers as store
from services.transfers.store.transfers import Filter


def get_transfer(
    database: Database, transfer_id: str, *, cooperative_id: str
) -> dict[str, Any]:
    """One transfer that the cooperative pays or is paid. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        found = store.load(session, [transfer_id])
    if transfer_id not in found:
        raise NotFound
    return answers.details(found[transfer_id])


def find_transfer(
    database: Database, *, cooperative_id: str, operation: str, key: str
) -> dict[str, Any]:
    """The transfer that was asked for with this key. Raises NotFound."""
    identity = (cooperative_id, operation, key)
    with database.hub() as session:
        request = store.find_requests(session, [identity]).get(identity)
    if request is None:
        raise NotFound
    return get_transfer(database, request.subject_id, cooperative_id=cooperative_id)


def list_transfers(
    database: Database, command: dict[str, Any], *, cooperative_id: str
) -> dict[str, Any]:
    """The cooperative's transfers, newest first, of one account or all."""
    limit = command["limit"]
    wanted = Filter(
        account=command["account"],
        since=answers.bound(command["from"], "from", is_end=False),
        until=answers.bound(command["to"], "to", is_end=True),
        before=answers.decode_moment_cursor(command["cursor"]),
    )
    with database.tenant(cooperative_id) as session:
        rows = store.list_page(session, wanted, limit + 1)
    return answers.page(
        [answers.details(one) for one in rows],
        limit=limit,
        keys=[(one.created_at.isoformat(), one.id) for one in rows],
    )
