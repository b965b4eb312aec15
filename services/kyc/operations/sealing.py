"""How what is personal is kept: JSON under the cooperative's key, bound to its row."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy.orm import Session

from services.shared import crypto
from services.shared.contracts import kyc as contract
from services.shared.persistence import keyring
from services.shared.settings import Settings


def cipher(
    session: Session, settings: Settings, cooperative_id: str
) -> crypto.FieldCipher:
    """What encrypts for one cooperative. Raises CooperativeNotReady without a key."""
    return keyring.cipher(session, settings, contract.SERVICE, cooperative_id)


def sealed(own: crypto.FieldCipher, place: str, value: Any) -> bytes:
    """``value`` as it is kept; ``place`` is that of `domain/encryption.py`."""
    return own.encrypt(json.dumps(value).encode(), place.encode())


def opened(own: crypto.FieldCipher, place: str, kept: bytes) -> Any:
    """What was kept, again."""
    return json.loads(own.decrypt(kept, place.encode()))
