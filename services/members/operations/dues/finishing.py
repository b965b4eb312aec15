"""How contributions that somebody began or cancelled, and left, come to an end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from services.members.domain import dues
from services.members.domain.peers import Ledger
from services.members.models import Contribution
from services.members.operations.dues import cancelling, recording
from services.members.store import dues as store
from services.shared import clock
from services.shared.errors import RefusedError
from services.shared.persistence import sweeping
from services.shared.persistence.database import Database

LEFT_BEHIND: Final = timedelta(seconds=15)
"""How old a contribution is before the sweep thinks that nobody works on it."""

_log = logging.getLogger(__name__)


def sweep(database: Database, ledger_of: Callable[[str], Ledger]) -> None:
    """Carry on with contributions that somebody began or cancelled and did not finish.

    What one of them meets with keeps no other from its turn.
    """
    with database.hub() as session:
        left = [
            *store.left_posting(session, clock.now() - LEFT_BEHIND),
            *store.left_cancelling(session),
        ]
    known = {one.id: one for one in left}

    def carry_on(cooperative_id: str, contribution_id: str) -> None:
        finish(database, ledger_of(cooperative_id), known[contribution_id])

    due = [(one.cooperative_id, one.id) for one in left]
    sweeping.one_by_one(_log, "contribution", due, carry_on)


def finish_of_member(
    database: Database, ledger: Ledger, cooperative_id: str, member_id: str
) -> None:
    """Bring what is under way for one member to its end, refused or not."""
    with database.tenant(cooperative_id) as session:
        left = store.left_unfinished_of(session, member_id)
    for one in left:
        finish(database, ledger, one)


def finish(database: Database, ledger: Ledger, contribution: Contribution) -> None:
    """Post a contribution, or pay it back; safe to repeat."""
    is_cancelling = contribution.state == dues.CANCELLING
    carry_on = cancelling.finish if is_cancelling else recording.settle
    try:
        carry_on(database, ledger, contribution.cooperative_id, contribution.id)
    except RefusedError as error:
        # Refused is an end as well; whoever asks is told.
        _log.info("contribution %s is refused: %s", contribution.id, error.code)
