"""How registration forms are read and written."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.models import MemberForm


def find_form(session: Session, cooperative_id: str) -> MemberForm | None:
    """The newest version of a cooperative's form."""
    return session.scalar(
        select(MemberForm)
        .where(MemberForm.cooperative_id == cooperative_id)
        .order_by(MemberForm.version.desc())
        .limit(1)
    )


def add_form(session: Session, **columns: Any) -> MemberForm | None:
    """The new version; None when somebody else has just made it."""
    return session.scalar(
        insert(MemberForm)
        .values(**columns)
        .on_conflict_do_nothing()
        .returning(MemberForm)
    )
