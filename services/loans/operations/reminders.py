"""When borrowers are reminded of their instalments."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.operations.job_context import Job, JobContext
from services.loans.store import reminders as store
from services.shared.contracts import answers
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import reminders as contract
from services.shared.identity import Actor
from services.shared.persistence import trail
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.jobs import Step

EVENTS: Final = (loans_contract.INSTALMENT_DUE, loans_contract.INSTALMENT_OVERDUE)


@retrying
def remind(context: JobContext, position: str | None) -> Step:
    """Tell of what falls due soon or is late and was not told yet: one step."""
    del position
    day = context.business_date
    with context.database.tenant(context.cooperative_id) as session:
        settings = _settings(session, context.cooperative_id)
        before = settings["days_before"]
        told = store.remind(
            session,
            context.cooperative_id,
            day=day,
            until=day + timedelta(days=max(before, default=0)),
            before=before,
            after=settings["days_after"],
            events=EVENTS,
        )
    return Step(done=told)


JOB: Final = Job(name="loan_reminders", is_due=lambda _day: True, run=remind)
"""Every day; what was missed is told on the next."""


def get_settings(database: Database, cooperative_id: str) -> dict[str, Any]:
    """When the cooperative's borrowers are told."""
    with database.tenant(cooperative_id) as session:
        return _settings(session, cooperative_id)


@retrying
def put_settings(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Tell borrowers at other times from now on."""
    before = sorted(set(command["days_before"]), reverse=True)
    after = sorted(set(command["days_after"]))
    with database.tenant(actor.cooperative_id) as session:
        old = _settings(session, actor.cooperative_id)
        store.put_settings(session, actor.cooperative_id, before, after)
        new = {"days_before": before, "days_after": after}
        if new != old:
            trail.note(
                session,
                actor,
                "reminder_settings.changed",
                actor.cooperative_id,
                before=old,
                after=new,
            )
    return answers.one(contract.ReminderSettings(), new)


def _settings(session: Session, cooperative_id: str) -> dict[str, Any]:
    found = store.find_settings(session, cooperative_id)
    if found is not None:
        return answers.one(contract.ReminderSettings(), found)
    return {
        "days_before": list(contract.DAYS_BEFORE),
        "days_after": list(contract.DAYS_AFTER),
    }
