"""The work of an analyst: ticks, the 5C, visits and interviews."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from services.loans.domain import applications as states
from services.loans.domain import queue as lines
from services.loans.domain import verification as domain
from services.loans.models import FieldVisit, LoanApplication, Verification
from services.loans.operations.applications import locked
from services.loans.operations.verification import views
from services.loans.operations.verification.readiness import items_of
from services.loans.store import queue as queue_store
from services.loans.store import verification as store
from services.shared import clock, identifiers
from services.shared.contracts import loans
from services.shared.contracts.loans import verification as contract
from services.shared.identity import Actor
from services.shared.persistence import idempotency, keyring, trail
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings


@retrying
def tick_checklist(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Tick items off, or take ticks back.

    Raises UnknownItem, NotYourApplication, ApplicationNotReady.
    """
    with database.tenant(actor.cooperative_id) as session:
        application, verification = taken(session, actor, command["application_id"])
        known = {one["code"] for one in items_of(session, application.product_id)}
        unknown = sorted(set(command["codes"]) - known)
        if unknown:
            raise contract.UnknownItem(details={"codes": unknown})
        ticks = dict(verification.ticks)
        for code in command["codes"]:
            ticks.pop(code, None)
            if command["is_ticked"]:
                ticks[code] = {"by": actor.subject, "at": clock.now().isoformat()}
        verification.ticks = ticks
        session.flush()
        trail.note(
            session,
            actor,
            "verification.ticked",
            application.id,
            after={"codes": command["codes"], "is_ticked": command["is_ticked"]},
        )
        return views.answer(session, settings, application)


@retrying
def assess_five_c(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Score the 5C, with words to each; the words are encrypted.

    Raises NotYourApplication and ApplicationNotReady.
    """
    with database.tenant(actor.cooperative_id) as session:
        application, verification = taken(session, actor, command["application_id"])
        own = keyring.cipher(session, settings, loans.SERVICE, actor.cooperative_id)
        notes = views.notes_of(session, settings, verification)
        scores = dict(verification.scores)
        for name in domain.FIVE_C:
            given = command[name]
            if given is not None:
                scores[name], notes[name] = given["score"], given["note"]
        if command["summary"] is not None:
            notes["summary"] = command["summary"]
        verification.scores = scores
        verification.notes = own.encrypt(
            json.dumps(notes, ensure_ascii=False).encode(),
            views.place_of_notes(application.id),
        )
        session.flush()
        trail.note(
            session, actor, "verification.scored", application.id, after=dict(scores)
        )
        return views.answer(session, settings, application)


@retrying
def record_field_visit(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Keep what a visit or an interview found, at any time before the payout.

    Raises NotFound, ApplicationNotReady, DateInTheFuture.
    """

    def keep(session: Session) -> dict[str, Any]:
        application = locked(session, command["application_id"])
        if application.status in states.CLOSED:
            raise loans.ApplicationNotReady(details={"status": application.status})
        visit_id = identifiers.new("vis")
        own = keyring.cipher(session, settings, loans.SERVICE, actor.cooperative_id)
        visit = FieldVisit(
            id=visit_id,
            cooperative_id=actor.cooperative_id,
            application_id=application.id,
            kind=command["kind"],
            held_on=command["held_on"],
            conducted_by=command["conducted_by"],
            findings=own.encrypt(
                command["findings"].encode(), views.place_of_visit(visit_id)
            ),
            latitude=command["latitude"],
            longitude=command["longitude"],
            recorded_by=actor.subject,
            recorded_at=clock.now(),
        )
        store.add_visit(session, visit)
        trail.note(
            session,
            actor,
            f"application.{visit.kind}_recorded",
            application.id,
            after={"held_on": visit.held_on.isoformat()},
        )
        return views.shown_visit(session, settings, visit)

    refuse_future(command["held_on"])
    return idempotency.once(database, actor, command, keep)


def taken(
    session: Session, actor: Actor, application_id: str
) -> tuple[LoanApplication, Verification]:
    """An application that the actor has taken, locked, with its verification.

    One that the committee has sent back stands in no line: any analyst takes it up.
    """
    application = locked(session, application_id)
    if application.status != states.VERIFYING:
        raise loans.ApplicationNotReady(details={"status": application.status})
    entry = queue_store.open_entry(session, application.id, lines.VERIFICATION)
    if entry is not None and entry.analyst not in {None, actor.subject}:
        raise contract.NotYourApplication
    verification = store.begun(session, application.cooperative_id, application.id)
    verification.outcome = verification.reason = None
    verification.finished_by = verification.finished_at = None
    return application, verification


def refuse_future(day: date) -> None:
    """Raise DateInTheFuture for a day that is still to come."""
    if day > clock.business_date():
        raise contract.DateInTheFuture
