"""Which columns hold what, of those that nobody can read: the map of every rotation.

Values under a cooperative's own key are made anew when that key is replaced. Hashes
and what is encrypted with a look-up key stay as they are: those keys never change, a
new master secret only wraps them anew (`operations/lookup.py`).
"""

from __future__ import annotations

from typing import Final

from services.shared.encryption import INTEGER, TEXT, WRAPPED_KEYS, EncryptedColumn

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
