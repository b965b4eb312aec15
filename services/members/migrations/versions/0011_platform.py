"""When a departure is looked at again; runs of a cooperative that left can go."""

from __future__ import annotations

from alembic import op

from services.shared.persistence import roles

revision = "0011_platform"
down_revision = "0010_partners"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, what it demands, and the rights."""
    op.execute("ALTER TABLE departures ADD COLUMN due_at timestamptz")
    op.execute(
        "UPDATE departures SET due_at = approved_at "
        "WHERE state IN ('approved', 'paying')"
    )
    op.execute(
        "ALTER TABLE departures ADD CONSTRAINT ck_departures_due_at "
        "CHECK ((state IN ('approved', 'paying')) = (due_at IS NOT NULL))"
    )
    op.execute("DROP INDEX ix_departures_approved")
    op.execute(
        "CREATE INDEX ix_departures_due ON departures (due_at) WHERE due_at IS NOT NULL"
    )
    roles.grant(op, "departures", tenant="UPDATE (due_at)", hub="UPDATE (due_at)")
    roles.grant(op, "job_runs", hub="DELETE")
