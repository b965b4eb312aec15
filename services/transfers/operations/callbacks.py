"""Sending what is due to the systems of cooperatives, again and again until it is late.

Claimed in one transaction, sent outside of any, recorded in another. A sender that dies
leaves nothing but a lease that runs out.
"""

from __future__ import annotations

from typing import Any, Final

from services.shared.crypto import FieldCipher, Undecryptable
from services.shared.errors import InvariantViolated
from services.shared.persistence.database import Database
from services.transfers.domain.callbacks import Callback
from services.transfers.domain.peers import CallbackSender
from services.transfers.operations import participants
from services.transfers.store import callbacks as store

LEASE_SECONDS: Final = 30.0
"""Longer than sending a whole batch can take."""

BATCH: Final = 16


def send_due(database: Database, sender: CallbackSender, cipher: FieldCipher) -> int:
    """Send what is due once and note how it went; how many messages there were."""
    with database.hub() as session:
        store.give_up_overdue(session)
        rows = store.claim_due(session, lease_seconds=LEASE_SECONDS, limit=BATCH)
    due = [_callback(row, cipher) for row in rows]
    if not due:
        return 0
    attempts = sender.send(due)
    with database.hub() as session:
        for callback, attempt in zip(due, attempts, strict=True):
            store.record_attempt(session, callback.id, callback.attempts, attempt)
    return len(due)


def _callback(row: dict[str, Any], cipher: FieldCipher) -> Callback:
    cooperative_id: str = row["cooperative_id"]
    try:
        secret = cipher.decrypt(
            bytes(row["callback_secret"]), participants.secret_place(cooperative_id)
        )
    except Undecryptable as fault:
        message = f"the callback secret of {cooperative_id} does not decrypt"
        raise InvariantViolated(message) from fault
    return Callback(
        id=row["id"],
        transfer_id=row["transfer_id"],
        cooperative_id=cooperative_id,
        url=row["callback_url"],
        secret=secret.decode(),
        body=row["body"],
        attempts=row["attempts"],
    )
