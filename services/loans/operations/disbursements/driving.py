"""How a payout is taken from state to state, by whoever asked for it or by the sweep.

One worker at a time: who works on an attempt has it until its ``due_at``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from services.loans.domain import disbursements as domain
from services.loans.domain.guarantees import Holds
from services.loans.domain.peers import Asked
from services.loans.models import Disbursement
from services.loans.operations.disbursements import posting, reserving
from services.loans.operations.disbursements.beginning import (
    begin,
    begun_before,
    find_out,
)
from services.loans.operations.disbursements.views import answer
from services.loans.operations.disbursements.work import PATIENCE, Work
from services.loans.store import disbursements as store
from services.shared import clock
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.insurance import policies as insurance_contract
from services.shared.contracts.loans import ApplicationNotReady
from services.shared.contracts.loans import disbursements as contract
from services.shared.contracts.loans import groups as groups_contract
from services.shared.contracts.loans import guarantees as guarantees_contract
from services.shared.errors import (
    InvariantViolated,
    OutcomeUnknown,
    RequestInProgress,
    ServiceError,
    UnavailableError,
)
from services.shared.identity import Actor, Identity
from services.shared.persistence import sweeping
from services.shared.persistence.database import Database, retrying

PAUSE_SECONDS_MAX: Final = 60
SWEEP_SIZE: Final = 20

_KINDS: Final[tuple[type[ServiceError], ...]] = (
    *ledger_contract.REFUSALS.values(),
    ledger_contract.InsufficientWalletBalance,
    ledger_contract.BookNotOpen,
    ledger_contract.FeeChanged,
    ledger_contract.FeeNotScheduled,
    insurance_contract.ProductNotOffered,
    insurance_contract.InsurerRefused,
    insurance_contract.InsurerUnavailable,
    guarantees_contract.GuaranteeShort,
    groups_contract.NotAnActiveMember,
)
REFUSALS: Final = {kind.code: kind for kind in _KINDS}
"""What is told under its own name; everything else as DisbursementRefused."""

AskedFor = Callable[[str], Asked]
HoldsFor = Callable[[str], Holds]
"""The other services, and the ledger's holds, in the name of one cooperative."""

_log = logging.getLogger(__name__)

_STEPS: Final[dict[str, Callable[[Work, Disbursement], None]]] = {
    domain.RESERVING: reserving.reserve,
    domain.POSTING: posting.post,
    domain.FINISHING: posting.finish,
    domain.UNDOING: reserving.undo,
}


def disburse(
    database: Database,
    asked: Asked,
    holds: Holds,
    actor: Actor,
    by: Identity,
    command: dict[str, Any],
) -> dict[str, Any]:
    """Pay a signed loan out to the member's savings.

    Raises ApplicationNotReady, SameProposer and OwnLoan for who may not,
    ApplicationIncomplete, NotNextInLine, InsufficientCash; then what ledger, insurer
    or guarantors refuse, which stands for this idempotency key: another try has
    another key. Raises OutcomeUnknown when the answer is still to come.
    """
    begun = begun_before(database, actor, command) or _begun(
        database, asked, actor, by, command
    )
    cooperative_id, disbursement_id = actor.cooperative_id, begun["disbursement_id"]
    if not begun.get("replayed"):
        return carry_on(database, asked, holds, cooperative_id, disbursement_id)
    if _take_over(database, cooperative_id, disbursement_id):
        told = carry_on(database, asked, holds, cooperative_id, disbursement_id)
    else:
        row = _read(Work(database, asked, holds, cooperative_id), disbursement_id)
        if row.status in {domain.RESERVING, domain.POSTING}:
            raise RequestInProgress
        # It is decided; whoever tidies up is not in the way of telling so.
        told = _told(database, row)
    return told | {"replayed": True}


def _begun(
    database: Database,
    asked: Asked,
    actor: Actor,
    by: Identity,
    command: dict[str, Any],
) -> dict[str, Any]:
    """The attempt; replayed when the same request has begun it just now."""
    try:
        found_out = find_out(database, asked, actor, command)
    except ApplicationNotReady:
        begun = begun_before(database, actor, command)
        if begun is None:
            raise
        return begun
    return begin(database, actor, by, command, found_out)


def carry_on(
    database: Database,
    asked: Asked,
    holds: Holds,
    cooperative_id: str,
    disbursement_id: str,
) -> dict[str, Any]:
    """Take an attempt to its end, from wherever it is; safe to repeat.

    Whoever calls has it for themselves until its ``due_at``. Raises why it was
    refused, and OutcomeUnknown while that cannot be known.
    """
    work = Work(database, asked, holds, cooperative_id)
    try:
        row = _driven(work, disbursement_id)
        if row.refusal is None:
            return _told(database, row)
    except UnavailableError as error:
        # It is stored, so somebody will carry it on: not "nothing was done".
        raise OutcomeUnknown from error
    raise _refusal_of(row.refusal)


def _told(database: Database, row: Disbursement) -> dict[str, Any]:
    """The answer on an attempt that is decided. Raises why it was refused."""
    if row.refusal is not None:
        raise _refusal_of(row.refusal)
    with database.tenant(row.cooperative_id) as session:
        return answer(store.shown(session, row.id))


def _driven(work: Work, disbursement_id: str) -> Disbursement:
    """The attempt once it is decided, and tidied up if that was possible."""
    while True:
        row = _read(work, disbursement_id)
        step = _STEPS.get(row.status)
        if step is None:
            return row
        try:
            step(work, row)
        except ServiceError as error:
            with suppress(ServiceError):
                _let_go(work, row)
            if row.status not in {domain.FINISHING, domain.UNDOING}:
                raise
            # Only the tidying is left: the sweep comes back to it.
            _log.info("disbursement %s: %s", row.id, error.code)
            return row


def finish_due(database: Database, asked_for: AskedFor, holds_for: HoldsFor) -> int:
    """Carry on what was left on its way; how many there were."""
    now = clock.now()
    with database.hub() as session:
        due = store.take_due(
            session, until=now, again_at=now + PATIENCE, limit=SWEEP_SIZE
        )

    def finish(cooperative_id: str, disbursement_id: str) -> None:
        carry_on(
            database,
            asked_for(cooperative_id),
            holds_for(cooperative_id),
            cooperative_id,
            disbursement_id,
        )

    return sweeping.one_by_one(_log, "disbursement", due, finish)


@retrying
def _take_over(database: Database, cooperative_id: str, disbursement_id: str) -> bool:
    """Whether nobody else is working on it, and the caller may."""
    with database.tenant(cooperative_id) as session:
        row = store.lock(session, disbursement_id)
        if row is None:
            raise InvariantViolated("a disbursement is never removed")
        if row.status not in domain.UNFINISHED:
            return True
        now = clock.now()
        if row.due_at > now:
            return False
        row.due_at, row.attempts = now + PATIENCE, row.attempts + 1
        return True


@retrying
def _let_go(work: Work, tried: Disbursement) -> None:
    """Let the next one try: at once the first time, and later every time."""
    with work.database.tenant(work.cooperative_id) as session:
        row = store.lock(session, tried.id)
        if row is not None and row.status in domain.UNFINISHED:
            seconds = min(2 ** min(row.attempts - 1, 10) - 1, PAUSE_SECONDS_MAX)
            row.due_at = clock.now() + timedelta(seconds=seconds)


def _read(work: Work, disbursement_id: str) -> Disbursement:
    with work.database.tenant(work.cooperative_id) as session:
        row = store.find(session, disbursement_id)
    if row is None:
        raise InvariantViolated("a disbursement is never removed")
    return row


def _refusal_of(stored: dict[str, Any]) -> ServiceError:
    """The refusal as it was given first, so that a repetition gets the same."""
    code, message, details = stored["code"], stored["message"], stored["details"]
    kind = REFUSALS.get(code)
    if kind is not None:
        return kind(message, details)
    return contract.DisbursementRefused(message, details | {"code": code})
