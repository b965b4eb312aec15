"""How a person decides about a check that could not be decided by itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.kyc.domain import checks as domain
from services.kyc.operations.checks import ending, views
from services.kyc.store import checks as store
from services.shared import clock
from services.shared.contracts.kyc import checks as contract
from services.shared.errors import NotFound, SameProposer
from services.shared.identity import Actor
from services.shared.persistence import idempotency, outbox, trail
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings


@retrying
def review_check(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """The final result of a check with TINJAU, with its reason.

    Raises CheckNotForReview, and SameProposer for who has asked for the check.
    """

    def review(session: Session) -> dict[str, Any]:
        check = store.lock_check(session, command["check_id"])
        if check is None:
            raise NotFound("There is no such check.")
        if not domain.is_reviewable(check.status, check.assessed, check.reviewed_by):
            raise contract.CheckNotForReview
        if check.requested_by == actor.subject:
            raise SameProposer
        check.result = command["result"]
        check.reviewed_by, check.review_reason = actor.subject, command["reason"]
        check.reviewed_at = clock.now()
        session.flush()
        trail.note(
            session,
            actor,
            "kyc.check_reviewed",
            check.id,
            before={"result": domain.REVIEW},
            after={"result": check.result, "reason": check.review_reason},
        )
        outbox.add(session, contract.CHECK_REVIEWED, ending.event_of(check))
        [shown] = views.show(session, settings, actor.cooperative_id, [check])
        return shown

    return idempotency.once(database, actor, command, review)
