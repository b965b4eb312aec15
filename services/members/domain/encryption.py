"""Which columns hold what, of those that nobody can read: the map of every rotation.

Values under a cooperative's own key are made anew when that key is replaced. Hashes
and what is encrypted with a look-up key stay as they are: those keys never change, a
new master secret only wraps them anew (`operations/lookup.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

PREVIOUS_KEPT: Final = timedelta(days=1)
"""How long a replaced key is kept at least.

Whoever read the key before it was replaced may still write with it: an import that is
read in over many transactions, for instance. A day is longer than anything takes.
"""

TEXT: Final = "text"
INTEGER: Final = "integer"


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptedColumn:
    """A column whose values are bound to their row: to the columns in ``place``."""

    table: str
    column: str
    # The primary key, or the part of it that is not the cooperative's id.
    keys: Sequence[tuple[str, str]] = (("id", TEXT),)
    place: str
    # Values are read this many at a time; fewer where one may be megabytes.
    rows_at_once: int = 500

    def place_of(self, row: Mapping[str, Any]) -> bytes:
        """What the value of this row is bound to."""
        return self.place.format_map(row).encode()


PERSONAL: Final = (
    EncryptedColumn(
        table="members", column="personal_data", place="members.personal_data:{id}"
    ),
    EncryptedColumn(
        table="users", column="personal_data", place="users.personal_data:{id}"
    ),
    EncryptedColumn(
        table="users", column="totp_secret", place="users.totp_secret:{id}"
    ),
    EncryptedColumn(
        table="documents",
        column="content",
        place="documents.content:{id}",
        rows_at_once=10,
    ),
    EncryptedColumn(
        table="import_parts",
        column="content",
        keys=(("import_id", TEXT), ("upload_id", TEXT), ("part", INTEGER)),
        place="import_parts.content:{upload_id}:{part}",
        rows_at_once=5,
    ),
    EncryptedColumn(
        table="import_rows",
        column="content",
        keys=(("import_id", TEXT), ("sheet", TEXT), ("row", INTEGER)),
        place="import_rows.content:{import_id}:{row}",
    ),
    EncryptedColumn(
        table="snap_partners",
        column="client_secret",
        place="snap_partners.client_secret:{id}",
    ),
    EncryptedColumn(table="payments", column="payer", place="payments.payer:{id}"),
    EncryptedColumn(table="webhooks", column="secret", place="webhooks.secret:{id}"),
)
"""Everything under the cooperatives' own keys."""

WRAPPED_KEYS: Final = (
    EncryptedColumn(
        table="data_keys",
        column="wrapped_key",
        keys=(("cooperative_id", TEXT),),
        place="data_keys.wrapped_key:{cooperative_id}",
    ),
    EncryptedColumn(
        table="data_keys",
        column="previous_wrapped_key",
        keys=(("cooperative_id", TEXT),),
        place="data_keys.wrapped_key:{cooperative_id}",
    ),
)
LOOKUP_KEYS: Final = EncryptedColumn(
    table="lookup_keys",
    column="wrapped_key",
    keys=(("purpose", TEXT),),
    place="lookup_keys.wrapped_key:{purpose}",
)
NOTIFICATIONS: Final = EncryptedColumn(
    table="notifications", column="content", place="notifications.content:{id}"
)
UNDER_MASTER: Final = (*WRAPPED_KEYS, LOOKUP_KEYS, NOTIFICATIONS)
"""Everything under keys that come out of the master secret."""

UNDER_LOOKUP_KEYS: Final = frozenset(
    {("registrations", "contact"), ("closings", "contact")}
)
"""Encrypted with a look-up key, which outlives every rotation."""

UNDER_LINKS: Final = frozenset({("closing_exports", "content")})
"""Encrypted with a key that only a mailed link holds, and forgotten within days."""


def is_hash(column: str) -> bool:
    """Whether a column of bytes finds or compares, and is never read back."""
    return column == "hash" or column.endswith("_hash")
