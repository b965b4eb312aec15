"""The answers of cooperatives with their own core system: accept, reject, or silence.

The answer is recorded first, in one guarded statement on the database's clock; then the
hold is resolved. An accepted transfer therefore commits even if everything is killed
right after: the sweeper sees the decision and carries on.
"""

from __future__ import annotations

from typing import Any

from services.shared.contracts import transfers as contract
from services.shared.errors import ConflictError, NotFound
from services.shared.persistence.database import Database, retrying
from services.transfers.domain import transfer
from services.transfers.domain.peers import Ledger
from services.transfers.domain.transfer import Transfer
from services.transfers.operations import answers, submission
from services.transfers.store import transfers as store


def accept_transfer(
    database: Database, ledger: Ledger, transfer_id: str, *, cooperative_id: str
) -> dict[str, Any]:
    """Take a reserved payment; final.

    Raises AnsweredTooLate after its expiry, TransferAlreadyAnswered after a rejection,
    NotFound unless the payment is to the caller's cooperative.
    """
    return _answer(
        database, ledger, transfer_id, cooperative_id, transfer.ACCEPT, reason=None
    )


def reject_transfer(
    database: Database,
    ledger: Ledger,
    transfer_id: str,
    *,
    cooperative_id: str,
    reason: str,
) -> dict[str, Any]:
    """Do not take a reserved payment; the payer's money is free again."""
    return _answer(
        database, ledger, transfer_id, cooperative_id, transfer.REJECT, reason=reason
    )


def _answer(
    database: Database,
    ledger: Ledger,
    transfer_id: str,
    cooperative_id: str,
    decision: str,
    *,
    reason: str | None,
) -> dict[str, Any]:
    decided = _decide(database, transfer_id, cooperative_id, decision, reason)
    if not decided.is_terminal:
        decided = submission.drive_or_leave(database, ledger, [decided])[decided.id]
    if not decided.is_terminal:
        raise contract.TransferPending(details={"transfer_id": decided.id})
    return answers.details(decided)


@retrying
def _decide(
    database: Database,
    transfer_id: str,
    cooperative_id: str,
    decision: str,
    reason: str | None,
) -> Transfer:
    """The transfer with this decision on it, newly or from before."""
    with database.hub() as session:
        decided = store.decide(
            session,
            transfer_id,
            cooperative_id=cooperative_id,
            decision=decision,
            reason=reason,
        )
        found = decided or store.load_locked(session, transfer_id)
        if found is None or found.payee_cooperative_id != cooperative_id:
            raise NotFound
        if decided is not None or found.decision == decision:
            return found
        raise _too_late_or_other(found)


def _too_late_or_other(found: Transfer) -> ConflictError:
    """Why a second or a late answer does not count."""
    if found.reserved_at is None:
        return contract.TransferNotReserved()
    if found.decision in (None, transfer.EXPIRE):
        return contract.AnsweredTooLate()
    return contract.TransferAlreadyAnswered()
