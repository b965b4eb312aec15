"""How a check ends: what was found is kept, and told to whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from services.kyc.domain import checks as domain
from services.kyc.domain.checks import Part
from services.kyc.models import Check
from services.kyc.operations import screening, sealing
from services.kyc.operations.checks.desk import Run
from services.kyc.store import checks as store
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts.kyc import checks as contract
from services.shared.persistence import outbox, trail
from services.shared.persistence.database import retrying


@retrying
def finish(run: Run, judge: Callable[[Session], list[Part]]) -> Check | None:
    """Keep what was found, and look for the member on the lists, in one transaction."""
    desk, check, person = run.desk, run.check, run.identity.person
    with desk.database.tenant(desk.tenant) as session:
        locked = store.lock_check(session, check.id)
        if locked is None or locked.status != check.status:
            return None
        parts = judge(session)
        own = sealing.cipher(session, desk.settings, desk.tenant)
        store.add_parts(
            session,
            [
                {
                    "check_id": check.id,
                    "kind": part.kind,
                    "cooperative_id": desk.tenant,
                    "position": position,
                    "result": part.result,
                    "score": part.score,
                    "detail": sealing.sealed(
                        own, part_place(check.id, part.kind), dict(part.detail)
                    ),
                }
                for position, part in enumerate(parts, 1)
            ],
        )
        sought = screening.Sought(
            member_id=check.member_id, name=person.name, born=person.birth_date
        )
        screening.screen(session, desk.settings, desk.actor, sought)
        result = domain.overall(parts)
        return _conclude(
            session, run, status=domain.DONE, assessed=result, result=result
        )


@retrying
def end(run: Run, status: str, **values: Any) -> Check | None:
    """A check that ends without a result."""
    with run.desk.database.tenant(run.desk.tenant) as session:
        return _conclude(session, run, status=status, **values)


def _conclude(session: Session, run: Run, **values: Any) -> Check | None:
    """The end of a check, told to whoever waits for it and to the trail."""
    check = store.advance(
        session,
        run.check.id,
        run.check.status,
        finished_at=clock.now(),
        due_at=None,
        **values,
    )
    if check is None:
        return None
    told = {"status": check.status, "result": check.result, "fault": check.fault}
    trail.note(session, run.desk.actor, "kyc.check_finished", check.id, after=told)
    outbox.add(session, contract.CHECK_FINISHED, event_of(check))
    return check


def event_of(check: Check) -> dict[str, Any]:
    """What is told of a check that ended or was reviewed."""
    told = {
        "cooperative_id": check.cooperative_id,
        "check_id": check.id,
        "member_id": check.member_id,
        "reference": check.reference,
        "feature": check.feature,
        "status": check.status,
        "result": check.result,
    }
    return answers.one(contract.CheckEvent(), told)


def part_place(check_id: str, kind: str) -> str:
    """What the encrypted detail of a part is bound to."""
    return f"check_parts.detail:{check_id}:{kind}"
