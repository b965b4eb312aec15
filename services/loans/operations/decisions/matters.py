"""What a committee decides on, and how that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from services.loans.domain import applications as states
from services.loans.domain import decisions as domain
from services.loans.domain.decisions import Terms, Tier
from services.loans.models import (
    CommitteeVote,
    LoanApplication,
    LoanDecision,
    LoanProduct,
)
from services.loans.operations import applications, lending, limits, verification
from services.loans.store import decisions as store
from services.loans.store import scoring as scoring_store
from services.shared.contracts import answers
from services.shared.contracts.loans import decisions as contract


class Proposed(NamedTuple):
    """What the score of an application proposes at most."""

    max_amount: int
    rate_bps: int


class Matter(NamedTuple):
    """What is decided on: an application, its product, and its votes until now."""

    application: LoanApplication
    product: LoanProduct
    proposed: Proposed | None
    votes: Sequence[CommitteeVote]
    tiers: Sequence[Tier]

    verified_at: datetime | None

    @property
    def round(self) -> int:
        """The last round that there was; 0 before the first vote."""
        return self.votes[-1].round if self.votes else 0

    @property
    def is_under_way(self) -> bool:
        """Whether anybody has voted on what the analyst found out last."""
        return bool(self.votes) and (
            self.verified_at is None or self.votes[-1].voted_at >= self.verified_at
        )

    @property
    def asked(self) -> Terms:
        """What was applied for, at the product's rate."""
        return Terms(
            amount=self.application.amount,
            count=self.application.count,
            rate_bps=self.product.rate_bps,
        )

    @property
    def terms(self) -> Terms:
        """What is voted on now."""
        if self.is_under_way:
            return terms_of_row(self.votes[-1])
        asked = self.asked
        if self.proposed is None:
            return asked
        return Terms(
            amount=asked.amount, count=asked.count, rate_bps=self.proposed.rate_bps
        )


def matter_of(session: Session, application: LoanApplication) -> Matter:
    """The application with all that a committee looks at."""
    product = applications.product_of(session, application.product_id)
    score = scoring_store.latest_scores(session, [application.id]).get(application.id)
    return Matter(
        application=application,
        product=product,
        proposed=Proposed(score.max_amount, score.rate_bps) if score else None,
        votes=store.votes_on(session, application.id),
        tiers=lending.settings_of(session, application.cooperative_id).tiers,
        verified_at=store.verified_at(session, application.id),
    )


def ballot(session: Session, application: LoanApplication) -> dict[str, Any]:
    """Where the decision on an application stands."""
    matter = matter_of(session, application)
    decision = store.find_decision(session, application.id)
    tier = domain.tier_of(matter.tiers, matter.terms.amount)
    is_open = application.status == states.VERIFIED
    return answers.one(
        contract.Ballot(),
        {
            "application_id": application.id,
            "status": application.status,
            "asked": asdict(matter.asked),
            "proposed": matter.proposed and proposal(matter.proposed),
            "quorum": decision.quorum if decision else tier.quorum,
            "roles": list(tier.roles),
            "round": matter.round,
            "terms": asdict(matter.terms),
            "missing": (
                verification.missing(
                    session, application, matter.product, _exceeded(session, matter)
                )
                if is_open
                else []
            ),
            "votes": [
                {
                    "round": vote.round,
                    "voter": vote.voter,
                    "role": vote.role,
                    "choice": vote.choice,
                    "terms": asdict(terms_of_row(vote)),
                    "reason": vote.reason,
                    "voted_at": vote.voted_at,
                }
                for vote in matter.votes
            ],
            "decision": decision and decision_facts(decision),
        },
    )


def _exceeded(session: Session, matter: Matter) -> list[str] | None:
    """The limits that stand against the terms; what is voted on was judged then."""
    if not matter.is_under_way:
        return None
    return limits.besides_burden(session, matter.application, matter.terms.amount)


def decision_facts(decision: LoanDecision) -> dict[str, Any]:
    """A decision in the shape of `Decision`."""
    return {
        "number": decision.number,
        "outcome": decision.outcome,
        "terms": asdict(terms_of_row(decision)),
        "reason": decision.reason,
        "quorum": decision.quorum,
        "decided_on": decision.decided_on,
        "decided_at": decision.decided_at,
        "fingerprint": decision.fingerprint,
        "answer": decision.answer,
        "answered_at": decision.answered_at,
        "answered_by": decision.answered_by,
    }


def terms_of_row(row: CommitteeVote | LoanDecision) -> Terms:
    """What was voted on or decided."""
    return Terms(
        amount=row.amount,
        count=row.count,
        rate_bps=row.rate_bps,
        conditions=row.conditions,
    )


def proposal(proposed: Proposed | None) -> dict[str, Any]:
    """A proposal as it is answered."""
    return {} if proposed is None else proposed._asdict()
