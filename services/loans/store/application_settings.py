"""How a cooperative's rules for applications are read and written."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.loans.models import ApplicationSettings


def find_settings(session: Session, cooperative_id: str) -> ApplicationSettings | None:
    """The rules that the cooperative has set, None while it has not."""
    return session.get(ApplicationSettings, cooperative_id)


def keep_settings(session: Session, cooperative_id: str, **columns: Any) -> None:
    """Keep new rules."""
    session.execute(
        insert(ApplicationSettings)
        .values(cooperative_id=cooperative_id, **columns)
        .on_conflict_do_update(index_elements=["cooperative_id"], set_=columns)
    )
    session.expire_all()
