"""Which columns hold what, of those that nobody can read: the map of every rotation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.shared.encryption import EncryptedColumn

PERSONAL: Final[Sequence[EncryptedColumn]] = (
    EncryptedColumn(table="policies", column="insured", place="policies.insured:{id}"),
    EncryptedColumn(
        table="claim_documents",
        column="content",
        place="claim_documents.content:{id}",
        rows_at_once=10,
    ),
)
"""Everything under the cooperatives' own keys."""
