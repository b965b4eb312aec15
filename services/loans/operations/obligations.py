"""What too much NPF at a month's end obliges to: a job opens it, staff closes it.

The job opens it in the transaction that keeps the picture of the month's end, out of
that picture: so there is one for every month's end that asks for it, and never two.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from services.loans.domain import obligations as domain
from services.loans.domain import ratios
from services.loans.domain.arrears import NON_PERFORMING, Settings
from services.loans.models import NpfObligation
from services.loans.operations.job_context import ACTOR
from services.loans.store import obligations as store
from services.loans.store import portfolio as portfolio_store
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts.loans import obligations as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, trail
from services.shared.persistence.database import Database, retrying


def open_for(
    session: Session, cooperative_id: str, month_end: date, settings: Settings
) -> None:
    """Open what the picture of a month's end obliges to, if it does."""
    aged = portfolio_store.ageing(session, cooperative_id, month_end)
    bad = sum(one.outstanding for one in aged if one.collectibility >= NON_PERFORMING)
    npf = ratios.ratio_bps(bad, sum(one.outstanding for one in aged))
    level = domain.level_of(npf, settings.bounds)
    if level is None:
        return
    is_new = store.add(
        session,
        cooperative_id=cooperative_id,
        day=month_end,
        npf_bps=npf,
        limit_bps=settings.bounds.npf_plan_bps,
        level=level,
        due_on=domain.due_on(month_end),
        opened_at=clock.now(),
    )
    if is_new:
        trail.note(
            session,
            Actor(cooperative_id=cooperative_id, subject=ACTOR),
            "npf_obligation.opened",
            month_end.isoformat(),
            after={"npf_bps": npf, "level": level},
        )


def list_obligations(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """What was owed and what is, the latest month first."""
    is_open, limit = command["is_open"], command["limit"]
    owner = f"npf_obligations {cooperative_id} {is_open}"
    place = answers.position(owner, command["cursor"])
    with database.tenant(cooperative_id) as session:
        rows = store.list_obligations(
            session,
            cooperative_id,
            is_open=is_open,
            before=None if place is None else date.fromisoformat(place),
            limit=limit + 1,
        )
    items = [_answer(one) for one in rows[:limit]]
    next_cursor = None
    if len(rows) > limit:
        next_cursor = answers.cursor_at(owner, items[-1]["day"])
    return {"items": items, "next_cursor": next_cursor}


@retrying
def close(database: Database, actor: Actor, command: dict[str, Any]) -> dict[str, Any]:
    """Say what was done and where the papers are. Raises NotFound, ObligationClosed."""

    def decide(session: Session) -> dict[str, Any]:
        obligation = store.lock(session, actor.cooperative_id, command["day"])
        if obligation is None:
            raise NotFound("No NPF of this day obliges to anything.")
        if obligation.closed_at is not None:
            raise contract.ObligationClosed
        obligation.note = command["note"]
        obligation.document = command["document"]
        obligation.closed_by, obligation.closed_at = actor.subject, clock.now()
        session.flush()
        trail.note(
            session,
            actor,
            "npf_obligation.closed",
            obligation.day.isoformat(),
            after={"document": obligation.document},
        )
        return _answer(obligation)

    return idempotency.once(database, actor, command, decide)


def _answer(obligation: NpfObligation) -> dict[str, Any]:
    columns = {
        name: getattr(obligation, name)
        for name in contract.NpfObligation().fields
        if name != "is_overdue"
    }
    is_overdue = (
        obligation.closed_at is None and obligation.due_on < clock.business_date()
    )
    return answers.one(contract.NpfObligation(), columns | {"is_overdue": is_overdue})
