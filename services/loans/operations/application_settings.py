"""What a cooperative asks of who wants a loan: the usual, or what it has said."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.loans.store import application_settings as store
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts.loans import application_settings as contract
from services.shared.identity import Actor
from services.shared.persistence import trail
from services.shared.persistence.database import Database, retrying


def rules_of(session: Session, cooperative_id: str) -> dict[str, Any]:
    """The rules in force, in the shape of `ApplicationSettings`."""
    known = store.find_settings(session, cooperative_id)
    if known is None:
        return contract.usual()
    return answers.one(contract.ApplicationSettings(), known)


def haircut_of(rules: dict[str, Any], kind: str) -> int:
    """What is taken off an appraisal of this kind, in basis points."""
    haircut: int = rules["haircuts"].get(kind, contract.HAIRCUTS[kind])
    return haircut


def get_settings(database: Database, cooperative_id: str) -> dict[str, Any]:
    """The rules in force."""
    with database.tenant(cooperative_id) as session:
        return rules_of(session, cooperative_id)


@retrying
def put_settings(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Set all rules anew; what was handed in before is verified by them too."""
    with database.tenant(actor.cooperative_id) as session:
        before = rules_of(session, actor.cooperative_id)
        store.keep_settings(
            session,
            actor.cooperative_id,
            **command,
            changed_at=clock.now(),
            changed_by=actor.subject,
        )
        after = rules_of(session, actor.cooperative_id)
        trail.note(
            session,
            actor,
            "application_settings.changed",
            actor.cooperative_id,
            before=before,
            after=after,
        )
    return after
