"""How a decision is read and answered, or put off."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import applications as states
from services.loans.domain import queue as lines
from services.loans.models import LoanApplication, LoanDecision
from services.loans.operations import applications, letters, queue
from services.loans.operations.decisions.matters import ballot, decision_facts
from services.loans.store import applications as applications_store
from services.loans.store import decisions as store
from services.shared import clock
from services.shared.contracts import answers, files
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import decisions as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, trail
from services.shared.persistence.database import Database, retrying
from services.shared.presentation import pdf

ACCEPTED: Final = "accepted"
DECLINED: Final = "declined"


def get_decision(
    database: Database, cooperative_id: str, application_id: str
) -> dict[str, Any]:
    """Where the decision on an application stands."""
    with database.tenant(cooperative_id) as session:
        application = applications_store.find_application(session, application_id)
        return ballot(session, applications.found(application))


def get_letter(
    database: Database,
    cooperative_id: str,
    command: dict[str, Any],
    *,
    member_id: str | None = None,
) -> dict[str, Any]:
    """The decision letter, as JSON or on paper; only to ``member_id`` if given.

    Raises NotFound before there is one.
    """
    with database.tenant(cooperative_id) as session:
        application = applications.found(
            applications_store.find_application(session, command["application_id"])
        )
        require_own(application, member_id)
        decision = _found(store.find_decision(session, application.id))
    if command["format"] == files.JSON:
        return decision.letter
    name = f"{decision.number.replace('/', '-')}.pdf"
    return files.file_of(name, pdf.MEDIA_TYPE, letters.decision(decision.letter))


@retrying
def answer_offer(
    database: Database,
    actor: Actor,
    command: dict[str, Any],
    answer: str,
    *,
    member_id: str | None = None,
) -> dict[str, Any]:
    """The member accepts the conditions, or declines and the application ends.

    Raises ApplicationNotReady when nothing is offered, NotFound for an application
    of another than ``member_id``.
    """

    def keep(session: Session) -> dict[str, Any]:
        application = applications.locked(session, command["application_id"])
        require_own(application, member_id)
        decision = store.find_decision(session, application.id)
        if application.status != states.OFFERED or decision is None:
            raise loans_contract.ApplicationNotReady(
                details={"status": application.status}
            )
        decision.answer = answer
        decision.answered_at, decision.answered_by = clock.now(), actor.subject
        is_accepted = answer == ACCEPTED
        applications.move(
            session,
            actor,
            application,
            states.APPROVED if is_accepted else states.WITHDRAWN,
        )
        return answers.one(contract.Decision(), decision_facts(decision))

    return idempotency.once(database, actor, command, keep)


@retrying
def send_back(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Let the application be verified again: the committee wants to know more.

    It waits at the place that it had in the line, and votes on it lapse. Raises
    ApplicationNotReady.
    """

    def back(session: Session) -> dict[str, Any]:
        application = applications.locked(session, command["application_id"])
        if application.status != states.VERIFIED:
            raise loans_contract.ApplicationNotReady(
                details={"status": application.status}
            )
        for status in (states.VERIFYING, states.QUEUED):
            applications.move(session, actor, application, status)
        queue.enter(session, application, lines.VERIFICATION)
        trail.note(
            session,
            actor,
            "application.sent_back",
            application.id,
            after={"reason": command["reason"]},
        )
        return ballot(session, application)

    return idempotency.once(database, actor, command, back)


def require_own(application: LoanApplication, member_id: str | None) -> None:
    """Let a member see its own application only. Raises NotFound."""
    if member_id is not None and application.member_id != member_id:
        raise NotFound("There is no such application.")


def _found(decision: LoanDecision | None) -> LoanDecision:
    if decision is None:
        raise NotFound("Nothing was decided on this application yet.")
    return decision
