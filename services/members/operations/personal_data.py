"""How personal data is kept: encrypted with the cooperative's own key.

The key of a cooperative is random and stored wrapped by a key out of the master
secret. What is encrypted is bound to its member, so that it cannot be moved to
another row.
"""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members import store
from services.shared import clock, crypto
from services.shared.errors import InvariantViolated
from services.shared.settings import Settings

FIELDS: Final = ("nik", "phone", "email", "birth_date", "address")


def make_key(session: Session, settings: Settings, cooperative_id: str) -> None:
    """Give a new cooperative its data key."""
    wrapped = _master(settings).encrypt(crypto.new_key(), _key_place(cooperative_id))
    store.add_data_key(session, cooperative_id, wrapped, clock.now())


def encrypt(
    session: Session,
    settings: Settings,
    cooperative_id: str,
    member_id: str,
    data: dict[str, Any],
) -> bytes:
    """``data`` as a value for the member's row."""
    cipher = _cipher(session, settings, cooperative_id)
    return cipher.encrypt(json.dumps(data).encode(), _member_place(member_id))


def decrypt(
    session: Session,
    settings: Settings,
    cooperative_id: str,
    member_id: str,
    value: bytes,
) -> dict[str, Any]:
    """The member's data again, every field of `FIELDS`, None where unknown."""
    cipher = _cipher(session, settings, cooperative_id)
    known = json.loads(cipher.decrypt(value, _member_place(member_id)))
    return {name: known.get(name) for name in FIELDS}


def nik_hash(settings: Settings, nik: str) -> bytes:
    """What finds a NIK without keeping it readable.

    One key for the whole hub: the same person in two cooperatives is allowed, but it
    must be possible to notice.
    """
    return crypto.keyed_hash(settings.derive("members nik"), nik)


def _cipher(
    session: Session, settings: Settings, cooperative_id: str
) -> crypto.FieldCipher:
    wrapped = store.find_data_key(session, cooperative_id)
    if wrapped is None:
        raise InvariantViolated(f"{cooperative_id} has no data key")
    return crypto.FieldCipher(
        _master(settings).decrypt(wrapped, _key_place(cooperative_id))
    )


def _master(settings: Settings) -> crypto.FieldCipher:
    return settings.cipher("members data keys")


def _key_place(cooperative_id: str) -> bytes:
    return f"data_keys.wrapped_key:{cooperative_id}".encode()


def _member_place(member_id: str) -> bytes:
    return f"members.personal_data:{member_id}".encode()
