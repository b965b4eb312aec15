"""People who sign in: users, their roles, sessions and second factors."""

from __future__ import annotations

revision = "0003_users"
down_revision = "0002_audit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
