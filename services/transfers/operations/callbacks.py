"""Sending what is due to the systems of cooperatives, again and again until it is late.

Claimed in one transaction, sent outside of any, recorded in another. A sender that dies
leaves nothing but a lease that runs out. A few messages at a time for each cooperative,
and more as these are done: whose system hangs delays nobody but itself.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Final

from services.shared.crypto import FieldCipher, Undecryptable
from services.shared.persistence.database import Database
from services.transfers.domain.callbacks import Attempt, Callback
from services.transfers.domain.peers import CallbackSender
from services.transfers.operations import participants
from services.transfers.store import callbacks as store

LEASE_SECONDS: Final = 30.0
"""Longer than sending a message can take."""

CONCURRENT_MAX: Final = 16
EACH_MAX: Final = 4
"""Messages that are on their way at a time: in all, and to one cooperative."""

BUSY_SECONDS: Final = 5.0
"""How long new messages are begun before the timer has its turn again."""

LOOK_SECONDS: Final = 0.5

_log = logging.getLogger(__name__)


def send_due(
    database: Database,
    sender: CallbackSender,
    cipher: FieldCipher,
    *,
    busy_seconds: float = BUSY_SECONDS,
) -> int:
    """Send what is due or becomes due meanwhile, once; how many messages there were."""
    until = time.monotonic() + busy_seconds
    sent = 0
    sending: dict[Future[Attempt], Callback] = {}
    with ThreadPoolExecutor(max_workers=CONCURRENT_MAX) as pool:
        while True:
            if len(sending) < CONCURRENT_MAX and time.monotonic() < until:
                for callback in _claim(database, cipher, sending.values()):
                    sending[pool.submit(sender.send, callback)] = callback
            if not sending:
                return sent
            done, _ = wait(sending, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            attempts = [(sending.pop(one), one.result()) for one in done]
            _record(database, attempts)
            sent += len(attempts)


def _claim(
    database: Database, cipher: FieldCipher, sending: Collection[Callback]
) -> list[Callback]:
    """What is to be sent now, beside what is on its way."""
    with database.hub() as session:
        store.give_up_overdue(session)
        rows = store.claim_due(
            session,
            lease_seconds=LEASE_SECONDS,
            limit=CONCURRENT_MAX - len(sending),
            each=EACH_MAX,
            passing_by={one.cooperative_id for one in sending},
        )
        return [made for row in rows if (made := _callback(row, cipher)) is not None]


def _record(database: Database, attempts: Iterable[tuple[Callback, Attempt]]) -> None:
    attempts = list(attempts)
    if not attempts:
        return
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
