"""What is told of a member when its identity is checked."""

from __future__ import annotations

import base64
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members import store
from services.members.domain import documents as kinds
from services.members.models import Member
from services.members.operations import audit, directory, documents
from services.members.operations.membership import found
from services.shared.identity import Actor
from services.shared.persistence.database import Database
from services.shared.settings import Settings

TOLD: Final = ("nik", "birth_date", "gender", "address", "phone", "email")
BIRTH_PLACE: Final = "birth_place"
"""The question of a cooperative's own form that is understood here, if it is there."""


def get_identity(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """The whole identity of a member; who looked is written down (R107)."""
    wanted = command["with_photos"]
    with database.tenant(actor.cooperative_id) as session:
        member = found(store.find_member(session, command["member_id"]))
        data = directory.personal(session, settings, member)
        selfie = _photo(session, settings, member, kinds.SELFIE) if wanted else None
        ktp = _photo(session, settings, member, kinds.KTP) if wanted else None
        audit.record(session, actor, "member.nik_viewed", member.id)
    place = (data["extra"] or {}).get(BIRTH_PLACE)
    return {
        "member_id": member.id,
        "name": member.name,
        "birth_place": place if isinstance(place, str) else None,
        **{name: data[name] for name in TOLD},
        "selfie_b64": selfie,
        "ktp_b64": ktp,
    }


def _photo(
    session: Session, settings: Settings, member: Member, kind: str
) -> str | None:
    content = documents.newest_photo(session, settings, member, kind)
    return None if content is None else base64.b64encode(content).decode("ascii")
