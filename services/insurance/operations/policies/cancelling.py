"""How cover ends before its time, and what of its premium goes back."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.insurance.domain import claims as claim_rules
from services.insurance.domain import policies, premiums
from services.insurance.models import Policy
from services.insurance.operations.policies.views import found
from services.insurance.store import claims as claims_store
from services.insurance.store import policies as store
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts.insurance import policies as contract
from services.shared.identity import Actor
from services.shared.persistence import trail
from services.shared.persistence.database import Database, retrying


@retrying
def cancel_policy(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Cover ends; the sweep tells the insurer, then gives the premium's rest back.

    Again, and for cover that has ended by itself, nothing changes. A draft of a claim
    is withdrawn. Of cover that the insurer would not let begin all premium goes back.
    Raises PolicyNotRunning before cover has begun, PolicyUnderClaim.
    """
    with database.tenant(actor.cooperative_id) as session:
        policy = found(store.lock_policy(session, command["policy_id"]))
        if policy.premium_fee_reference is None:
            raise contract.PolicyNotRunning
        if policy.status in policies.COVERED:
            _withdraw_draft(session, policy)
            _cancel(policy, command)
            session.flush()
            told = {"reason": command["reason"], "refund_amount": policy.refund_amount}
            trail.note(session, actor, "policy.cancelled", policy.id, after=told)
        elif policy.status == policies.ACTIVATION_REFUSED:
            end_uncovered(session, actor, policy, command["reason"])
        return answers.one(contract.Cancellation(), policy)


def end_uncovered(session: Session, actor: Actor, policy: Policy, why: str) -> None:
    """A policy ends that the insurer never let begin: nothing of its premium is earned.

    The policy's row must be held. Raises PolicyUnderClaim.
    """
    _withdraw_draft(session, policy)
    policy.status = policies.CANCELLING
    policy.ended_on, policy.end_reason = clock.business_date(), policies.NEVER_COVERED
    policy.refund_amount = policy.premium
    policy.attempts, policy.due_at = 0, clock.now()
    session.flush()
    told = {"reason": why, "refund_amount": policy.refund_amount}
    trail.note(session, actor, "policy.cancelled", policy.id, after=told)


def _withdraw_draft(session: Session, policy: Policy) -> None:
    claim = claims_store.find_open(session, policy.id)
    if claim is None:
        return
    if claim.status != claim_rules.DRAFT:
        raise contract.PolicyUnderClaim
    claim.status = claim_rules.WITHDRAWN


def _cancel(policy: Policy, command: dict[str, Any]) -> None:
    on = command["on"]
    policy.status = policies.CANCELLING
    policy.ended_on, policy.end_reason = on, command["reason"]
    policy.attempts, policy.fault, policy.due_at = 0, None, clock.now()
    if command["refund"]:
        policy.refund_amount = premiums.refund(
            policy.premium,
            months=policy.charged_months,
            starts_on=policy.starts_on,
            on=on,
            refund_bps=policy.refund_bps,
        )
