"""How long a service remembers what only guards against repetition."""

from __future__ import annotations

from typing import Final

from services.shared.persistence import idempotency, inbox
from services.shared.persistence.database import Database

KEPT_DAYS: Final = 35
"""The API promises 30 days for keys; nobody should have to count hours."""


def forget_old(database: Database) -> None:
    """Drop idempotency keys and inbox rows that nothing can come back to any more."""
    with database.hub() as session:
        idempotency.forget(session, older_than_days=KEPT_DAYS)
        inbox.forget(session, older_than_days=KEPT_DAYS)
