"""Imports: what was uploaded, what was wrong with it, what was taken over."""

from __future__ import annotations

revision = "0009_imports"
down_revision = "0008_payments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
