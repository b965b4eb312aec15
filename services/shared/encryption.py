"""Which columns hold what nobody can read, said the same way by every service.

Every service has the map of its own columns in its ``domain/encryption.py``;
`services/shared/persistence/rotation.py` makes their values anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

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
"""The cooperatives' own keys, under the master secret, in every service with any."""


def is_hash(column: str) -> bool:
    """Whether a column of bytes finds or compares, and is never read back."""
    return column in {"hash", "digest"} or column.endswith("_hash")
