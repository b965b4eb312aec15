"""How a verification ends: before the committee, or not."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.loans.domain import applications as states
from services.loans.domain import queue as lines
from services.loans.domain import verification as domain
from services.loans.domain.peers import Asked
from services.loans.models import LoanApplication
from services.loans.operations import application_views, limits, queue
from services.loans.operations.applications import found, move, product_of
from services.loans.operations.verification.analysis import taken
from services.loans.operations.verification.readiness import missing
from services.loans.store import applications as applications_store
from services.shared import clock
from services.shared.contracts.loans import verification as contract
from services.shared.contracts.loans.decisions import OwnLoan
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings


def finish_verification(
    database: Database,
    settings: Settings,
    asked: Asked,
    actor: Actor,
    by: Identity,
    command: dict[str, Any],
) -> dict[str, Any]:
    """Bring an application before the committee, once nothing is missing.

    The limits are assessed anew just before; a wish beyond them is no hindrance where
    the committee may lend less, or for longer. Raises VerificationIncomplete naming
    everything that is missing, NotYourApplication, ApplicationNotReady, and OwnLoan for
    an analyst who is the borrower: somebody else has to take it.
    """
    with database.tenant(actor.cooperative_id) as session:
        application = found(
            applications_store.find_application(session, command["application_id"])
        )
    if application.member_id == by.member_id:
        raise OwnLoan
    known = limits.keep_limits(
        database, settings, asked, actor, command["application_id"]
    )
    return _finish(database, settings, actor, command, known.facts)


def reject_application(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Reject what does not come before the committee, with the reason.

    Raises NotYourApplication and ApplicationNotReady.
    """
    return _finish(database, settings, actor, command, None)


@retrying
def _finish(
    database: Database,
    settings: Settings,
    actor: Actor,
    command: dict[str, Any],
    facts: limits.Facts | None,
) -> dict[str, Any]:
    """Pass what is within the limits by ``facts``, reject where none are given."""

    def finish(session: Session) -> dict[str, Any]:
        application, verification = taken(session, actor, command["application_id"])
        outcome, status = domain.REJECTED, states.REJECTED
        if facts is not None:
            outcome, status = domain.PASSED, states.VERIFIED
            _refuse_incomplete(session, application, facts)
        verification.outcome = outcome
        verification.reason = command.get("reason")
        verification.finished_by = actor.subject
        verification.finished_at = clock.now()
        move(session, actor, application, status)
        queue.leave(session, application, lines.VERIFICATION, status)
        return application_views.details(session, settings, application)

    return idempotency.once(database, actor, command, finish)


def _refuse_incomplete(
    session: Session, application: LoanApplication, facts: limits.Facts
) -> None:
    product = product_of(session, application.product_id)
    hopeless = limits.against_any(session, facts, application, product)
    codes = missing(session, application, product, hopeless)
    if codes:
        raise contract.VerificationIncomplete(
            details={
                "missing": codes,
                "errors": [
                    {
                        "field": f"verification.{code}",
                        "code": code,
                        "detail": contract.MISSING[code],
                    }
                    for code in codes
                ],
            }
        )
