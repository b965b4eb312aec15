"""Which columns hold what, of those that nobody can read: the map of every rotation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.shared.encryption import TEXT, EncryptedColumn

PERSONAL: Final[Sequence[EncryptedColumn]] = (
    EncryptedColumn(
        table="vendor_calls", column="answer", place="vendor_calls.answer:{id}"
    ),
    EncryptedColumn(
        table="check_parts",
        column="detail",
        keys=(("check_id", TEXT), ("kind", TEXT)),
        place="check_parts.detail:{check_id}:{kind}",
    ),
    EncryptedColumn(
        table="bureau_reports", column="summary", place="bureau_reports.summary:{id}"
    ),
    EncryptedColumn(
        table="bureau_reports",
        column="content",
        place="bureau_reports.content:{id}",
        rows_at_once=10,
    ),
    EncryptedColumn(
        table="income_statements",
        column="content",
        place="income_statements.content:{id}",
    ),
    EncryptedColumn(
        table="screened_people",
        column="person",
        keys=(("member_id", TEXT),),
        place="screened_people.person:{member_id}",
    ),
)
"""Everything under the cooperatives' own keys."""
