"""The counter: cash drawers, slips, document numbers and time deposits."""

from __future__ import annotations

revision = "0007_counter"
down_revision = "0006_savings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
