"""How staff end what insurer and cooperative do not agree on.

A disputed claim, or cover that the insurer would not let begin: asking again is one
person's. What gives money up or back is proposed by one and approved by another. Either
way the reason stays in the trail.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.insurance.domain import claims as claim_rules
from services.insurance.domain import policies as policy_rules
from services.insurance.domain import resolutions as domain
from services.insurance.models import Claim, Policy, Resolution
from services.insurance.operations import claims, policies
from services.insurance.operations.claims import views as claim_views
from services.insurance.operations.desk import Desk
from services.insurance.operations.policies import views as policy_views
from services.insurance.store import claims as claims_store
from services.insurance.store import policies as policies_store
from services.insurance.store import resolutions as store
from services.shared import access, clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts.insurance import claims as claims_contract
from services.shared.contracts.insurance import resolutions as contract
from services.shared.contracts.loans.decisions import OwnLoan
from services.shared.errors import NotFound, SameProposer
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency, trail
from services.shared.persistence.database import Database, retrying


def insist_on_claim(
    desk: Desk, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """The cooperative stands on a disputed claim: the insurer is asked again, now.

    Raises ClaimNotDisputed.
    """
    _insist(desk.database, actor, command)
    claims.carry_on(desk, actor.cooperative_id, command["claim_id"])
    return claims.get_claim(desk.database, actor.cooperative_id, command["claim_id"])


@retrying
def propose_for_claim(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Propose what was agreed on with the insurer about a disputed claim.

    Raises NotFound, ClaimNotDisputed, AmountOverClaim, ResolutionOpen.
    """

    def propose(session: Session) -> dict[str, Any]:
        policy, claim = _locked(session, command["claim_id"])
        _require_disputed(claim, command["amount"])
        return _propose(session, actor, policy, command, command["outcome"])

    return idempotency.once(database, actor, command, propose)


@retrying
def propose_for_policy(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Propose to end a policy that the insurer would not let begin.

    Raises NotFound, ActivationNotRefused, ResolutionOpen.
    """

    def propose(session: Session) -> dict[str, Any]:
        policy = policy_views.found(
            policies_store.lock_policy(session, command["policy_id"])
        )
        _require_refused(policy)
        return _propose(session, actor, policy, command, domain.END_POLICY)

    return idempotency.once(database, actor, command, propose)


@retrying
def approve(
    database: Database, actor: Actor, command: dict[str, Any], by: Identity
) -> dict[str, Any]:
    """Let happen what another has proposed.

    Raises NotFound, StepUpRequired, SameProposer, ResolutionDecided, OwnLoan for who
    is insured; and ClaimNotDisputed, ActivationNotRefused, PolicyUnderClaim where it
    cannot happen any more: such a proposal is to be rejected.
    """
    access.require_strong(by, clock.now().timestamp())

    def decide(session: Session) -> dict[str, Any]:
        resolution, policy, claim = _open(session, command["resolution_id"])
        if resolution.proposed_by == actor.subject:
            raise SameProposer
        if by.member_id and by.member_id == policy.member_id:
            raise OwnLoan
        if claim is None:
            _require_refused(policy)
            policies.end_uncovered(session, actor, policy, resolution.reason)
        else:
            _require_disputed(claim, resolution.amount)
            _settle(session, actor, policy, claim, resolution)
        return _decide(session, actor, resolution, domain.APPROVED)

    return idempotency.once(database, actor, command, decide)


@retrying
def reject(database: Database, actor: Actor, command: dict[str, Any]) -> dict[str, Any]:
    """Nothing happens; who proposed may take it back so.

    Raises NotFound, ResolutionDecided.
    """

    def decide(session: Session) -> dict[str, Any]:
        resolution, _, _ = _open(session, command["resolution_id"])
        return _decide(session, actor, resolution, domain.REJECTED)

    return idempotency.once(database, actor, command, decide)


def list_resolutions(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """What was proposed and decided in the cooperative, or about one policy."""
    policy_id, status, limit = (
        command["policy_id"],
        command["status"],
        command["limit"],
    )
    owner = f"resolutions {cooperative_id} {policy_id} {status}"
    with database.tenant(cooperative_id) as session:
        rows = store.list_resolutions(
            session,
            policy_id=policy_id,
            status=status,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {"items": [_answer(one) for one in shown], "next_cursor": next_cursor}


@retrying
def _insist(database: Database, actor: Actor, command: dict[str, Any]) -> None:
    with database.tenant(actor.cooperative_id) as session:
        claim = claim_views.found(claims_store.lock_claim(session, command["claim_id"]))
        if claim.status != claim_rules.DISPUTED:
            raise contract.ClaimNotDisputed
        # Due at once, so that the sweep asks should nobody come to it here.
        claim.due_at = clock.now()
        told = {"reason": command["reason"]}
        trail.note(session, actor, "claim.insisted_on", claim.id, after=told)


def _propose(
    session: Session,
    actor: Actor,
    policy: Policy,
    command: dict[str, Any],
    outcome: str,
) -> dict[str, Any]:
    if store.find_proposed(session, policy.id) is not None:
        raise contract.ResolutionOpen
    resolution = store.add_resolution(
        session,
        id=identifiers.new("res"),
        cooperative_id=actor.cooperative_id,
        policy_id=policy.id,
        claim_id=command.get("claim_id"),
        outcome=outcome,
        amount=command.get("amount"),
        reason=command["reason"],
        proposed_by=actor.subject,
        proposed_at=clock.now(),
    )
    answer = _answer(resolution)
    trail.note(session, actor, "resolution.proposed", resolution.id, after=answer)
    return answer


def _settle(
    session: Session,
    actor: Actor,
    policy: Policy,
    claim: Claim,
    resolution: Resolution,
) -> None:
    """What was agreed on takes the place of what the insurer said.

    An amount is paid by the insurer alone: it is asked, and judged by this amount.
    """
    if resolution.outcome == domain.ACCEPT_AMOUNT:
        claim.status, claim.reason = claim_rules.APPROVED, None
        claim.approved_amount = resolution.amount
    else:
        claim.status, claim.reason = claim_rules.REJECTED, resolution.reason
    claim.attempts, claim.due_at = 0, clock.now()
    session.flush()
    if claim.status == claim_rules.REJECTED:
        claim_views.tell(session, claims_contract.CLAIM_REJECTED, claim, policy)
    told = {"resolution_id": resolution.id, "amount": resolution.amount}
    trail.note(session, actor, f"claim.{claim.status}", claim.id, after=told)


def _decide(
    session: Session, actor: Actor, resolution: Resolution, status: str
) -> dict[str, Any]:
    resolution.status, resolution.decided_by = status, actor.subject
    resolution.decided_at = clock.now()
    session.flush()
    answer = _answer(resolution)
    trail.note(session, actor, f"resolution.{status}", resolution.id, after=answer)
    return answer


def _open(
    session: Session, resolution_id: str
) -> tuple[Resolution, Policy, Claim | None]:
    """A proposal and what it is about, all held: policies before claims."""
    known = _found(store.find_resolution(session, resolution_id))
    policy = policy_views.found(policies_store.lock_policy(session, known.policy_id))
    claim = None
    if known.claim_id is not None:
        claim = claim_views.found(claims_store.lock_claim(session, known.claim_id))
    resolution = _found(store.lock_resolution(session, resolution_id))
    if resolution.status != domain.PROPOSED:
        raise contract.ResolutionDecided
    return resolution, policy, claim


def _locked(session: Session, claim_id: str) -> tuple[Policy, Claim]:
    known = claim_views.found(claims_store.find_claim(session, claim_id))
    policy = policy_views.found(policies_store.lock_policy(session, known.policy_id))
    return policy, claim_views.found(claims_store.lock_claim(session, claim_id))


def _require_disputed(claim: Claim, amount: int | None) -> None:
    if claim.status != claim_rules.DISPUTED:
        raise contract.ClaimNotDisputed
    if not domain.is_within(amount, claim.claimed_amount):
        raise contract.AmountOverClaim(details={"claimed": claim.claimed_amount})


def _require_refused(policy: Policy) -> None:
    if policy.status != policy_rules.ACTIVATION_REFUSED:
        raise contract.ActivationNotRefused


def _found(resolution: Resolution | None) -> Resolution:
    if resolution is None:
        raise NotFound("There is no such proposal.")
    return resolution


def _answer(resolution: Resolution) -> dict[str, Any]:
    return answers.one(contract.Resolution(), resolution)
