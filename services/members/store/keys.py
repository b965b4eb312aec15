"""How the keys of look-ups are read and written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.models import LookupKey


def find_lookup_key(session: Session, purpose: str) -> bytes | None:
    """The wrapped key of a purpose."""
    return session.scalar(
        select(LookupKey.wrapped_key).where(LookupKey.purpose == purpose)
    )


def keep_lookup_key(
    session: Session, purpose: str, wrapped_key: bytes, created_at: datetime
) -> bytes:
    """Keep the key unless somebody else just kept one; the wrapped key that counts."""
    session.execute(
        insert(LookupKey)
        .values(purpose=purpose, wrapped_key=wrapped_key, created_at=created_at)
        .on_conflict_do_nothing(index_elements=["purpose"])
    )
    return session.execute(
        select(LookupKey.wrapped_key).where(LookupKey.purpose == purpose)
    ).scalar_one()
