"""How personal data is kept: encrypted with the cooperative's own key.

The key of a cooperative is random and stored wrapped by a key out of the master
secret. What is encrypted is bound to its row, so that it cannot be moved to another.
While a key is rotated (`rotation.py`) there are two: what the older one made is read
until it has been made anew.
"""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members import store
from services.members.operations import lookup
from services.shared import clock, crypto
from services.shared.errors import InvariantViolated
from services.shared.settings import Settings

FIELDS: Final = (
    "nik",
    "phone",
    "email",
    "birth_date",
    "address",
    "gender",
    "is_married",
    "extra",
    "refusal_reason",
)


def make_key(session: Session, settings: Settings, cooperative_id: str) -> None:
    """Give a new cooperative its data key."""
    wrapped = master(settings).encrypt(crypto.new_key(), key_place(cooperative_id))
    store.add_data_key(session, cooperative_id, wrapped, clock.now())


def encrypt(
    session: Session,
    settings: Settings,
    cooperative_id: str,
    member_id: str,
    data: dict[str, Any],
) -> bytes:
    """``data`` as a value for the member's row."""
    return sealed(cipher(session, settings, cooperative_id), member_id, data)


def decrypt(
    session: Session,
    settings: Settings,
    cooperative_id: str,
    member_id: str,
    value: bytes,
) -> dict[str, Any]:
    """The member's data again, every field of `FIELDS`, None where unknown."""
    return opened(cipher(session, settings, cooperative_id), member_id, value)


def sealed(own: crypto.FieldCipher, member_id: str, data: dict[str, Any]) -> bytes:
    """As `encrypt`, for many members under one cipher."""
    return own.encrypt(json.dumps(data).encode(), _member_place(member_id))


def opened(own: crypto.FieldCipher, member_id: str, value: bytes) -> dict[str, Any]:
    """As `decrypt`, for many members under one cipher."""
    known = json.loads(own.decrypt(value, _member_place(member_id)))
    return {name: known.get(name) for name in FIELDS}


def nik_hash(session: Session, settings: Settings, nik: str) -> bytes:
    """What finds a NIK without keeping it readable.

    One key for the whole hub: the same person in two cooperatives is allowed, but it
    must be possible to notice.
    """
    return lookup.hashed(session, settings, lookup.NIK, nik)


def phone_hash(session: Session, settings: Settings, phone: str) -> bytes:
    """What finds a phone number, in E.164, without keeping it readable."""
    return lookup.hashed(session, settings, lookup.PHONE, phone)


def cipher(
    session: Session, settings: Settings, cooperative_id: str
) -> crypto.FieldCipher:
    """What encrypts everything personal of one cooperative, whatever table it is in.

    Give `domain.encryption.COLUMNS` a row for every column of such values: else they
    are unreadable after the next rotation.
    """
    wrapped = store.find_data_keys(session, cooperative_id)
    if wrapped is None:
        raise InvariantViolated(f"{cooperative_id} has no data key")
    place = key_place(cooperative_id)
    return crypto.FieldCipher(
        *(master(settings).decrypt(one, place) for one in wrapped if one is not None)
    )


def master(settings: Settings) -> crypto.FieldCipher:
    """What wraps the data keys."""
    return settings.cipher("members data keys")


def key_place(cooperative_id: str) -> bytes:
    """What a wrapped data key is bound to."""
    return f"data_keys.wrapped_key:{cooperative_id}".encode()


def _member_place(member_id: str) -> bytes:
    return f"members.personal_data:{member_id}".encode()
