"""What is made anew here when keys are replaced, besides the cooperatives' own keys.

The master secret also wraps the keys of the look-ups, and hides what is still to be
sent. How it is done: `services/shared/persistence/rotation.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.members.domain import encryption
from services.members.operations import audit, lookup, notifications
from services.shared.contracts.members import SERVICE
from services.shared.persistence import rotation
from services.shared.persistence.database import Database
from services.shared.persistence.rotation import Rotation
from services.shared.settings import Settings


def of(database: Database, settings: Settings) -> Rotation:
    """What replaces the keys of the cooperatives."""
    return Rotation(
        database=database,
        settings=settings,
        service=SERVICE,
        personal=encryption.PERSONAL,
        note=audit.record,
    )


def rewrap(database: Database, settings: Settings) -> Iterator[tuple[str, int]]:
    """Make anew what is under the master secret; each column and how many values.

    Afterwards nothing here needs the other master secret any more.
    """
    yield from of(database, settings).rewrap()
    for column, cipher in (
        (encryption.LOOKUP_KEYS, lookup.cipher(settings)),
        (encryption.NOTIFICATIONS, notifications.cipher(settings)),
    ):
        renewed = rotation.renew(database.hub, column, cipher)
        yield f"{column.table}.{column.column}", renewed
