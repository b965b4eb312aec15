"""How votes are cast, and how the last one needed decides.

All votes of a round are on the same terms; a vote for others begins a new round. The
letter is numbered and printed once, in the transaction of the vote that completes the
quorum, and its bytes can be made again from what is stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import applications as states
from services.loans.domain import costs, rates, schedules
from services.loans.domain import decisions as domain
from services.loans.domain.decisions import Terms, Tier
from services.loans.domain.peers import Kyc
from services.loans.models import (
    CommitteeVote,
    LoanApplication,
    LoanDecision,
    LoanProduct,
)
from services.loans.operations import applications, letters, limits, verification
from services.loans.operations.decisions.matters import (
    Matter,
    ballot,
    matter_of,
    proposal,
)
from services.loans.store import decisions as store
from services.loans.store import limits as limits_store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import decisions as contract
from services.shared.errors import InvariantViolated, SameProposer
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency, numbering, tenants, trail
from services.shared.persistence.database import Database, retrying
from services.shared.presentation import formats
from services.shared.settings import Settings

PREFIX: Final = "SK"
"""Of decision letters: surat keputusan."""

_STATUSES: Final = {
    domain.APPROVED: states.APPROVED,
    domain.CONDITIONAL: states.OFFERED,
    domain.REJECTED: states.REJECTED,
}


def cast_vote(
    database: Database,
    settings: Settings,
    kyc: Kyc,
    actor: Actor,
    by: Identity,
    command: dict[str, Any],
) -> dict[str, Any]:
    """The caller's vote; the one that completes the quorum decides.

    The limits are judged for the terms that are voted on. Raises ApplicationNotReady,
    SameProposer for who brought the application in, OwnLoan, NotOnCommittee,
    ApplicationIncomplete, TermsNotAllowed, RateOverCap, ReasonRequired, AlreadyVoted.
    """
    facts = None
    if command["choice"] == domain.APPROVE:
        facts = limits.facts_of(
            database, settings, kyc, actor.cooperative_id, command["application_id"]
        )
    return _cast(database, actor, by, command, facts)


@retrying
def _cast(
    database: Database,
    actor: Actor,
    by: Identity,
    command: dict[str, Any],
    facts: limits.Facts | None,
) -> dict[str, Any]:
    def vote(session: Session) -> dict[str, Any]:
        application = applications.locked(session, command["application_id"])
        matter = matter_of(session, application)
        _vote(session, actor, by, matter, command, facts)
        return ballot(session, application)

    return idempotency.once(database, actor, command, vote)


def require_unconcerned(
    session: Session, application: LoanApplication, by: Identity
) -> None:
    """Refuse who brought an application in, verified it, or would get the money.

    Raises SameProposer and OwnLoan.
    """
    if by.member_id and by.member_id == application.member_id:
        raise contract.OwnLoan
    analyst = store.analyst_of(session, application.id)
    if by.subject in {application.created_by, analyst}:
        raise SameProposer


def terms_of(
    product: LoanProduct, amount: int, count: int, rate_bps: int
) -> schedules.Terms:
    """A loan of a product, to compute its schedule with."""
    return schedules.Terms(
        method=product.method,
        frequency=product.frequency,
        principal=amount,
        rate_bps=rate_bps,
        count=count,
        grace_count=product.grace_count,
        harvest_every=product.harvest_every,
        rounding_unit=product.rounding_unit,
        shifts_holidays=product.shifts_holidays,
    )


def _vote(
    session: Session,
    actor: Actor,
    by: Identity,
    matter: Matter,
    command: dict[str, Any],
    facts: limits.Facts | None,
) -> None:
    application = matter.application
    if application.status != states.VERIFIED:
        raise loans_contract.ApplicationNotReady(details={"status": application.status})
    require_unconcerned(session, application, by)
    present = matter.terms
    wanted = _wanted(present, command)
    tier = domain.tier_of(matter.tiers, wanted.amount)
    role = next((one for one in tier.roles if one in by.roles), None)
    if role is None:
        raise contract.NotOnCommittee(details={"roles": list(tier.roles)})
    if facts is not None:
        _require_allowed(session, matter, wanted, facts, command["reason"])
    elif not command["reason"]:
        raise contract.ReasonRequired
    is_new_round = not matter.is_under_way or wanted != present
    voting_round = matter.round + 1 if is_new_round else matter.round
    is_kept = store.add_vote(
        session,
        id=identifiers.new("vot"),
        cooperative_id=application.cooperative_id,
        application_id=application.id,
        round=voting_round,
        voter=by.subject,
        role=role,
        choice=command["choice"],
        **asdict(wanted),
        reason=command["reason"],
        voted_at=clock.now(),
    )
    if not is_kept:
        raise contract.AlreadyVoted
    trail.note(
        session,
        actor,
        "application.voted_on",
        application.id,
        after={"choice": command["choice"], "round": voting_round} | asdict(wanted),
    )
    cast = [
        vote
        for vote in store.votes_on(session, application.id)
        if vote.round == voting_round
    ]
    choice = domain.decided([vote.choice for vote in cast], tier.quorum)
    if choice is not None:
        _decide(session, actor, matter, wanted, choice, cast, tier)


def _wanted(present: Terms, command: dict[str, Any]) -> Terms:
    def given(name: str, otherwise: Any) -> Any:
        return otherwise if command[name] is None else command[name]

    return Terms(
        amount=given("amount", present.amount),
        count=given("count", present.count),
        rate_bps=given("rate_bps", present.rate_bps),
        conditions=given("conditions", present.conditions).strip(),
    )


def _require_allowed(
    session: Session,
    matter: Matter,
    wanted: Terms,
    facts: limits.Facts,
    reason: str,
) -> None:
    """Refuse to approve what is incomplete, too much, too dear or not explained."""
    application, product = matter.application, matter.product
    most = min(application.amount, product.maximum_amount)
    if not (
        product.minimum_amount <= wanted.amount <= most
        and product.minimum_count <= wanted.count <= product.maximum_count
    ):
        raise contract.TermsNotAllowed(
            details={
                "minimum_amount": product.minimum_amount,
                "maximum_amount": most,
                "minimum_count": product.minimum_count,
                "maximum_count": product.maximum_count,
            }
        )
    limits_store.hold_borrower(
        session, application.cooperative_id, application.member_id
    )
    terms = limits.Wanted(wanted.amount, wanted.count, wanted.rate_bps)
    exceeded = limits.against(session, facts, application, product, terms)
    missing = verification.missing(session, application, product, exceeded)
    if missing:
        raise contract.ApplicationIncomplete(details={"missing": missing})
    _require_payable(product, wanted)
    is_beyond = matter.proposed is not None and (
        wanted.amount > matter.proposed.max_amount
        or wanted.rate_bps < matter.proposed.rate_bps
    )
    if is_beyond and not reason:
        raise contract.ReasonRequired(details=proposal(matter.proposed))


def _require_payable(product: LoanProduct, wanted: Terms) -> None:
    """Refuse what no agreement could be made of, fees of others left aside."""
    terms = terms_of(product, wanted.amount, wanted.count, wanted.rate_bps)
    try:
        parts = schedules.schedule(
            terms, schedules.first_due_date(terms.frequency, clock.business_date())
        )
    except schedules.ImpossibleSchedule as error:
        raise contract.TermsNotAllowed(str(error)) from error
    administration = costs.administration(
        wanted.amount,
        rate_bps=product.administration_bps,
        amount=product.administration_amount,
    )
    received = wanted.amount - administration
    if received <= 0:
        raise contract.TermsNotAllowed("The administration fee takes all of it.")
    effective = rates.effective_bps(parts, received, terms.frequency)
    if rates.is_over_cap(
        rate_bps=wanted.rate_bps,
        effective_rate_bps=effective,
        basis=product.cap_basis,
    ):
        raise loans_contract.RateOverCap(details={"effective_rate_bps": effective})


def _decide(
    session: Session,
    actor: Actor,
    matter: Matter,
    terms: Terms,
    choice: str,
    cast: Sequence[CommitteeVote],
    tier: Tier,
) -> None:
    application = matter.application
    outcome = domain.outcome_of(choice, terms, matter.asked)
    reason = "; ".join(
        vote.reason for vote in cast if vote.choice == choice and vote.reason
    )
    now, today = clock.now(), clock.business_date()
    number = numbering.next_document(session, actor.cooperative_id, PREFIX, today)
    tenant = tenants.find(session, actor.cooperative_id)
    if tenant is None or application.applied_at is None:
        raise InvariantViolated("a verified application was handed in to a tenant")
    letter = answers.one(
        contract.DecisionLetter(),
        {
            "number": number,
            "cooperative_name": tenant.name,
            "cooperative_code": tenant.code,
            "application_number": application.number,
            "applied_on": clock.business_date(application.applied_at),
            "member_name": application.member_name,
            "product_name": matter.product.name,
            "purpose": application.purpose,
            "asked": asdict(matter.asked),
            "outcome": outcome,
            "terms": asdict(terms),
            "terbilang": formats.terbilang(terms.amount),
            "reason": reason,
            "method": matter.product.method,
            "frequency": matter.product.frequency,
            "quorum": tier.quorum,
            "decided_on": today,
            "decided_at": now,
        },
    )
    session.add(
        LoanDecision(
            id=identifiers.new("dec"),
            cooperative_id=actor.cooperative_id,
            application_id=application.id,
            number=number,
            outcome=outcome,
            round=cast[-1].round,
            quorum=tier.quorum,
            **asdict(terms),
            reason=reason,
            decided_on=today,
            decided_at=now,
            letter=letter,
            fingerprint=hashlib.sha512(letters.decision(letter)).hexdigest(),
        )
    )
    if outcome != domain.REJECTED:
        application.approved_amount = terms.amount
        application.approved_count = terms.count
        application.approved_rate_bps = terms.rate_bps
    applications.move(session, actor, application, _STATUSES[outcome])
    trail.note(
        session,
        actor,
        "application.decided",
        application.id,
        after={"number": number, "outcome": outcome} | asdict(terms),
    )
