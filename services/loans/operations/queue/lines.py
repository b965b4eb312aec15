"""How an application comes into a line and out of it, in somebody else's transaction.

Whoever calls holds the application's row locked. The line is locked after it, never
before: that order is the same everywhere, so nobody waits in a circle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import queue as domain
from services.loans.models import LoanApplication, QueueEntry, QueueEvent, QueueSettings
from services.loans.store import queue as store
from services.loans.store import scoring
from services.shared import clock, identifiers
from services.shared.contracts.loans import queue as contract
from services.shared.identity import Actor

DEFAULTS: Final = {
    "verification_discipline": domain.FCFS,
    "orders_disbursements": False,
    "disbursement_discipline": domain.FCFS,
}
"""What holds for a cooperative that has said nothing."""


def settings_of(session: Session, cooperative_id: str) -> QueueSettings:
    """How a cooperative orders its lines."""
    found = store.find_settings(session, cooperative_id)
    return found or QueueSettings(cooperative_id=cooperative_id, **DEFAULTS)


def discipline_of(session: Session, cooperative_id: str, line: str) -> str:
    """In which order a line stands."""
    settings = settings_of(session, cooperative_id)
    if line == domain.VERIFICATION:
        return settings.verification_discipline
    return settings.disbursement_discipline


def enter(session: Session, application: LoanApplication, line: str) -> None:
    """Put an application into a line, or back to its old place if it stands there.

    Verification counts from when "Ajukan Pinjaman" was pressed. A cooperative that
    does not order its disbursements has no second line: nothing is done then.
    """
    known = store.open_entry(session, application.id, line)
    if known is not None:
        give_back(session, None, application, line)
        return
    cooperative_id = application.cooperative_id
    settings = settings_of(session, cooperative_id)
    if line == domain.DISBURSEMENT and not settings.orders_disbursements:
        return
    now = clock.now()
    applied = application.applied_at if line == domain.VERIFICATION else None
    score = scoring.latest_scores(session, [application.id]).get(application.id)
    number = store.lock(session, cooperative_id, line)
    entry = QueueEntry(
        id=identifiers.new("que"),
        cooperative_id=cooperative_id,
        line=line,
        application_id=application.id,
        number=number,
        arrived_at=applied or now,
        score_bps=None if score is None else score.score_bps,
        urgency=application.urgency,
        state=domain.WAITING,
    )
    store.add_entry(session, entry)
    _log(session, entry, number, domain.ARRIVED, arrived_at=entry.arrived_at)


def begin(
    session: Session,
    actor: Actor,
    application: LoanApplication,
    line: str,
    reason: str | None = None,
) -> None:
    """Begin to serve one that waits: the first of its line, or another for a reason.

    Does nothing for one that stands in no such line. Raises NotNextInLine.
    """
    entry = store.open_entry(session, application.id, line)
    if entry is None or entry.state != domain.WAITING:
        return
    position_in_log = store.lock(session, application.cooperative_id, line)
    discipline = discipline_of(session, application.cooperative_id, line)
    ahead = store.count_ahead_of(session, entry, discipline)
    if ahead and not reason:
        raise contract.NotNextInLine(details={"ahead": ahead})
    serve(
        session,
        entry,
        actor,
        position_in_log,
        reason=reason if ahead else None,
    )


def serve(
    session: Session,
    entry: QueueEntry,
    actor: Actor,
    position_in_log: int,
    *,
    passed_over: Sequence[str] = (),
    reason: str | None = None,
) -> None:
    """Whoever ``actor`` is works on it from now on; the line is locked."""
    entry.state, entry.analyst = domain.SERVING, actor.subject
    if entry.started_at is None:
        entry.started_at = max(clock.now(), entry.arrived_at)
    session.flush()
    _log(
        session,
        entry,
        position_in_log,
        domain.TAKEN,
        passed_over=list(passed_over),
        reason=reason,
        actor=actor.subject,
    )


def give_back(
    session: Session,
    actor: Actor | None,
    application: LoanApplication,
    line: str,
    reason: str | None = None,
) -> None:
    """Let one that was being served wait again, at the place it had."""
    known = store.open_entry(session, application.id, line)
    if known is None or known.state != domain.SERVING:
        return
    position_in_log = store.lock(session, application.cooperative_id, line)
    known.state, known.analyst = domain.WAITING, None
    session.flush()
    _log(
        session,
        known,
        position_in_log,
        domain.RETURNED,
        reason=reason,
        actor=None if actor is None else actor.subject,
    )


def leave(
    session: Session, application: LoanApplication, line: str, outcome: str
) -> None:
    """Take an application out of a line, done or not; nothing if it stands in none.

    ``outcome`` is the state that it goes on to: verified, rejected, withdrawn,
    disbursed.
    """
    entry = store.open_entry(session, application.id, line)
    if entry is None:
        return
    position_in_log = store.lock(session, application.cooperative_id, line)
    started = entry.started_at or entry.arrived_at
    entry.state, entry.outcome = domain.DONE, outcome
    entry.ended_at = max(clock.now(), started)
    session.flush()
    _log(session, entry, position_in_log, domain.LEFT, reason=outcome)


def rescore(session: Session, application: LoanApplication, score_bps: int) -> None:
    """Tell the lines that an application stands in of its new score.

    The application's row need not be locked: nobody is passed over for being scored.
    """
    for line in domain.LINES:
        if store.open_entry(session, application.id, line) is None:
            continue
        position_in_log = store.lock(session, application.cooperative_id, line)
        entry = store.latest_entry(session, application.id, line)
        entry.score_bps = score_bps
        session.flush()
        # Also of one that has left meanwhile: a log without gaps has nothing to hide.
        _log(session, entry, position_in_log, domain.SCORED)


def position(
    session: Session, application: LoanApplication, line: str = domain.VERIFICATION
) -> int | None:
    """At which place an application waits: 1 is next. None when it does not wait."""
    entry = store.open_entry(session, application.id, line)
    if entry is None or entry.state != domain.WAITING:
        return None
    discipline = discipline_of(session, application.cooperative_id, line)
    return store.count_ahead_of(session, entry, discipline) + 1


def _log(
    session: Session,
    entry: QueueEntry,
    position_in_log: int,
    kind: str,
    **columns: Any,
) -> None:
    plain: dict[str, Any] = {
        "arrived_at": None,
        "passed_over": [],
        "reason": None,
        "actor": None,
    }
    store.add_event(
        session,
        QueueEvent(
            cooperative_id=entry.cooperative_id,
            line=entry.line,
            position=position_in_log,
            at=clock.now(),
            kind=kind,
            entry_id=entry.id,
            discipline=discipline_of(session, entry.cooperative_id, entry.line),
            score_bps=entry.score_bps,
            urgency=entry.urgency,
            **(plain | columns),
        ),
    )
