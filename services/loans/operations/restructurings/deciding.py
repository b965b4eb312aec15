"""New terms are proposed, approved by another or rejected, and reported on (R154).

The akad restrukturisasi is drawn up when it is approved, with the debt of that day.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import restructurings as domain
from services.loans.models import Restructuring
from services.loans.operations import loans as book
from services.loans.operations import recovery
from services.loans.operations.restructurings.terms import content, require_collateral
from services.loans.operations.restructurings.views import active, answer, in_state
from services.loans.store import collections as collections_store
from services.loans.store import restructurings as store
from services.shared import access, clock, identifiers
from services.shared.contracts.loans import akad as akad_contract
from services.shared.contracts.loans import restructurings as contract
from services.shared.errors import SameProposer
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency, numbering, trail
from services.shared.persistence.database import Database, retrying

PREFIX: Final = "RST"
FIRST_DUE_WITHIN: Final = timedelta(days=366)


@retrying
def propose(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Propose new terms, which another has to approve.

    Raises NotFound, LoanNotActive, RestructuringOpen, NotGoingConcern, TermsUnfit,
    ExtensionTooLong, CollateralNotOffered, FirstDueDateInvalid, ScheduleNotPossible.
    """

    def add(session: Session) -> dict[str, Any]:
        loan = active(session, command["loan_id"])
        if not command["is_going_concern"]:
            raise contract.NotGoingConcern
        if store.find_open(session, loan.id) is not None:
            raise contract.RestructuringOpen
        today = clock.business_date()
        first_due_on = command["first_due_on"]
        if first_due_on and not today < first_due_on <= today + FIRST_DUE_WITHIN:
            raise akad_contract.FirstDueDateInvalid
        wanted = dict(command["terms"])
        require_collateral(session, loan, command["method"], wanted)
        kept = wanted | {"first_due_on": first_due_on and first_due_on.isoformat()}
        restructuring = Restructuring(
            id=identifiers.new("rst"),
            cooperative_id=actor.cooperative_id,
            loan_id=loan.id,
            method=command["method"],
            wanted=kept,
            reason=command["reason"],
            cause=command["cause"],
            documents=dict(command["documents"]),
            status=domain.PROPOSED,
            proposed_by=actor.subject,
            proposed_at=clock.now(),
            decided_by=None,
            decided_at=None,
            number=None,
            content=content(session, loan, command["method"], kept),
            signed_on=None,
            signed_by=None,
            new_loan_id=None,
            report_due_on=None,
            reported_at=None,
        )
        store.add(session, restructuring)
        loan.cause = command["cause"]
        collections_store.end_steps(
            session, actor, loan.id, collections_store.PROPOSAL_STEPS
        )
        trail.note(
            session,
            actor,
            "restructuring.proposed",
            restructuring.id,
            after={"loan_id": loan.id, "method": restructuring.method},
        )
        return answer(restructuring)

    return idempotency.once(database, actor, command, add)


@retrying
def approve(
    database: Database, actor: Actor, by: Identity, command: dict[str, Any]
) -> dict[str, Any]:
    """Approve what another proposed: the akad is drawn up with the debt of today.

    Raises NotFound, StepUpRequired, SameProposer, OwnLoan, RestructuringNotReady,
    RepaymentUnderWay and what computing the terms raises (`propose`).
    """
    access.require_strong(by, clock.now().timestamp())

    def draw_up(session: Session) -> dict[str, Any]:
        loan = active(session, command["loan_id"])
        restructuring = in_state(session, command, domain.PROPOSED)
        if restructuring.proposed_by == actor.subject:
            raise SameProposer
        book.refuse_borrower(loan, by)
        recovery.require_quiet(session, loan)
        restructuring.content = content(
            session, loan, restructuring.method, restructuring.wanted
        )
        restructuring.number = numbering.next_document(
            session, actor.cooperative_id, PREFIX, clock.business_date()
        )
        _decide(session, actor, restructuring, domain.APPROVED)
        return answer(restructuring)

    return idempotency.once(database, actor, command, draw_up)


@retrying
def reject(database: Database, actor: Actor, command: dict[str, Any]) -> dict[str, Any]:
    """Do not change the loan; also takes back what nobody has signed.

    Raises NotFound, RestructuringNotReady.
    """

    def decide(session: Session) -> dict[str, Any]:
        book.locked(session, command["loan_id"])
        restructuring = in_state(session, command, domain.PROPOSED, domain.APPROVED)
        _decide(session, actor, restructuring, domain.REJECTED)
        return answer(restructuring)

    return idempotency.once(database, actor, command, decide)


@retrying
def report(database: Database, actor: Actor, command: dict[str, Any]) -> dict[str, Any]:
    """Say that the report on a restructuring was made (R154)."""

    def note(session: Session) -> dict[str, Any]:
        book.locked(session, command["loan_id"])
        restructuring = in_state(session, command, domain.CARRIED_OUT)
        if restructuring.reported_at is None:
            restructuring.reported_at = clock.now()
            session.flush()
            collections_store.end_steps(
                session,
                actor,
                restructuring.new_loan_id or restructuring.loan_id,
                collections_store.REPORT_STEPS,
            )
            trail.note(session, actor, "restructuring.reported", restructuring.id)
        return answer(restructuring)

    return idempotency.once(database, actor, command, note)


def _decide(
    session: Session, actor: Actor, restructuring: Restructuring, status: str
) -> None:
    restructuring.status = status
    restructuring.decided_by, restructuring.decided_at = actor.subject, clock.now()
    session.flush()
    trail.note(
        session,
        actor,
        f"restructuring.{status}",
        restructuring.id,
        after={"loan_id": restructuring.loan_id, "number": restructuring.number},
    )
