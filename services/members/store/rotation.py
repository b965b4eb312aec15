"""How encrypted values are made anew, a piece of a table at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    Integer,
    LargeBinary,
    TableClause,
    Text,
    column,
    func,
    literal,
    select,
    table,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from services.members.domain import encryption
from services.members.domain.encryption import EncryptedColumn
from services.members.models import DataKey

Row = Mapping[str, Any]

TYPES: Final[Mapping[str, TypeEngine[Any]]] = {
    encryption.TEXT: Text(),
    encryption.INTEGER: Integer(),
}


class PendingKey(NamedTuple):
    """A cooperative whose key was replaced, and since when the new one is used."""

    cooperative_id: str
    created_at: datetime


def next_values(
    session: Session, encrypted: EncryptedColumn, after: Sequence[Any] | None
) -> Sequence[Row]:
    """The next values of a column past the key ``after``, in the order of keys."""
    target = _table(encrypted)
    keys = [target.c[name] for name, _ in encrypted.keys]
    value = target.c[encrypted.column]
    query = select(*keys, value.label("value")).where(value.is_not(None))
    if after is not None:
        query = query.where(tuple_(*keys) > tuple_(*after))
    rows = session.execute(query.order_by(*keys).limit(encrypted.rows_at_once))
    return [dict(row) for row in rows.mappings()]


def replace_values(
    session: Session,
    encrypted: EncryptedColumn,
    changed: Sequence[tuple[Row, bytes]],
) -> int:
    """Write the new values where the old ones still stand; how many did."""
    target = _table(encrypted)
    arrays = {
        name: literal([row[name] for row, _ in changed], ARRAY(TYPES[kind]))
        for name, kind in encrypted.keys
    }
    arrays["old"] = literal([row["value"] for row, _ in changed], ARRAY(LargeBinary))
    arrays["made"] = literal([made for _, made in changed], ARRAY(LargeBinary))
    fresh = func.unnest(*arrays.values()).table_valued(*arrays, name="fresh")
    fresh = fresh.render_derived()
    value = target.c[encrypted.column]
    replaced = session.execute(
        update(target)
        .where(
            *(target.c[name] == fresh.c[name] for name, _ in encrypted.keys),
            value == fresh.c.old,
        )
        .values({encrypted.column: fresh.c.made})
        .returning(target.c[encrypted.keys[0][0]])
    )
    return len(replaced.all())


def _table(encrypted: EncryptedColumn) -> TableClause:
    """The table as far as rotation is concerned."""
    keys = [column(name, TYPES[kind]) for name, kind in encrypted.keys]
    return table(encrypted.table, *keys, column(encrypted.column, LargeBinary()))


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
