"""How cooperatives' keys and counters are read and written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.models import (
    Counter,
    DataKey,
    LookupKey,
)


def add_data_key(
    session: Session, cooperative_id: str, wrapped_key: bytes, created_at: datetime
) -> None:
    """Keep the wrapped key of a new cooperative."""
    session.add(
        DataKey(
            cooperative_id=cooperative_id,
            wrapped_key=wrapped_key,
            created_at=created_at,
        )
    )
    session.flush()


def find_data_keys(
    session: Session, cooperative_id: str
) -> tuple[bytes, bytes | None] | None:
    """The wrapped key of a cooperative, and the one before while it is replaced."""
    row = session.execute(
        select(DataKey.wrapped_key, DataKey.previous_wrapped_key).where(
            DataKey.cooperative_id == cooperative_id
        )
    ).one_or_none()
    return None if row is None else (row.wrapped_key, row.previous_wrapped_key)


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


def next_numbers(
    session: Session, cooperative_id: str, counter: str, count: int
) -> range:
    """The next ``count`` numbers of a gap-free sequence; see `next_number`."""
    last: int = session.execute(
        insert(Counter)
        .values(cooperative_id=cooperative_id, name=counter, value=count)
        .on_conflict_do_update(
            index_elements=["cooperative_id", "name"],
            set_={"value": Counter.value + count},
        )
        .returning(Counter.value)
    ).scalar_one()
    return range(last - count + 1, last + 1)


def next_number(session: Session, cooperative_id: str, counter: str) -> int:
    """The next number of a gap-free sequence, from 1.

    The row stays locked until the transaction ends: a number that is rolled back is
    given again, never skipped.
    """
    return next_numbers(session, cooperative_id, counter, 1)[0]
