"""Savings products, dues, interest, tax and the jobs that post them."""

from __future__ import annotations

from alembic import op

from services.shared.persistence import jobs

revision = "0006_savings"
down_revision = "0005_membership"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    jobs.add_tables(op)
