"""Partners: SNAP clients, their requests, and the generations of keys."""

from __future__ import annotations

revision = "0010_partners"
down_revision = "0009_imports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
