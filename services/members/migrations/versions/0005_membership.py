"""Membership: forms, verification, documents, contributions and leaving."""

from __future__ import annotations

revision = "0005_membership"
down_revision = "0004_joining"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
