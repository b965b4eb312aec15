"""Sending money back: a transfer in the other direction, tied to its original.

The original counts what was returned of it, in the transaction that stores the return,
and PostgreSQL refuses a count above its amount: no number of returns, however they
race, gives back more than was paid.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.shared import clock, identifiers
from services.shared.contracts import transfers as contract
from services.shared.errors import (
    IdempotencyKeyReused,
    NotFound,
    RequestInProgress,
    ServiceError,
)
from services.shared.persistence.database import Database, retrying
from services.transfers.domain import transfer
from services.transfers.domain.limits import Ruling
from services.transfers.domain.participants import Participant
from services.transfers.domain.peers import Ledger
from services.transfers.domain.transfer import Transfer
from services.transfers.operations import answers, intake, submission
from services.transfers.operations.intake import Draft
from services.transfers.store import participants as participant_store
from services.transfers.store import transfers as store
from services.transfers.store.transfers import Request


def return_transfer(
    database: Database,
    ledger: Ledger,
    command: dict[str, Any],
    *,
    cooperative_id: str,
    request_id: str,
) -> dict[str, Any]:
    """Give all or part of a committed transfer back to its payer, by the payee's side.

    Raises NotFound unless the caller's cooperative was paid by it, and the refusals of
    a transfer; these are remembered for the key like any other outcome.
    """
    made, is_replayed = _take_in(database, command, cooperative_id, request_id)
    if made.state == transfer.RECEIVED:
        part = command["idempotency"]
        identity = (cooperative_id, part["operation"], part["key"])
        done = submission.drive_or_leave(
            database, ledger, [made], requests={made.subject_id: identity}
        )
        made = done[made.id]
    answer = answers.replayed(answers.submitted(made), is_replayed=is_replayed)
    if isinstance(answer, ServiceError):
        raise answer
    return answer


@retrying
def _take_in(
    database: Database, command: dict[str, Any], cooperative_id: str, request_id: str
) -> tuple[Transfer, bool]:
    part = command["idempotency"]
    request = Request(
        cooperative_id=cooperative_id,
        operation=part["operation"],
        key=part["key"],
        request_hash=part["request_hash"],
        subject_id=identifiers.new("trf"),
        request_id=request_id,
    )
    with database.hub() as session:
        if not store.add_requests(session, [request]):
            return _repeated(session, request), True
        original = store.load_locked(session, command["transfer_id"])
        if original is None or original.payee_cooperative_id != cooperative_id:
            raise NotFound
        if original.state != transfer.COMMITTED and original.reserved_at is None:
            # Until it was reserved or committed it was none of the payee's business.
            raise NotFound
        made = _judged(session, original, command, request)
        store.add(session, [made])
        if made.state == transfer.RECEIVED:
            store.change_returned(session, original.id, made.amount)
        return made, False


def _repeated(session: Session, request: Request) -> Transfer:
    stored = store.find_requests(session, [request.identity]).get(request.identity)
    if stored is None:
        # Withdrawn between our two looks; whoever repeats again begins anew.
        raise RequestInProgress
    if stored.request_hash != request.request_hash:
        raise IdempotencyKeyReused
    made = store.load(session, [stored.subject_id])[stored.subject_id]
    if made.state == transfer.RECEIVED:
        if intake.is_still_running(stored, request.request_id):
            raise RequestInProgress
        store.claim(session, [made.id])
    return made


def _judged(
    session: Session, original: Transfer, command: dict[str, Any], request: Request
) -> Transfer:
    """The return: received, or aborted at once with the code of its refusal."""
    left = original.amount - original.returned_amount
    amount = command.get("amount") or left or original.amount
    draft = Draft(
        payer_account=original.payee_account,
        payee_account=original.payer_account,
        amount=amount,
        description=command["reason"],
    )
    payer, payee = _sides(session, original)
    made = intake.new_transfer(
        Ruling(payer=payer, payee=payee), draft, request.request_id
    )
    made.id, made.kind = request.subject_id, transfer.RETURN
    made.original_id, made.reason = original.id, command["reason"]
    made.business_date = clock.business_date()
    made.created_at = store.database_now(session)
    made.code = _refusal(original, amount, left, payer, payee)
    if made.code is not None:
        made.state, made.finished_at = transfer.ABORTED, made.created_at
    return made


def _sides(session: Session, original: Transfer) -> tuple[Participant, Participant]:
    """Payer and payee of the return, under the modes they have now."""
    assert original.payee_cooperative_id is not None  # noqa: S101
    ids = {original.payee_cooperative_id, original.payer_cooperative_id}
    concerned = {
        one.cooperative_id: one
        for one in participant_store.load_concerned(session, ids=ids, codes=())
    }
    return (
        concerned[original.payee_cooperative_id],
        concerned[original.payer_cooperative_id],
    )


def _refusal(
    original: Transfer, amount: int, left: int, payer: Participant, payee: Participant
) -> str | None:
    """No agreement and no daily limit is asked for: money that came may go back."""
    if original.kind == transfer.RETURN or original.state != transfer.COMMITTED:
        return contract.TransferNotReturnable.code
    if amount > left:
        return contract.ReturnExceedsOriginal.code
    if payer is not payee and not (payer.is_active and payee.is_active):
        return contract.ParticipantSuspendedError.code
    return None
