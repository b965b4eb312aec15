"""Who reads, checks and takes over in the background: whoever has claimed the import.

A process that dies leaves a lease behind which ends by itself; the next one begins
where the last finished step ended.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final

from services.members.domain.peers import Ledger, Loans
from services.members.operations.imports import (
    batches as batch_rules,
)
from services.members.operations.imports import checking, reading, takeover
from services.members.operations.imports.leases import LEASE_SECONDS, LeaseLost, Work
from services.members.store.imports import batches
from services.members.store.imports.batches import Claimed
from services.shared import identifiers
from services.shared.errors import OutcomeUnknownError, UnavailableError
from services.shared.persistence.database import Database
from services.shared.settings import Settings

PAUSES_SECONDS: Final = (1, 5, 30, 120)
"""Between attempts when something that a step needs is away; the last goes on."""

ATTEMPTS_MAX: Final = 8
"""After so many without a step done, a person has to look at it."""

# From here on money may have been posted: such an import is finished, not given up.
_IRREVOCABLE: Final = frozenset({takeover.POSTING, takeover.LENDING, takeover.WRITING})

STEPS: Final[Mapping[str, Callable[[Work], None]]] = {
    reading.STAGE: reading.read,
    checking.STAGE: checking.check,
    takeover.RESERVING: takeover.reserve,
    takeover.NUMBERING: takeover.number,
    takeover.OPENING: takeover.open_accounts,
    takeover.POSTING: takeover.post,
    takeover.LENDING: takeover.lend,
    takeover.WRITING: takeover.write,
}

_log = logging.getLogger(__name__)


def work_on_imports(
    database: Database,
    settings: Settings,
    ledger_of: Callable[[str], Ledger],
    loans_of: Callable[[str], Loans],
) -> int:
    """Do what is to be done; how many imports were worked on.

    ``ledger_of`` and ``loans_of`` give those services in the name of a cooperative.
    """
    count = 0
    while True:
        lease = identifiers.new("lea")
        with database.hub() as session:
            claimed = batches.claim(session, lease, LEASE_SECONDS)
        if claimed is None:
            return count
        count += 1
        _work_on(
            Work(
                database=database,
                settings=settings,
                ledger=ledger_of(claimed.cooperative_id),
                loans=loans_of(claimed.cooperative_id),
                cooperative_id=claimed.cooperative_id,
                import_id=claimed.id,
                lease=lease,
            ),
            claimed,
        )


def _work_on(work: Work, claimed: Claimed) -> None:
    try:
        if claimed.attempts > ATTEMPTS_MAX and _give_up(work):
            return
        while (stage := _stage(work)) is not None:
            STEPS[stage](work)
    except LeaseLost:
        _log.info("import %s is worked on by somebody else", work.import_id)
    except (UnavailableError, OutcomeUnknownError) as fault:
        _log.warning("import %s has to wait: %s", work.import_id, fault)
        pause = PAUSES_SECONDS[min(claimed.attempts, len(PAUSES_SECONDS)) - 1]
        with work.database.hub() as session:
            batches.release(session, work.import_id, work.lease, pause)


def _stage(work: Work) -> str | None:
    """What is to be done next; None when a person has to decide."""
    with work.database.tenant(work.cooperative_id) as session:
        found = batches.find(session, work.import_id)
        if found is None or found.lease != work.lease:
            raise LeaseLost
        return found.stage


def _give_up(work: Work) -> bool:
    """End an attempt that gets nowhere, unless its money is on the way."""
    with work.database.tenant(work.cooperative_id) as session:
        found = batch_rules.found_import(batches.lock(session, work.import_id))
        if found.lease != work.lease or found.stage in _IRREVOCABLE | {None}:
            return False
        _log.error("import %s gets nowhere in %s", work.import_id, found.stage)
        state = "draft" if found.state == "validating" else "ready"
        batch_rules.come_to_rest(found, state, "internal_error")
        return True
