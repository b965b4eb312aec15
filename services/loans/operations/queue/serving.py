"""How staff work on a line: look at it, take the next, hand one back."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.loans.domain import applications as states
from services.loans.domain import queue as domain
from services.loans.models import LoanApplication, QueueEntry
from services.loans.operations import applications
from services.loans.operations.queue import lines
from services.loans.store import queue as store
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts.loans import queue as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, trail
from services.shared.persistence.database import Database, retrying


def get_settings(database: Database, cooperative_id: str) -> dict[str, Any]:
    """How the cooperative orders its lines."""
    with database.tenant(cooperative_id) as session:
        found = lines.settings_of(session, cooperative_id)
        return answers.one(contract.QueueSettings(), found)


@retrying
def put_settings(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Another order from now on; who waits is sorted anew, who is served stays."""
    before = get_settings(database, actor.cooperative_id)
    with database.tenant(actor.cooperative_id) as session:
        store.keep_settings(session, actor.cooperative_id, **command)
        trail.note(
            session,
            actor,
            "queue_settings.changed",
            actor.cooperative_id,
            before=before,
            after=command,
        )
    return answers.one(contract.QueueSettings(), command)


def list_queue(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """A line in its present order, or who of it is being served."""
    line, state, limit = command["line"], command["state"], command["limit"]
    owner = f"loan queue {cooperative_id} {line} {state}"
    # A line moves while it is looked at: the page begins at a place, not at somebody.
    after = int(answers.position(owner, command["cursor"]) or 0)
    with database.tenant(cooperative_id) as session:
        if state == domain.WAITING:
            discipline = lines.discipline_of(session, cooperative_id, line)
            waiting = store.list_waiting(
                session, line, discipline, after=after, limit=limit + 1
            )
            items = [_answer(*placed) for placed in waiting]
        else:
            serving = store.list_serving(session, line, after=after, limit=limit + 1)
            items = [_answer(*standing, None) for standing in serving]
    has_more = len(items) > limit
    return {
        "items": items[:limit],
        "next_cursor": answers.cursor_at(owner, str(after + limit))
        if has_more
        else None,
    }


@retrying
def take_next(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Give the first of a line to the analyst who asks, and nobody else.

    An application that somebody is just changing is passed over, and the log says so.
    Raises QueueEmpty, TakenByDisbursing for the line of those who wait for cash.
    """
    line, cooperative_id = command["line"], actor.cooperative_id
    if line != domain.VERIFICATION:
        raise contract.TakenByDisbursing

    def take(session: Session) -> dict[str, Any]:
        position_in_log = store.lock(session, cooperative_id, line)
        discipline = lines.discipline_of(session, cooperative_id, line)
        first = store.take_first(session, line, discipline)
        if first is None:
            raise contract.QueueEmpty
        passed_over = store.ahead_of(session, first.entry, discipline)
        lines.serve(
            session, first.entry, actor, position_in_log, passed_over=passed_over
        )
        applications.move(session, actor, first.application, states.VERIFYING)
        return _answer(first.entry, first.application, None)

    return idempotency.once(database, actor, command, take)


@retrying
def hand_back(
    database: Database, actor: Actor, command: dict[str, Any], *, may_for_others: bool
) -> dict[str, Any]:
    """Put an application back to the place it had, for another analyst to take.

    ``may_for_others`` is for those who may do it in the place of an analyst who is
    away. Raises NotFound, EntryNotServed, TakenByAnother.
    """

    def give_back(session: Session) -> dict[str, Any]:
        application = _application_of(session, command)
        entry = store.open_entry(session, application.id, command["line"])
        if entry is None or entry.state != domain.SERVING:
            raise contract.EntryNotServed
        if entry.line != domain.VERIFICATION:
            raise contract.TakenByDisbursing
        if entry.analyst != actor.subject and not may_for_others:
            raise contract.TakenByAnother
        applications.move(session, actor, application, states.QUEUED)
        lines.give_back(session, actor, application, entry.line, command["reason"])
        return _answer(
            entry, application, lines.position(session, application, entry.line)
        )

    return idempotency.once(database, actor, command, give_back)


def _application_of(session: Session, command: dict[str, Any]) -> LoanApplication:
    """The application of an entry of this line, locked before the line is."""
    entry = store.find_entry(session, command["entry_id"])
    if entry is None or entry.line != command["line"]:
        raise NotFound("There is no such entry in this line.")
    return applications.locked(session, entry.application_id)


def _answer(
    entry: QueueEntry, application: LoanApplication, position: int | None
) -> dict[str, Any]:
    waited_until = entry.started_at or entry.ended_at or clock.now()
    waited = (waited_until - entry.arrived_at).total_seconds()
    return answers.one(
        contract.QueueEntry(),
        {
            "id": entry.id,
            "line": entry.line,
            "application_id": entry.application_id,
            "number": application.number,
            "member_id": application.member_id,
            "member_name": application.member_name,
            "amount": application.amount,
            "state": entry.state,
            "position": position,
            "arrived_at": entry.arrived_at,
            "started_at": entry.started_at,
            "waiting_seconds": max(int(waited), 0),
            "score_bps": entry.score_bps,
            "urgency": entry.urgency,
            "analyst": entry.analyst,
        },
    )
