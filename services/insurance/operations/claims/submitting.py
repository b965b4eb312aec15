"""How a claim goes to the insurer, and how it is taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.insurance.domain import claims, policies
from services.insurance.operations.claims import deciding, views
from services.insurance.operations.claims.views import found
from services.insurance.operations.desk import Desk
from services.insurance.store import claims as store
from services.shared import clock
from services.shared.contracts.insurance import claims as contract
from services.shared.identity import Actor
from services.shared.persistence import trail
from services.shared.persistence.database import Database, retrying


def submit_claim(desk: Desk, actor: Actor, claim_id: str) -> dict[str, Any]:
    """The claim goes to the insurer, at once if it answers, and else by the sweep.

    Again changes nothing. Raises ClaimIncomplete, ClaimTooLate, ClaimNotOpen.
    """
    _begin(desk.database, actor, claim_id)
    deciding.carry_on(desk, actor.cooperative_id, claim_id)
    return views.get_claim(desk.database, actor.cooperative_id, claim_id)


@retrying
def withdraw_claim(database: Database, actor: Actor, claim_id: str) -> dict[str, Any]:
    """The claim is taken back; what the insurer has, it is told by the sweep.

    Again changes nothing. Raises ClaimNotOpen for one that is decided.
    """
    with database.tenant(actor.cooperative_id) as session:
        claim = found(store.lock_claim(session, claim_id))
        if claim.status == claims.DRAFT:
            claim.status = claims.WITHDRAWN
        elif claim.status in claims.WITHDRAWABLE:
            claim.status = claims.WITHDRAWING
            claim.attempts, claim.due_at = 0, clock.now()
        elif claim.status in {claims.WITHDRAWING, claims.WITHDRAWN}:
            return views.answer(session, claim)
        else:
            raise contract.ClaimNotOpen
        session.flush()
        trail.note(session, actor, "claim.withdrawn", claim.id)
        return views.answer(session, claim)


@retrying
def _begin(database: Database, actor: Actor, claim_id: str) -> None:
    with database.tenant(actor.cooperative_id) as session:
        claim = found(store.lock_claim(session, claim_id))
        if claim.status in {claims.WITHDRAWING, claims.WITHDRAWN, claims.LAPSED}:
            raise contract.ClaimNotOpen
        if claim.status != claims.DRAFT:
            return
        missing = views.missing_of(session, claim, views.policy_of(session, claim))
        if missing or not claim.claimed_amount:
            raise _incomplete(missing)
        if clock.business_date() > claim.deadline_on:
            raise contract.ClaimTooLate
        now = clock.now()
        claim.status, claim.submitted_at = claims.SUBMITTING, now
        claim.attempts = 0
        claim.due_at = now + timedelta(seconds=policies.HELD_SECONDS)
        session.flush()
        trail.note(session, actor, "claim.submitted", claim.id)


def _incomplete(missing: list[str]) -> contract.ClaimIncomplete:
    code = contract.ClaimIncomplete.code
    errors = [{"field": "documents", "code": code, "detail": kind} for kind in missing]
    return contract.ClaimIncomplete(details={"errors": errors})
