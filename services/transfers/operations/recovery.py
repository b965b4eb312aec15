"""What becomes of transfers that nobody drives on any more: nothing stays for ever.

Run by a timer in every process of this service; they share the work by skipping each
other's locks. Covers every state that is not terminal, whoever left it behind.
"""

from __future__ import annotations

import logging
from typing import Final

from services.shared.persistence.database import Database
from services.transfers.domain.peers import Ledger
from services.transfers.operations import drive
from services.transfers.store import transfers as store

STUCK_SECONDS: Final = 5.0
"""How long after its last attempt a transfer is taken to be abandoned."""

ALARM_SECONDS: Final = 60.0
"""How old, past its expiry if it has one, a transfer may become before it is news."""

_BATCH: Final = 500
_LISTED: Final = 20

_log = logging.getLogger(__name__)


def recover(
    database: Database,
    ledger: Ledger,
    *,
    stuck_seconds: float = STUCK_SECONDS,
    reserved_seconds: float = drive.RESERVED_SECONDS,
) -> int:
    """Drive on what is stuck or expired; how many transfers got their outcome."""
    with database.hub() as session:
        stuck = store.claim_stuck(session, age_seconds=stuck_seconds, limit=_BATCH)
    if not stuck:
        return 0
    done = drive.drive(database, ledger, stuck, reserved_seconds=reserved_seconds)
    finished = sum(one.is_terminal for one in done.values())
    _log.info("recovered %d of %d transfers", finished, len(stuck))
    return finished


def alarm_overdue(
    database: Database, *, alarm_seconds: float = ALARM_SECONDS
) -> list[str]:
    """Log the transfers that recovery has not helped, and return their ids."""
    with database.hub() as session:
        found = store.overdue(session, alarm_seconds, _LISTED)
    for transfer_id, state in found:
        _log.error("transfer %s is overdue in state %s", transfer_id, state)
    return [transfer_id for transfer_id, _ in found]
