"""How the settings of lending are read and written."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.loans.models import LendingSettings


def find_settings(session: Session, cooperative_id: str) -> LendingSettings | None:
    """What the cooperative has set, None while it has set nothing."""
    return session.get(LendingSettings, cooperative_id)


def keep_settings(session: Session, cooperative_id: str, **columns: Any) -> None:
    """Keep new settings."""
    session.execute(
        insert(LendingSettings)
        .values(cooperative_id=cooperative_id, **columns)
        .on_conflict_do_update(index_elements=["cooperative_id"], set_=columns)
    )
