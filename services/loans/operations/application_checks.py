"""Checks of the identity of who applies: asked of the kyc service, once (R32-R38).

The request is stored before it is made, so that whoever asks again asks for the same
check. What is still being checked is told by an event when it is done.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import applications as states
from services.loans.domain.peers import Kyc
from services.loans.models import ApplicationCheck, LoanApplication
from services.loans.operations.applications import found, locked
from services.loans.store import application_checks as store
from services.loans.store import applications as applications_store
from services.shared import clock, identifiers
from services.shared.contracts import answers, loans
from services.shared.contracts.loans import application_checks as contract
from services.shared.errors import RefusedError
from services.shared.identity import Actor
from services.shared.persistence import inbox, trail
from services.shared.persistence.database import Database, retrying

REQUESTED: Final = "requested"
REFUSED: Final = "refused"
DONE: Final = "done"
TO_REVIEW: Final = "TINJAU"
OPEN: Final = (REQUESTED, "checking", DONE)
"""What is asked for again instead of a new check: it may have cost a fee already."""

_CHECKABLE: Final = frozenset(
    {states.DRAFT, states.QUEUED, states.VERIFYING, states.VERIFIED}
)


def request_check(
    database: Database, kyc: Kyc, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Have who applies checked, by the feature that the amount asks for (R33, R37).

    Raises NotFound, ApplicationNotReady, and what the kyc service refuses: a wallet
    that is too low is one of it, and nothing was charged then.
    """
    application, check = _intend(database, actor, command["application_id"])
    if check.status == DONE:
        return answers.one(contract.ApplicationCheck(), check)
    consent = command["consent"]
    try:
        answer = kyc.request_check(
            {
                "request_id": _request_id(check),
                "member_id": application.member_id,
                "feature": application.feature,
                "applied_amount": application.amount,
                "consent": {**consent, "at": consent["at"].isoformat()},
                "reference": application.id,
            }
        )
    except RefusedError as error:
        _keep(database, check, {"status": REFUSED, "fault": error.code})
        raise
    return _keep(database, check, _told(answer))


def list_checks(
    database: Database, cooperative_id: str, application_id: str
) -> dict[str, Any]:
    """All checks of an application, oldest first. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        application = found(
            applications_store.find_application(session, application_id)
        )
        checks = store.list_checks(session, application.id)
        return {"items": answers.many(contract.ApplicationCheck(), checks)}


def take_result(
    database: Database, kyc: Kyc, event_id: str, payload: dict[str, Any]
) -> None:
    """Take over how a check ended, or what a reviewer made of it."""
    cooperative_id, reference = payload["cooperative_id"], payload["reference"]
    with database.tenant(cooperative_id) as session:
        known = _known(session, reference, payload["check_id"])
    if known is None:
        return
    # What counts is what it says now: events may come out of order.
    answer = kyc.get_check({"check_id": payload["check_id"]})
    _take_over(database, event_id, known, answer)


@retrying
def _take_over(
    database: Database,
    event_id: str,
    known: ApplicationCheck,
    answer: dict[str, Any],
) -> None:
    with database.tenant(known.cooperative_id) as session:
        if inbox.first_time(session, "loans.check_result", event_id):
            _write(session, known, _told(answer))


def _known(
    session: Session, application_id: str | None, check_id: str
) -> ApplicationCheck | None:
    """The request that an event is about; None for a check of something else."""
    if application_id is None:
        return None
    check = store.newest_check(session, application_id)
    if check is None or check.check_id not in {None, check_id}:
        return None
    return check


@retrying
def _intend(
    database: Database, actor: Actor, application_id: str
) -> tuple[LoanApplication, ApplicationCheck]:
    """The request that stands, or a new one after the last has come to nothing."""
    with database.tenant(actor.cooperative_id) as session:
        application = locked(session, application_id)
        if application.status not in _CHECKABLE:
            raise loans.ApplicationNotReady(details={"status": application.status})
        last = store.newest_check(session, application.id)
        is_same = last is not None and last.feature == application.feature
        if last is not None and is_same and last.status in OPEN:
            return application, last
        check = ApplicationCheck(
            application_id=application.id,
            attempt=last.attempt + 1 if last else 1,
            cooperative_id=application.cooperative_id,
            feature=application.feature,
            status=REQUESTED,
            parts=[],
            fee_amount=0,
            requested_by=actor.subject,
            requested_at=clock.now(),
        )
        store.add_check(session, check)
        trail.note(
            session,
            actor,
            "application.check_requested",
            application.id,
            after={"feature": check.feature, "attempt": check.attempt},
        )
        return application, check


@retrying
def _keep(
    database: Database, check: ApplicationCheck, told: dict[str, Any]
) -> dict[str, Any]:
    with database.tenant(check.cooperative_id) as session:
        kept = _write(session, check, told)
        return answers.one(contract.ApplicationCheck(), kept)


def _write(
    session: Session, check: ApplicationCheck, told: dict[str, Any]
) -> ApplicationCheck:
    locked(session, check.application_id)
    kept = store.find_check(session, check.application_id, check.attempt) or check
    if not _is_behind(kept, told):
        for name, value in told.items():
            setattr(kept, name, value)
        kept.answered_at = clock.now()
        session.flush()
    return kept


def _is_behind(kept: ApplicationCheck, told: dict[str, Any]) -> bool:
    """Whether more is known already: answers and events overtake each other."""
    if kept.status != DONE:
        return False
    is_reviewed = kept.result != TO_REVIEW and told.get("result") == TO_REVIEW
    return told["status"] != DONE or is_reviewed


def _told(answer: dict[str, Any]) -> dict[str, Any]:
    """What is kept of the answer; what it was judged by stays where it was made."""
    is_done = answer["status"] == DONE
    return {
        "status": answer["status"],
        "check_id": answer["id"],
        "result": answer["result"] if is_done else None,
        "fault": answer["fault"],
        "parts": [
            {"kind": one["kind"], "result": one["result"], "score": one["score"]}
            for one in answer["parts"]
        ],
        "fee_amount": answer["fee_amount"],
    }


def _request_id(check: ApplicationCheck) -> str:
    return identifiers.derived(
        "lck", check.cooperative_id, check.application_id, str(check.attempt)
    )
