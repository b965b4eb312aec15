"""How personal data is kept: encrypted with the cooperative's own key.

What is encrypted is bound to its row, so that it cannot be moved to another.
"""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.operations import lookup
from services.shared import crypto
from services.shared.contracts.members import SERVICE
from services.shared.persistence import keyring
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
    """What encrypts everything personal of one cooperative; see `keyring.cipher`."""
    return keyring.cipher(session, settings, SERVICE, cooperative_id)


def _member_place(member_id: str) -> bytes:
    return f"members.personal_data:{member_id}".encode()
