"""How something is found or compared by what it hashes to, without being kept.

Each purpose has one key for the whole hub, which never changes: hashes could not be
made anew, since what they were made of is not kept. So the first key, which comes out
of the master secret, is stored wrapped, and a new master secret only wraps it anew.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from services.members.store import keys as store
from services.shared import clock, crypto
from services.shared.settings import Settings

NIK: Final = "members nik"
PHONE: Final = "members phone"
APPLICATION: Final = "members applications"
VERIFICATION: Final = "members verification codes"
CLIENT_SECRET: Final = "members client secrets"  # noqa: S105  a label, no secret


def hashed(session: Session, settings: Settings, purpose: str, value: str) -> bytes:
    """HMAC-SHA512 of ``value`` under the hub's key for ``purpose``."""
    return crypto.keyed_hash(key(session, settings, purpose), value)


def key(session: Session, settings: Settings, purpose: str) -> bytes:
    """The key of a purpose, the same before and after every rotation."""
    wrapped = store.find_lookup_key(session, purpose)
    if wrapped is None:
        first = cipher(settings).encrypt(settings.derive(purpose), place(purpose))
        wrapped = store.keep_lookup_key(session, purpose, first, clock.now())
    return cipher(settings).decrypt(wrapped, place(purpose))


def cipher(settings: Settings) -> crypto.FieldCipher:
    """What wraps the keys."""
    return settings.cipher("members lookup keys")


def place(purpose: str) -> bytes:
    """What a wrapped key is bound to."""
    return f"lookup_keys.wrapped_key:{purpose}".encode()
