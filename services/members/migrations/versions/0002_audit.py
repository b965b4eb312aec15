"""The audit trail, and messages to people that wait to be sent."""

from __future__ import annotations

from alembic import op

from services.shared.persistence import roles

revision = "0002_audit"
down_revision = "0001_members"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both; of the trail nobody changes what is written."""
    _audit()
    _notifications()


def _audit() -> None:
    op.execute(
        """
        CREATE TABLE audit_heads (
            cooperative_id text NOT NULL,
            position bigint NOT NULL,
            hash bytea NOT NULL,
            CONSTRAINT pk_audit_heads PRIMARY KEY (cooperative_id),
            CONSTRAINT ck_audit_heads_position CHECK (position >= 0)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE audit_entries (
            cooperative_id text NOT NULL,
            position bigint NOT NULL,
            at timestamptz NOT NULL,
            actor text NOT NULL,
            action text NOT NULL,
            subject text NOT NULL,
            before jsonb,
            after jsonb,
            request_id text,
            hash bytea NOT NULL,
            CONSTRAINT pk_audit_entries PRIMARY KEY (cooperative_id, position),
            CONSTRAINT ck_audit_entries_position CHECK (position > 0)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_audit_entries_subject "
        "ON audit_entries (cooperative_id, subject, position)"
    )
    op.execute(
        "CREATE INDEX ix_audit_entries_actor "
        "ON audit_entries (cooperative_id, actor, position)"
    )
    for table in ("audit_heads", "audit_entries"):
        roles.enable_row_level_security(op, table)
    both = "SELECT, INSERT, UPDATE (position, hash)"
    roles.grant(op, "audit_heads", tenant=both, hub=both)
    roles.grant(op, "audit_entries", tenant="SELECT, INSERT", hub="SELECT, INSERT")
    roles.append_only(op, "audit_entries")


def _notifications() -> None:
    op.execute(
        """
        CREATE TABLE notifications (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            channel text NOT NULL,
            template text NOT NULL,
            language text NOT NULL,
            content bytea NOT NULL,
            status text NOT NULL,
            attempts integer NOT NULL,
            fault text,
            created_at timestamptz NOT NULL,
            due_at timestamptz NOT NULL,
            sent_at timestamptz,
            CONSTRAINT pk_notifications PRIMARY KEY (id),
            CONSTRAINT ck_notifications_channel
                CHECK (channel IN ('email', 'whatsapp')),
            CONSTRAINT ck_notifications_status
                CHECK (status IN ('waiting', 'sent', 'failed')),
            CONSTRAINT ck_notifications_sent_at
                CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
            CONSTRAINT ck_notifications_attempts CHECK (attempts >= 0)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_notifications_due ON notifications (due_at) "
        "WHERE status = 'waiting'"
    )
    op.execute(
        "CREATE INDEX ix_notifications_cooperative_id_id "
        "ON notifications (cooperative_id, id)"
    )
    roles.enable_row_level_security(op, "notifications")
    roles.grant(
        op,
        "notifications",
        tenant="SELECT, INSERT",
        hub="SELECT, INSERT, UPDATE (status, attempts, fault, due_at, sent_at), DELETE",
    )
