"""Sending what is due to the systems of cooperatives, again and again until it is late.

How it is sent: `services/shared/outbound/sending.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any, Final

from services.shared.crypto import FieldCipher, Undecryptable
from services.shared.outbound import sending
from services.shared.outbound.messages import Attempt
from services.shared.persistence.database import Database
from services.transfers.domain.callbacks import Callback
from services.transfers.domain.peers import CallbackSender
from services.transfers.operations import participants
from services.transfers.store import callbacks as store

LEASE_SECONDS: Final = 30.0
"""Longer than sending a message can take."""

EACH_MAX: Final = 4
"""Messages that are on their way to one cooperative at a time."""

_log = logging.getLogger(__name__)


def send_due(
    database: Database,
    sender: CallbackSender,
    cipher: FieldCipher,
    *,
    busy_seconds: float = sending.BUSY_SECONDS,
) -> int:
    """Send what is due or becomes due meanwhile, once; how many messages there were."""

    def claim(limit: int, passing_by: Collection[str]) -> list[Callback]:
        return _claim(database, cipher, limit, passing_by)

    def record(attempts: list[tuple[Callback, Attempt]]) -> None:
        _record(database, attempts)

    return sending.send_due(claim, sender.send, record, busy_seconds=busy_seconds)


def _claim(
    database: Database, cipher: FieldCipher, limit: int, passing_by: Collection[str]
) -> list[Callback]:
    """What is to be sent now, beside what is on its way."""
    with database.hub() as session:
        store.give_up_overdue(session)
        rows = store.claim_due(
            session,
            lease_seconds=LEASE_SECONDS,
            limit=limit,
            each=EACH_MAX,
            passing_by=passing_by,
        )
        return [made for row in rows if (made := _callback(row, cipher)) is not None]


def _record(database: Database, attempts: list[tuple[Callback, Attempt]]) -> None:
    with database.hub() as session:
        for callback, attempt in attempts:
            store.record_attempt(session, callback.id, callback.attempts, attempt)


def _callback(row: dict[str, Any], cipher: FieldCipher) -> Callback | None:
    """The message in a row; None when it cannot be signed, which stops no other."""
    cooperative_id: str = row["cooperative_id"]
    try:
        secret = cipher.decrypt(
            bytes(row["callback_secret"]), participants.secret_place(cooperative_id)
        )
    except Undecryptable:
        _log.error("the callback secret of %s does not decrypt", cooperative_id)
        return None
    return Callback(
        id=row["id"],
        transfer_id=row["transfer_id"],
        cooperative_id=cooperative_id,
        url=row["callback_url"],
        secret=secret.decode(),
        body=row["body"],
        attempts=row["attempts"],
    )
