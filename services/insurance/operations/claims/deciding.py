"""How claims are carried on with: sent, asked about, believed or disputed.

Nothing that an insurer says of its own accord is believed: a callback makes us ask.
What it answers is judged by `domain/claims.py`, and again by the table's constraints.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy.orm import Session

from services.insurance.domain import claims, policies
from services.insurance.domain.claims import Verdict
from services.insurance.domain.insurers import (
    ClaimForm,
    InsurerAway,
    InsurerRefusal,
    Reading,
)
from services.insurance.models import Claim, Policy
from services.insurance.operations.claims import papers, views
from services.insurance.operations.claims.views import found
from services.insurance.operations.desk import SWEPT_AT_ONCE, Desk, sweeper
from services.insurance.operations.policies.sweeping import carry_on as carry_policy_on
from services.insurance.store import claims as store
from services.insurance.store import insurers as insurers_store
from services.insurance.store import policies as policies_store
from services.insurance.store import subrogations
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts.insurance import claims as contract
from services.shared.errors import InvariantViolated, Malformed
from services.shared.persistence import sweeping, trail
from services.shared.persistence.database import Database, retrying

CALLBACK_PATH: Final = "/v1/callbacks/insurer"
PAID_REASON: Final = "claim"

Reader = Callable[[bytes, str | None], str | None]
"""Reads which claim a callback is about out of its body and its signature."""

_log = logging.getLogger(__name__)


def sweep(desk: Desk) -> int:
    """Carry on with the claims that are due, of whatever cooperative; how many."""
    now = clock.now()
    with desk.database.hub() as session:
        due = store.take_due(
            session,
            until=now,
            again_at=now + timedelta(seconds=policies.HELD_SECONDS),
            limit=SWEPT_AT_ONCE,
        )
    return sweeping.one_by_one(_log, "claim", due, partial(carry_on, desk))


def carry_on(desk: Desk, cooperative_id: str, claim_id: str) -> None:
    """Tell the insurer of a claim or ask about it; when it is away, later."""
    with desk.database.tenant(cooperative_id) as session:
        claim = found(store.find_claim(session, claim_id))
        policy = views.policy_of(session, claim)
        insurer = insurers_store.insurer_code_of(session, policy.product_id)
    step = _STEPS.get(claim.status)
    if step is None:
        return
    try:
        step(desk, claim, insurer)
    except InsurerAway as fault:
        _postpone(desk.database, claim, str(fault))


def record_callback(
    database: Database, read: Reader, command: dict[str, Any]
) -> dict[str, Any]:
    """An insurer says that a claim has moved: it is asked about soon.

    True or not, it is answered the same: who tries learns nothing from it.
    """
    try:
        body = base64.b64decode(command["body"], validate=True)
    except binascii.Error as fault:
        raise Malformed("The body is not base64.") from fault
    claim_id = read(body, command["signature"])
    if claim_id is None:
        _log.warning("a callback of an insurer is not signed, or is about nothing")
    else:
        with database.hub() as session:
            store.look_soon(session, claim_id, clock.now())
    return answers.one(contract.InsurerCallbackTaken(), {"status": "ok"})


def _submit(desk: Desk, claim: Claim, insurer: str) -> None:
    with desk.database.tenant(claim.cooperative_id) as session:
        policy = views.policy_of(session, claim)
        document_ids = [one.id for one in store.list_documents(session, claim.id)]
    if policy.status in {policies.ACTIVATING, policies.ACTIVATION_REFUSED}:
        # An insurer for which cover has not begun would refuse its claim.
        carry_policy_on(desk, claim.cooperative_id, policy.id)
        raise InsurerAway("The policy is not active at the insurer yet.")
    try:
        for document_id in document_ids:
            paper = papers.paper(
                desk.database,
                desk.settings,
                claim.cooperative_id,
                claim.id,
                document_id,
            )
            desk.asked.send_paper(insurer, claim.id, paper)
        desk.asked.submit_claim(_form(desk, claim, insurer, document_ids))
    except InsurerRefusal as refusal:
        verdict = Verdict(status=claims.REJECTED, reason=str(refusal))
        _apply(desk.database, claim, verdict)
    else:
        _apply(desk.database, claim, Verdict(status=claims.SUBMITTED))


def _form(desk: Desk, claim: Claim, insurer: str, document_ids: list[str]) -> ClaimForm:
    if claim.claimed_amount is None:
        raise InvariantViolated("a claim is submitted with its amount")
    return ClaimForm(
        insurer=insurer,
        claim_id=claim.id,
        policy_id=claim.policy_id,
        cause=claim.cause,
        occurred_on=claim.occurred_on,
        outstanding_principal=claim.outstanding_principal or 0,
        outstanding_interest=claim.outstanding_interest or 0,
        claimed_amount=claim.claimed_amount,
        document_ids=document_ids,
        callback_url=f"{desk.settings.public_url}{CALLBACK_PATH}",
    )


def _ask(desk: Desk, claim: Claim, insurer: str) -> None:
    reading = desk.asked.read_claim(insurer, claim.id)
    if reading is None:
        # It has forgotten: the claim is submitted again, under the same id.
        _apply(desk.database, claim, Verdict(status=claims.SUBMITTING))
        return
    verdict = claims.judge(
        reading,
        claimed=claim.claimed_amount or 0,
        approved=claim.approved_amount,
        occurred_on=claim.occurred_on,
        today=clock.business_date(),
    )
    _apply(desk.database, claim, verdict, reading)


def _withdraw(desk: Desk, claim: Claim, insurer: str) -> None:
    try:
        desk.asked.withdraw_claim(insurer, claim.id)
    except InsurerRefusal as refusal:
        # It is decided already: what the decision is, the insurer will be asked.
        verdict = Verdict(status=claims.SUBMITTED, reason=str(refusal))
        _apply(desk.database, claim, verdict)
    else:
        _apply(desk.database, claim, Verdict(status=claims.WITHDRAWN))


@retrying
def _apply(
    database: Database, seen: Claim, verdict: Verdict, reading: Reading | None = None
) -> None:
    """Record where an insurer's answer takes a claim, unless it has moved meanwhile."""
    with database.tenant(seen.cooperative_id) as session:
        # Policies before claims, as everywhere.
        policy = policies_store.lock_policy(session, seen.policy_id)
        claim = found(store.lock_claim(session, seen.id))
        if policy is None:
            raise InvariantViolated("a claim has a policy")
        if claim.status != seen.status:
            return
        claim.status, claim.reason = verdict.status, verdict.reason
        claim.attempts, claim.due_at = 0, clock.now() + _pause(verdict.status)
        if reading is not None and verdict.status == claims.APPROVED:
            claim.approved_amount = reading.amount
        if reading is not None and verdict.status == claims.PAID:
            _pay(session, claim, policy, reading)
        session.flush()
        if verdict.status != seen.status:
            _tell(session, claim, policy)


def _pay(session: Session, claim: Claim, policy: Policy, reading: Reading) -> None:
    """The insurer has paid: cover is used up, and it may recover what it paid."""
    claim.paid_amount, claim.paid_on = reading.amount, reading.paid_on
    policy.status = policies.CLAIMED
    policy.ended_on, policy.end_reason = reading.paid_on, PAID_REASON
    subrogations.add_subrogation(
        session,
        id=identifiers.new("sub"),
        cooperative_id=claim.cooperative_id,
        claim_id=claim.id,
        amount=reading.amount,
        created_at=clock.now(),
    )


def _tell(session: Session, claim: Claim, policy: Policy) -> None:
    event = _EVENTS.get(claim.status)
    if event is not None:
        views.tell(session, event, claim, policy)
    if claim.status == claims.PAID:
        views.tell(
            session,
            contract.CLAIM_PAID,
            claim,
            policy,
            schema=contract.ClaimPaid,
            amount=claim.paid_amount,
            paid_on=claim.paid_on,
        )
    told = {"reason": claim.reason} if claim.reason else None
    actor = sweeper(claim.cooperative_id)
    trail.note(session, actor, f"claim.{claim.status}", claim.id, after=told)


@retrying
def _postpone(database: Database, seen: Claim, fault: str) -> None:
    _log.warning("claim %s stays %s: %s", seen.id, seen.status, fault)
    with database.tenant(seen.cooperative_id) as session:
        claim = found(store.lock_claim(session, seen.id))
        if claim.status == seen.status:
            claim.due_at = clock.now() + policies.pause(claim.attempts)
            claim.attempts += 1


def _pause(status: str) -> timedelta:
    if status == claims.DISPUTED:
        return claims.DISPUTE_ASKED_AGAIN_AFTER
    if status in claims.WITH_INSURER:
        return claims.ASKED_AGAIN_AFTER
    return timedelta(0)


_EVENTS: Final = {
    claims.REJECTED: contract.CLAIM_REJECTED,
    claims.DISPUTED: contract.CLAIM_DISPUTED,
}
_STEPS: Final[Mapping[str, Callable[[Desk, Claim, str], None]]] = {
    claims.SUBMITTING: _submit,
    **dict.fromkeys(claims.WITH_INSURER, _ask),
    claims.WITHDRAWING: _withdraw,
}
