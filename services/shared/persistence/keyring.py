"""How a service keeps a key per cooperative, and what it encrypts with it.

The key is random and stored wrapped by a key out of the master secret. Destroying its
row makes everything that it encrypted unreadable for ever, backups included. While a
key is replaced (`rotation.py`) there are two: what the older one made is read until it
has been made anew.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.shared import clock, crypto
from services.shared.errors import CooperativeNotReady
from services.shared.persistence import roles
from services.shared.settings import Settings

TABLE: Final = "data_keys"


class PendingKey(NamedTuple):
    """A cooperative whose key was replaced, and since when the new one is used."""

    cooperative_id: str
    created_at: datetime


def make_key(
    session: Session, settings: Settings, service: str, cooperative_id: str
) -> None:
    """Give a cooperative its key, unless it has one."""
    session.execute(
        text(
            "INSERT INTO data_keys (cooperative_id, wrapped_key, created_at) "
            "VALUES (:cooperative_id, :wrapped_key, :created_at) ON CONFLICT DO NOTHING"
        ),
        {
            "cooperative_id": cooperative_id,
            "wrapped_key": wrapped(settings, service, cooperative_id),
            "created_at": clock.now(),
        },
    )


def cipher(
    session: Session, settings: Settings, service: str, cooperative_id: str
) -> crypto.FieldCipher:
    """What encrypts everything personal of one cooperative, whatever table it is in.

    Name every column of such values in the service's ``domain/encryption.py``: else
    they are unreadable after the next rotation. Raises CooperativeNotReady for one that
    has no key, not yet or not any more.
    """
    row = session.execute(
        text(
            "SELECT wrapped_key, previous_wrapped_key FROM data_keys "
            "WHERE cooperative_id = :cooperative_id"
        ),
        {"cooperative_id": cooperative_id},
    ).one_or_none()
    if row is None:
        raise CooperativeNotReady
    place = key_place(cooperative_id)
    unwrapping = master(settings, service)
    return crypto.FieldCipher(
        *(unwrapping.decrypt(bytes(one), place) for one in row if one is not None)
    )


def wrapped(settings: Settings, service: str, cooperative_id: str) -> bytes:
    """A new key for the cooperative, wrapped."""
    return master(settings, service).encrypt(
        crypto.new_key(), key_place(cooperative_id)
    )


def master(settings: Settings, service: str) -> crypto.FieldCipher:
    """What wraps the keys of a service."""
    return settings.cipher(f"{service} data keys")


def key_place(cooperative_id: str) -> bytes:
    """What a wrapped key is bound to."""
    return f"data_keys.wrapped_key:{cooperative_id}".encode()


def destroy_key(session: Session, cooperative_id: str) -> bool:
    """Make what the key encrypted unreadable for ever; whether there was one."""
    result = session.execute(
        text("DELETE FROM data_keys WHERE cooperative_id = :cooperative_id"),
        {"cooperative_id": cooperative_id},
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def cooperatives_with_keys(session: Session) -> list[str]:
    """Every cooperative that has a key, in order."""
    query = text("SELECT cooperative_id FROM data_keys ORDER BY cooperative_id")
    return list(session.scalars(query))


def pending_keys(session: Session) -> list[PendingKey]:
    """The cooperatives whose values are being made anew, in order."""
    rows = session.execute(
        text(
            "SELECT cooperative_id, created_at FROM data_keys "
            "WHERE previous_wrapped_key IS NOT NULL ORDER BY cooperative_id"
        )
    )
    return [PendingKey._make(row) for row in rows]


def replace_key(
    session: Session, cooperative_id: str, wrapped_key: bytes, created_at: datetime
) -> bool:
    """Use a new key from now on and keep the old; not while another is replaced."""
    result = session.execute(
        text(
            "UPDATE data_keys SET previous_wrapped_key = wrapped_key, "
            "wrapped_key = :wrapped_key, created_at = :created_at "
            "WHERE cooperative_id = :cooperative_id AND previous_wrapped_key IS NULL"
        ),
        {
            "cooperative_id": cooperative_id,
            "wrapped_key": wrapped_key,
            "created_at": created_at,
        },
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def drop_previous_key(
    session: Session, cooperative_id: str, created_before: datetime
) -> bool:
    """Forget the replaced key for ever, if the new one is old enough."""
    result = session.execute(
        text(
            "UPDATE data_keys SET previous_wrapped_key = NULL "
            "WHERE cooperative_id = :cooperative_id "
            "AND previous_wrapped_key IS NOT NULL AND created_at < :created_before"
        ),
        {"cooperative_id": cooperative_id, "created_before": created_before},
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def add_tables(op: roles.Operations) -> None:
    """Create the table, in a service's first migration."""
    op.execute(
        """
        CREATE TABLE data_keys (
            cooperative_id text NOT NULL,
            wrapped_key bytea NOT NULL,
            previous_wrapped_key bytea,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_data_keys PRIMARY KEY (cooperative_id)
        )
        """
    )
    roles.grant(
        op,
        TABLE,
        tenant="SELECT",
        hub="SELECT, INSERT, UPDATE (wrapped_key, previous_wrapped_key, created_at), "
        "DELETE",
    )
    roles.enable_row_level_security(op, TABLE)
