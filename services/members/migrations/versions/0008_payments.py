"""Payments in: virtual accounts, what the provider called back, webhooks."""

from __future__ import annotations

revision = "0008_payments"
down_revision = "0007_counter"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
