"""How keys are replaced while the service goes on.

Two things can be replaced. The **master secret** wraps the keys of the cooperatives
and of the look-ups: a new one wraps them anew. A **cooperative's own key** encrypts
what is personal: a new one is used from the moment it is stored, while the old one is
kept beside it until nothing needs it any more.

Everything goes in small transactions and finds by itself what is left to do: killed
anywhere, it is simply run again. A value that somebody changed meanwhile is left alone,
since it was written with the newest key anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from sqlalchemy.orm import Session

from services.members.domain import encryption
from services.members.domain.audit import Actor
from services.members.domain.encryption import EncryptedColumn
from services.members.operations import audit, lookup, notifications, personal_data
from services.members.store import rotation as store
from services.shared import clock, crypto
from services.shared.crypto import FieldCipher
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

ACTOR = "service:members"

Opened = Callable[[], AbstractContextManager[Session]]
"""Begins a transaction."""


def rewrap(database: Database, settings: Settings) -> Iterator[tuple[str, int]]:
    """Make anew what is under the master secret; each column and how many values.

    Afterwards nothing here needs the other master secret any more.
    """
    for column, cipher in (
        *((one, personal_data.master(settings)) for one in encryption.WRAPPED_KEYS),
        (encryption.LOOKUP_KEYS, lookup.cipher(settings)),
        (encryption.NOTIFICATIONS, notifications.cipher(settings)),
    ):
        renewed = _renew(database.hub, column, cipher)
        yield f"{column.table}.{column.column}", renewed


@retrying
def replace_data_key(
    database: Database, settings: Settings, cooperative_id: str
) -> bool:
    """Give a cooperative a new key; not while its last one is still being replaced."""
    wrapped = personal_data.master(settings).encrypt(
        crypto.new_key(), personal_data.key_place(cooperative_id)
    )
    with database.hub() as session:
        is_new = store.replace_data_key(session, cooperative_id, wrapped, clock.now())
        if is_new:
            actor = Actor(cooperative_id=cooperative_id, subject=ACTOR)
            audit.record(session, actor, "data_key.replaced", cooperative_id)
    return is_new


def list_cooperatives(database: Database) -> list[str]:
    """The cooperatives that have a key to be replaced."""
    with database.hub() as session:
        return list(store.cooperatives_with_keys(session))


def finish_replacements(
    database: Database, settings: Settings
) -> Iterator[tuple[str, int, bool]]:
    """Make anew what old keys made; cooperative, how many values, is the key gone?

    An old key goes in the first run that finds nothing under it, and not before it
    was out of use for `encryption.PREVIOUS_KEPT`.
    """
    with database.hub() as session:
        pending = store.pending_keys(session)
    for cooperative_id, _ in pending:
        renewed = renew_personal_data(database, settings, cooperative_id)
        is_gone = renewed == 0 and _drop_previous(database, cooperative_id)
        yield cooperative_id, renewed, is_gone


def renew_personal_data(
    database: Database, settings: Settings, cooperative_id: str
) -> int:
    """Make anew what is not under the cooperative's newest key; how many values."""

    def opened() -> AbstractContextManager[Session]:
        return database.tenant(cooperative_id)

    with opened() as session:
        cipher = personal_data.cipher(session, settings, cooperative_id)
    return sum(_renew(opened, column, cipher) for column in encryption.PERSONAL)


def _drop_previous(database: Database, cooperative_id: str) -> bool:
    with database.hub() as session:
        is_gone = store.drop_previous_key(
            session, cooperative_id, clock.now() - encryption.PREVIOUS_KEPT
        )
        if is_gone:
            actor = Actor(cooperative_id=cooperative_id, subject=ACTOR)
            audit.record(session, actor, "data_key.previous_destroyed", cooperative_id)
    return is_gone


def _renew(opened: Opened, column: EncryptedColumn, cipher: FieldCipher) -> int:
    """Walk through a column and make anew what an older key made."""
    after, renewed = None, 0
    while True:
        with opened() as session:
            rows = store.next_values(session, column, after)
            changed = [
                (row, made)
                for row in rows
                if (made := cipher.renewed(bytes(row["value"]), column.place_of(row)))
            ]
            if changed:
                renewed += store.replace_values(session, column, changed)
        if len(rows) < column.rows_at_once:
            return renewed
        after = [rows[-1][name] for name, _ in column.keys]
