"""What insurers that have paid may recover, and what was recovered for them."""

from __future__ import annotations

from typing import Any

from services.insurance.store import subrogations as store
from services.insurance.store.subrogations import Recoverable
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts.insurance import subrogations as contract
from services.shared.errors import IdempotencyKeyReused, NotFound
from services.shared.identity import Actor
from services.shared.persistence import trail
from services.shared.persistence.database import Database, retrying


@retrying
def record_recovery(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Money that came back, once per reference.

    Raises RecoveryTooLarge for more than the insurer has paid, IdempotencyKeyReused for
    a reference that stands for another amount.
    """
    reference, amount = command["recovery_reference"], command["amount"]
    with database.tenant(actor.cooperative_id) as session:
        row = store.lock_of_claim(session, command["claim_id"])
        if row is None:
            raise NotFound("There is no such subrogation.")
        subrogation = row.subrogation
        known = store.find_recovery(session, reference)
        if known is not None:
            if (known.subrogation_id, known.amount) != (subrogation.id, amount):
                raise IdempotencyKeyReused
            return _answer(row)
        if subrogation.recovered_amount + amount > subrogation.amount:
            raise contract.RecoveryTooLarge
        subrogation.recovered_amount += amount
        store.add_recovery(
            session,
            cooperative_id=actor.cooperative_id,
            reference=reference,
            subrogation_id=subrogation.id,
            amount=amount,
            recovered_on=command["recovered_on"],
            recorded_at=clock.now(),
        )
        trail.note(
            session,
            actor,
            "subrogation.recovered",
            subrogation.id,
            after={"amount": amount},
        )
        return _answer(row)


def list_subrogations(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The subrogations of the cooperative in the order their claims were paid."""
    owner, limit = f"subrogations {cooperative_id}", command["limit"]
    with database.tenant(cooperative_id) as session:
        rows = store.list_subrogations(
            session, after=answers.position(owner, command["cursor"]), limit=limit + 1
        )
    shown, next_cursor = answers.cut(
        owner, [row.subrogation for row in rows], limit=limit, key="id"
    )
    items = [_answer(row) for row in rows[: len(shown)]]
    return {"items": items, "next_cursor": next_cursor}


def _answer(row: Recoverable) -> dict[str, Any]:
    subrogation = row.subrogation
    return answers.one(
        contract.Subrogation(),
        {
            "id": subrogation.id,
            "claim_id": subrogation.claim_id,
            "policy_id": row.policy_id,
            "reference": row.reference,
            "amount": subrogation.amount,
            "recovered_amount": subrogation.recovered_amount,
            "created_at": subrogation.created_at,
        },
    )
