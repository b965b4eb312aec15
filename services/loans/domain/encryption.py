"""Which columns hold what, of those that nobody can read: the map of every rotation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.shared.encryption import TEXT, EncryptedColumn

PERSONAL: Final[Sequence[EncryptedColumn]] = (
    EncryptedColumn(
        table="loan_applications", column="form", place="loan_applications.form:{id}"
    ),
    EncryptedColumn(
        table="application_documents",
        column="content",
        place="application_documents.content:{id}",
        rows_at_once=10,
    ),
    EncryptedColumn(
        table="verifications",
        column="notes",
        keys=(("application_id", TEXT),),
        place="verifications.notes:{application_id}",
    ),
    EncryptedColumn(
        table="field_visits",
        column="findings",
        place="field_visits.findings:{id}",
    ),
    EncryptedColumn(
        table="limit_assessments",
        column="facts",
        keys=(("application_id", TEXT),),
        place="limit_assessments.facts:{application_id}",
    ),
    EncryptedColumn(
        table="collaterals", column="details", place="collaterals.details:{id}"
    ),
    EncryptedColumn(
        table="collection_visits",
        column="finding",
        place="collection_visits.finding:{id}",
    ),
    EncryptedColumn(
        table="application_scores",
        column="details",
        place="application_scores.details:{id}",
    ),
    EncryptedColumn(table="akads", column="content", place="akads.content:{id}"),
)
"""Everything under the cooperatives' own keys."""
