"""How claims begin: by hand, by loans of its own accord, or because a member has died.

A draft says what happened and gathers its papers until it is submitted or its deadline
has passed.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from services.insurance.domain import claims, insurers, policies
from services.insurance.models import Claim, InsuranceProduct, Policy
from services.insurance.operations.claims import views
from services.insurance.operations.desk import SWEEPER, sweeper
from services.insurance.operations.policies.views import found
from services.insurance.store import claims as store
from services.insurance.store import insurers as insurers_store
from services.insurance.store import policies as policies_store
from services.shared import clock, identifiers
from services.shared.contracts.insurance import claims as contract
from services.shared.contracts.members import membership
from services.shared.identity import Actor
from services.shared.persistence import idempotency, inbox, numbering, trail
from services.shared.persistence.database import Database, retrying

PREFIX: Final = "KLAIM"
DECEASED: Final = "deceased"
DRAFTS_AT_ONCE: Final = 200
CONSUMER: Final = "insurance.members.member_left"


@retrying
def open_claim(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A claim on the policy that is named; the one that there is for the same cause.

    Raises PolicyNotClaimable, CauseNotCovered, ClaimTooEarly, ClaimTooLate,
    ClaimTooLarge, AnotherClaimOpen.
    """

    def opened(session: Session) -> dict[str, Any]:
        return views.answer(session, _open(session, actor, command))

    return idempotency.once(database, actor, command, opened)


@retrying
def open_for_deceased(
    database: Database, event_id: str, payload: dict[str, Any]
) -> None:
    """A member has died: claims on its life are drafted, their amounts still open."""
    told = membership.MemberLeft().load(payload)
    if told["kind"] != DECEASED:
        return
    actor, today = sweeper(told["cooperative_id"]), clock.business_date()
    with database.tenant(actor.cooperative_id) as session:
        if not inbox.first_time(session, CONSUMER, event_id):
            return
        for policy in policies_store.list_running_life(session, told["member_id"]):
            product = insurers_store.get_product(session, policy.product_id)
            is_covered = policy.starts_on <= today <= policy.ends_on
            is_open = store.find_open(session, policy.id) is not None
            if insurers.DEATH in product.documents and is_covered and not is_open:
                facts = _Facts.of_death(policy, product, today)
                _draft(session, actor, policy, facts, reported_by=SWEEPER)


@retrying
def remind(database: Database) -> int:
    """Tell of drafts whose deadline is near, and end those whose deadline has passed.

    How many; each is told of once per mark of `REMINDED_DAYS`.
    """
    today = clock.business_date()
    with database.hub() as session:
        drafts = store.lock_drafts_near(session, today=today, limit=DRAFTS_AT_ONCE)
        for claim in drafts:
            policy = views.policy_of(session, claim)
            days_left = (claim.deadline_on - today).days
            if days_left < 0:
                claim.status = claims.LAPSED
                views.tell(session, contract.CLAIM_LAPSED, claim, policy)
                continue
            claim.reminded_days = claims.reminder(days_left, claim.reminded_days)
            views.tell(
                session,
                contract.CLAIM_DEADLINE_NEAR,
                claim,
                policy,
                schema=contract.ClaimDeadlineNear,
                deadline_on=claim.deadline_on,
                days_left=days_left,
            )
    return len(drafts)


class _Facts:
    """What is claimed, judged by the terms of the policy and its product."""

    def __init__(
        self, policy: Policy, product: InsuranceProduct, command: dict[str, Any]
    ) -> None:
        """Raises what `open_claim` raises."""
        self.cause: str = command["cause"]
        self.occurred_on: date = command["occurred_on"]
        self.principal: int | None = command["outstanding_principal"]
        self.interest: int | None = command["outstanding_interest"]
        self._coverage_bps = policy.coverage_bps
        today = clock.business_date()
        begun = policy.starts_on <= self.occurred_on <= min(policy.ends_on, today)
        if policy.status not in policies.CLAIMABLE or not begun:
            raise contract.PolicyNotClaimable
        if self.cause not in product.documents:
            raise contract.CauseNotCovered
        if (self.principal or 0) > policy.principal:
            raise contract.ClaimTooLarge
        waiting_days = product.waiting_days
        if today < claims.opens_on(self.cause, self.occurred_on, waiting_days):
            raise contract.ClaimTooEarly
        self.deadline_on = claims.deadline(
            self.cause,
            self.occurred_on,
            waiting_days=waiting_days,
            claim_days=product.claim_days,
        )
        if today > self.deadline_on:
            raise contract.ClaimTooLate

    @classmethod
    def of_death(cls, policy: Policy, product: InsuranceProduct, day: date) -> _Facts:
        """A death that was told of on a day; loans or staff will say the rest."""
        told = {
            "cause": insurers.DEATH,
            "occurred_on": day,
            "outstanding_principal": None,
            "outstanding_interest": None,
        }
        return cls(policy, product, told)

    @property
    def columns(self) -> dict[str, Any]:
        """As they are stored."""
        amount = None
        if self.principal is not None and self.interest is not None:
            amount = claims.claimed_amount(
                self.principal, self.interest, self._coverage_bps
            )
        return {
            "occurred_on": self.occurred_on,
            "outstanding_principal": self.principal,
            "outstanding_interest": self.interest,
            "claimed_amount": amount,
            "deadline_on": self.deadline_on,
        }


def _open(session: Session, actor: Actor, command: dict[str, Any]) -> Claim:
    policy = _policy(session, command)
    product = insurers_store.get_product(session, policy.product_id)
    reported_by = command["reported_by"] or actor.subject
    known = store.find_open(session, policy.id)
    if known is not None:
        if known.cause != command["cause"]:
            raise contract.AnotherClaimOpen
        if known.status == claims.DRAFT:
            facts = _Facts(policy, product, command)
            _take_facts(session, actor, known, facts)
        return known
    ended = store.find_of_day(
        session, policy.id, command["cause"], command["occurred_on"]
    )
    if ended is not None:
        return ended
    facts = _Facts(policy, product, command)
    return _draft(session, actor, policy, facts, reported_by=reported_by)


def _policy(session: Session, command: dict[str, Any]) -> Policy:
    policy_id = command["policy_id"]
    if policy_id is None:
        latest = found(policies_store.find_latest(session, command["reference"]))
        policy_id = latest.id
    return found(policies_store.lock_policy(session, policy_id))


def _draft(
    session: Session, actor: Actor, policy: Policy, facts: _Facts, *, reported_by: str
) -> Claim:
    now = clock.now()
    number = numbering.next_document(
        session, actor.cooperative_id, PREFIX, clock.business_date()
    )
    claim = store.add_claim(
        session,
        id=identifiers.new("clm"),
        cooperative_id=actor.cooperative_id,
        number=number,
        policy_id=policy.id,
        cause=facts.cause,
        reported_by=reported_by,
        opened_at=now,
        due_at=now,
        **facts.columns,
    )
    trail.note(session, actor, "claim.opened", claim.id, after={"cause": claim.cause})
    views.tell(session, contract.CLAIM_OPENED, claim, policy)
    return claim


def _take_facts(session: Session, actor: Actor, claim: Claim, facts: _Facts) -> None:
    changed = {
        name: value
        for name, value in facts.columns.items()
        if getattr(claim, name) != value
    }
    if not changed:
        return
    for name, value in changed.items():
        setattr(claim, name, value)
    session.flush()
    trail.note(session, actor, "claim.changed", claim.id)
