"""From which score on somebody passes: the hub's word, or the cooperative's own."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from services.kyc.domain.checks import Thresholds
from services.kyc.store import checks as store
from services.shared.identity import Actor
from services.shared.persistence import trail
from services.shared.persistence.database import Database, retrying


def get_check_settings(database: Database, cooperative_id: str) -> dict[str, Any]:
    """The thresholds in force."""
    with database.tenant(cooperative_id) as session:
        return asdict(in_force(session, cooperative_id))


@retrying
def put_check_settings(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Set the thresholds of checks that are judged from now on."""
    with database.tenant(actor.cooperative_id) as session:
        before = asdict(in_force(session, actor.cooperative_id))
        store.put_settings(session, actor.cooperative_id, command)
        trail.note(
            session,
            actor,
            "kyc.settings_changed",
            actor.cooperative_id,
            before=before,
            after=command,
        )
    return command


def in_force(session: Session, cooperative_id: str) -> Thresholds:
    """The thresholds that a check is judged by."""
    own = store.find_settings(session, cooperative_id)
    if own is None:
        return Thresholds()
    return Thresholds(
        name_pass=own.name_pass,
        name_review=own.name_review,
        face_pass=own.face_pass,
        face_review=own.face_review,
        are_photos_required=own.are_photos_required,
    )
