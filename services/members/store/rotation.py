"""How encrypted values are made anew, a piece of a table at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import CursorResult, select, text, update
from sqlalchemy.orm import Session

from services.members.domain.encryption import EncryptedColumn
from services.members.models import DataKey

Row = Mapping[str, Any]


class PendingKey(NamedTuple):
    """A cooperative whose key was replaced, and since when the new one is used."""

    cooperative_id: str
    created_at: datetime


def next_values(
    session: Session, column: EncryptedColumn, after: Sequence[Any] | None
) -> Sequence[Row]:
    """The next values of a column past the key ``after``, in the order of keys."""
    names = ", ".join(f'"{name}"' for name, _ in column.keys)
    past = ""
    given: dict[str, Any] = {"limit": column.rows_at_once}
    if after is not None:
        marks = ", ".join(f":after_{name}" for name, _ in column.keys)
        past = f"AND ({names}) > ({marks})"
        given |= {
            f"after_{name}": value
            for (name, _), value in zip(column.keys, after, strict=True)
        }
    # Names of our own tables and columns; values are bound.
    rows = session.execute(
        text(
            f"SELECT {names}, {column.column} AS value FROM {column.table} "  # noqa: S608
            f"WHERE {column.column} IS NOT NULL {past} ORDER BY {names} LIMIT :limit"
        ),
        given,
    )
    return [dict(row) for row in rows.mappings()]


def replace_values(
    session: Session,
    column: EncryptedColumn,
    changed: Sequence[tuple[Row, bytes]],
) -> int:
    """Write the new values where the old ones still stand; how many did."""
    same = " AND ".join(f'target."{name}" = fresh."{name}"' for name, _ in column.keys)
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in column.keys)
    names = ", ".join(f'"{name}"' for name, _ in column.keys)
    given: dict[str, Any] = {
        name: [row[name] for row, _ in changed] for name, _ in column.keys
    }
    result = session.execute(
        text(
            f"UPDATE {column.table} AS target SET {column.column} = fresh.made "  # noqa: S608
            f"FROM unnest({arrays}, CAST(:old AS bytea[]), CAST(:made AS bytea[])) "
            f"AS fresh ({names}, old, made) "
            f"WHERE {same} AND target.{column.column} = fresh.old"
        ),
        given
        | {
            "old": [bytes(row["value"]) for row, _ in changed],
            "made": [made for _, made in changed],
        },
    )
    assert isinstance(result, CursorResult)  # noqa: S101
    return result.rowcount


def cooperatives_with_keys(session: Session) -> Sequence[str]:
    """Every cooperative that has a key, in order."""
    query = select(DataKey.cooperative_id).order_by(DataKey.cooperative_id)
    return session.scalars(query).all()


def pending_keys(session: Session) -> Sequence[PendingKey]:
    """The cooperatives whose values are being made anew, in order."""
    rows = session.execute(
        select(DataKey.cooperative_id, DataKey.created_at)
        .where(DataKey.previous_wrapped_key.is_not(None))
        .order_by(DataKey.cooperative_id)
    )
    return [PendingKey._make(row) for row in rows]


def replace_data_key(
    session: Session, cooperative_id: str, wrapped_key: bytes, created_at: datetime
) -> bool:
    """Use a new key from now on and keep the old; not while another is replaced."""
    changed = session.scalar(
        update(DataKey)
        .where(
            DataKey.cooperative_id == cooperative_id,
            DataKey.previous_wrapped_key.is_(None),
        )
        .values(
            previous_wrapped_key=DataKey.wrapped_key,
            wrapped_key=wrapped_key,
            created_at=created_at,
        )
        .returning(DataKey.cooperative_id)
        .execution_options(synchronize_session=False)
    )
    return changed is not None


def drop_previous_key(
    session: Session, cooperative_id: str, created_before: datetime
) -> bool:
    """Forget the replaced key for ever, if the new one is old enough."""
    changed = session.scalar(
        update(DataKey)
        .where(
            DataKey.cooperative_id == cooperative_id,
            DataKey.previous_wrapped_key.is_not(None),
            DataKey.created_at < created_before,
        )
        .values(previous_wrapped_key=None)
        .returning(DataKey.cooperative_id)
        .execution_options(synchronize_session=False)
    )
    return changed is not None
