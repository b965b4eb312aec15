"""A cooperative that leaves the hub leaves clearing for good."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a participant be closed, and let nothing open it again."""
    op.execute("ALTER TABLE participants DROP CONSTRAINT ck_participants_status")
    op.execute(
        "ALTER TABLE participants ADD CONSTRAINT ck_participants_status "
        "CHECK (status IN ('active', 'suspended', 'closed'))"
    )
    op.execute(
        """
        CREATE FUNCTION refuse_reopening() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'participant % is closed for good', OLD.cooperative_id
                USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER participants_closed BEFORE UPDATE ON participants "
        "FOR EACH ROW WHEN (OLD.status = 'closed' AND NEW.status <> 'closed') "
        "EXECUTE FUNCTION refuse_reopening()"
    )
    op.execute("ALTER TABLE participants ENABLE ALWAYS TRIGGER participants_closed")
