"""How the callback secrets follow a new master secret."""

from __future__ import annotations

from services.shared.crypto import FieldCipher
from services.shared.persistence.database import Database
from services.shared.settings import Settings
from services.transfers.operations.participants import secret_place
from services.transfers.store import participants as store


def cipher(settings: Settings) -> FieldCipher:
    """What hides the callback secrets."""
    return settings.cipher("callback secrets")


def renew_callback_secrets(database: Database, settings: Settings) -> int:
    """Make anew what an older key encrypted; how many secrets."""
    newest, renewed = cipher(settings), 0
    with database.hub() as session:
        for row in store.lock_with_secret(session):
            made = newest.renewed(
                bytes(row.callback_secret or b""), secret_place(row.cooperative_id)
            )
            if made is not None:
                row.callback_secret = made
                renewed += 1
    return renewed
