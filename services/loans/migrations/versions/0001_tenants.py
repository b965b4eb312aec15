"""The cooperatives, their keys and numbers, and what every service of the bus has."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import (
    deadletters,
    idempotency,
    inbox,
    jobs,
    keyring,
    numbering,
    outbox,
    tenants,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one


def upgrade() -> None:
    """Create the tables that shared code reads and writes."""
    for tables in (
        outbox,
        inbox,
        deadletters,
        idempotency,
        tenants,
        keyring,
        numbering,
        jobs,
    ):
        tables.add_tables(op)
