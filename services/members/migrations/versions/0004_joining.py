"""How cooperatives join and leave: registrations, legality, branches, closings."""

from __future__ import annotations

revision = "0004_joining"
down_revision = "0003_users"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
