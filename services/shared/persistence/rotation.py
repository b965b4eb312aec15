"""How keys are replaced while a service goes on.

Two things can be replaced. The **master secret** wraps the keys of the cooperatives
and whatever else the hub keeps for itself: a new one wraps them anew. A
**cooperative's own key** encrypts what is personal: a new one is used from the moment
it is stored, while the old one is kept beside it until nothing needs it any more.

Everything goes in small transactions and finds by itself what is left to do: killed
anywhere, it is simply run again. A value that somebody changed meanwhile is left alone,
since it was written with the newest key anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

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

from services.shared import clock, encryption
from services.shared.crypto import FieldCipher
from services.shared.encryption import WRAPPED_KEYS, EncryptedColumn
from services.shared.identity import Actor
from services.shared.persistence import keyring, trail
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

PREVIOUS_KEPT: Final = timedelta(days=1)
"""How long a replaced key is kept at least.

Whoever read the key before it was replaced may still write with it: an import that is
read in over many transactions, for instance. A day is longer than anything takes.
"""

TYPES: Final[Mapping[str, TypeEngine[Any]]] = {
    encryption.TEXT: Text(),
    encryption.INTEGER: Integer(),
}

Row = Mapping[str, Any]

Opened = Callable[[], AbstractContextManager[Session]]
"""Begins a transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """The keys of one service, and the columns that are encrypted with them."""

    database: Database
    settings: Settings
    service: str
    personal: Sequence[EncryptedColumn]
    note: trail.Note = trail.note

    def rewrap(self) -> Iterator[tuple[str, int]]:
        """Wrap anew the cooperatives' keys; each column and how many values."""
        cipher = keyring.master(self.settings, self.service)
        for one in WRAPPED_KEYS:
            renewed = renew(self.database.hub, one, cipher)
            yield f"{one.table}.{one.column}", renewed

    def list_cooperatives(self) -> list[str]:
        """The cooperatives that have a key to be replaced."""
        with self.database.hub() as session:
            return keyring.cooperatives_with_keys(session)

    @retrying
    def replace_data_key(self, cooperative_id: str) -> bool:
        """Give a cooperative a new key; not while its last one is still replaced."""
        wrapped = keyring.wrapped(self.settings, self.service, cooperative_id)
        with self.database.hub() as session:
            is_new = keyring.replace_key(session, cooperative_id, wrapped, clock.now())
            if is_new:
                self._note(session, "data_key.replaced", cooperative_id)
        return is_new

    def finish_replacements(self) -> Iterator[tuple[str, int, bool]]:
        """Make anew what old keys made; cooperative, how many, is the key gone?

        An old key goes in the first run that finds nothing under it, and not before it
        was out of use for `PREVIOUS_KEPT`.
        """
        with self.database.hub() as session:
            pending = keyring.pending_keys(session)
        for cooperative_id, _ in pending:
            renewed = self.renew_personal_data(cooperative_id)
            is_gone = renewed == 0 and self._drop_previous(cooperative_id)
            yield cooperative_id, renewed, is_gone

    def renew_personal_data(self, cooperative_id: str) -> int:
        """Make anew what is not under the cooperative's newest key; how many values."""

        def opened() -> AbstractContextManager[Session]:
            return self.database.tenant(cooperative_id)

        with opened() as session:
            cipher = keyring.cipher(
                session, self.settings, self.service, cooperative_id
            )
        return sum(renew(opened, one, cipher) for one in self.personal)

    def _drop_previous(self, cooperative_id: str) -> bool:
        with self.database.hub() as session:
            is_gone = keyring.drop_previous_key(
                session, cooperative_id, clock.now() - PREVIOUS_KEPT
            )
            if is_gone:
                self._note(session, "data_key.previous_destroyed", cooperative_id)
        return is_gone

    def _note(self, session: Session, action: str, cooperative_id: str) -> None:
        actor = Actor(cooperative_id=cooperative_id, subject=f"service:{self.service}")
        self.note(session, actor, action, cooperative_id)


def renew(opened: Opened, encrypted: EncryptedColumn, cipher: FieldCipher) -> int:
    """Walk through a column and make anew what an older key made; how many values."""
    after, renewed = None, 0
    while True:
        with opened() as session:
            rows = next_values(session, encrypted, after)
            changed = [
                (row, made)
                for row in rows
                if (
                    made := cipher.renewed(bytes(row["value"]), encrypted.place_of(row))
                )
            ]
            if changed:
                renewed += replace_values(session, encrypted, changed)
        if len(rows) < encrypted.rows_at_once:
            return renewed
        after = [rows[-1][name] for name, _ in encrypted.keys]


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
