"""What clearing does when the register of cooperatives tells it something."""

from __future__ import annotations

from typing import Any

from services.shared.contracts import transfers as contract
from services.shared.persistence import inbox, outbox
from services.shared.persistence.database import Database, retrying
from services.transfers.domain import participants
from services.transfers.store import participants as store


@retrying
def cooperative_activated(
    database: Database, event_id: str, payload: dict[str, Any]
) -> None:
    """A newly active cooperative takes part, with no right to owe anything yet."""
    with database.hub() as session:
        if inbox.first_time(
            session, "transfers.on_members_cooperative_activated", event_id
        ):
            store.add_new(
                session,
                cooperative_id=payload["cooperative_id"],
                code=payload["code"],
            )


@retrying
def cooperative_deactivated(
    database: Database, event_id: str, payload: dict[str, Any]
) -> None:
    """A deactivated cooperative is suspended; what is in flight finishes."""
    cooperative_id = payload["cooperative_id"]
    with database.hub() as session:
        if not inbox.first_time(
            session, "transfers.on_members_cooperative_deactivated", event_id
        ):
            return
        if store.set_status(session, cooperative_id, participants.SUSPENDED):
            suspended = {"cooperative_id": cooperative_id}
            outbox.add(session, contract.PARTICIPANT_SUSPENDED, suspended)
