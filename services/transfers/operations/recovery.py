"""What becomes of transfers that nobody drives on any more: nothing stays for ever.

Run by a timer in every process of this service; they share the work by skipping each
other's locks. Covers every state that is not terminal, whoever left it behind.
"""

from __future__ import annotations

import logging
from typing import Final

from services.shared.errors import ServiceError
from services.shared.persistence.database import Database
from services.transfers.domain.peers import Ledger
from services.transfers.domain.transfer import Transfer
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
    finished = _drive(database, ledger, stuck, reserved_seconds)
    _log.info("recovered %d of %d transfers", finished, len(stuck))
    return finished


def _drive(
    database: Database, ledger: Ledger, stuck: list[Transfer], reserved_seconds: float
) -> int:
    """Drive on together, or in ever smaller parts; how many got their outcome.

    One transfer that cannot be recorded, for a reason that nobody foresaw, would else
    keep all those that were claimed with it from being recovered, each time anew.
    """
    try:
        done = drive.drive(database, ledger, stuck, reserved_seconds=reserved_seconds)
    except ServiceError:
        # Whatever is away, it is away for all of them.
        raise
    except Exception:  # noqa: BLE001 whatever it is, it is one transfer's
        _log.exception("%d transfers were not recovered together", len(stuck))
        if len(stuck) == 1:
            return 0
        middle = len(stuck) // 2
        parts = (stuck[:middle], stuck[middle:])
        return sum(_drive(database, ledger, one, reserved_seconds) for one in parts)
    return sum(one.is_terminal for one in done.values())


def alarm_overdue(
    database: Database, *, alarm_seconds: float = ALARM_SECONDS
) -> list[str]:
    """Log the transfers that recovery has not helped, and return their ids."""
    with database.hub() as session:
        found = store.overdue(session, alarm_seconds, _LISTED)
    for transfer_id, state in found:
        _log.error("transfer %s is overdue in state %s", transfer_id, state)
    return [transfer_id for transfer_id, _ in found]
