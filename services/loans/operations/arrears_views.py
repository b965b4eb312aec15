"""By which tables arrears are judged, and how a loan stood day by day."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from services.loans.domain.arrears import Settings
from services.loans.models import ArrearsSettings
from services.loans.operations import loans
from services.loans.store import arrears as store
from services.loans.store import loans as loans_store
from services.loans.store import portfolio as portfolio_store
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts.loans import arrears as contract
from services.shared.identity import Actor
from services.shared.persistence import trail
from services.shared.persistence.database import Database, retrying


def get_settings(database: Database, cooperative_id: str) -> dict[str, Any]:
    """The tables in force: the cooperative's own, or the defaults."""
    with database.tenant(cooperative_id) as session:
        return _shown(store.settings_of(session, cooperative_id))


@retrying
def put_settings(
    database: Database, actor: Actor, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """New tables; loans are judged by them from the next look on."""
    with database.tenant(cooperative_id) as session:
        before = _shown(store.settings_of(session, cooperative_id))
        store.keep_settings(
            session,
            ArrearsSettings(
                cooperative_id=cooperative_id,
                changed_at=clock.now(),
                changed_by=actor.subject,
                **command,
            ),
        )
        after = _shown(store.settings_of(session, cooperative_id))
        trail.note(
            session,
            actor,
            "arrears_settings.changed",
            cooperative_id,
            before=before,
            after=after,
        )
    return after


def get_history(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """How a loan stood, the latest first. Raises NotFound."""
    loan_id, limit = command["loan_id"], command["limit"]
    owner = f"loan history {cooperative_id} {loan_id}"
    before = answers.position(owner, command["cursor"])
    with database.tenant(cooperative_id) as session:
        loans.found(loans_store.find_loan(session, loan_id))
        rows = portfolio_store.history(
            session, cooperative_id, loan_id, before=before, limit=limit + 1
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="place")
    return {
        "items": answers.many(contract.LoanDay(), shown),
        "next_cursor": next_cursor,
    }


def _shown(settings: Settings) -> dict[str, Any]:
    return answers.one(contract.ArrearsSettings(), asdict(settings))
