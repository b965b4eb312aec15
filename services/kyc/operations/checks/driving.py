"""How a check gets from the wish to its result, past every fault.

Each step (`steps.py`) reads where the check stands, does one thing outside of any
transaction, and records the outcome, guarded by the state it began from. Every one of
these things may be done twice: the ledger charges once per check and gives back once, a
vendor is asked under the same request id. So whoever dies anywhere is followed by
whoever looks next.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final

from services.kyc.domain import checks as domain
from services.kyc.operations.checks import steps
from services.kyc.operations.checks.desk import Desk, Run
from services.kyc.operations.people import Identity
from services.kyc.store import checks as store
from services.shared import clock
from services.shared.errors import NotFound, ServiceError
from services.shared.persistence.database import Database, retrying

LEASE: Final = timedelta(seconds=60)
"""Longer than all steps of a check can take together."""

AT_ONCE: Final = 8
STEPS_MAX: Final = 6

_log = logging.getLogger(__name__)


def carry_on(database: Database, desk_of: Callable[[str], Desk]) -> int:
    """Carry on with checks that were left on their way, several at a time; how many."""
    now = clock.now()
    with database.hub() as session:
        due = store.take_due(session, now=now, until=now + LEASE, limit=AT_ONCE)
    if due:
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            list(pool.map(lambda one: _drive_safely(desk_of(one[0]), one[1]), due))
    return len(due)


def drive(desk: Desk, check_id: str, identity: Identity | None = None) -> None:
    """Take every step that can be taken now. Raises NotFound."""
    with desk.database.tenant(desk.tenant) as session:
        check = store.find_check(session, check_id)
    if check is None:
        raise NotFound("There is no such check.")
    run = Run(desk=desk, check=check, known=identity)
    for _ in range(STEPS_MAX):
        step = steps.STEPS.get(run.check.status)
        if step is None:
            return
        try:
            moved = step(run)
        except ServiceError as fault:
            _rest(run, fault)
            return
        if moved is None:
            # Somebody else has taken this step, and takes the next.
            return
        run.check = moved


def _drive_safely(desk: Desk, check_id: str) -> None:
    """One check's fault, foreseen or not, is not the next one's."""
    try:
        drive(desk, check_id)
    except Exception:  # noqa: BLE001  a bug in one must not stop the others
        _log.exception("check %s rests", check_id)


@retrying
def _rest(run: Run, fault: ServiceError) -> None:
    """Nothing more can be done now: somebody looks again later."""
    check, attempts = run.check, run.check.attempts + 1
    _log.warning("check %s rests as %s: %s", check.id, check.status, fault.code)
    with run.desk.database.tenant(run.desk.tenant) as session:
        store.advance(
            session,
            check.id,
            check.status,
            attempts=attempts,
            due_at=clock.now() + domain.pause(attempts),
        )
