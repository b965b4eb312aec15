"""Screening: the hub's lists of people, and the alerts of cooperatives."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0004_screening"
down_revision = "0003_reports"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    _lists()
    _alerts()


def _lists() -> None:
    """Lists are of no cooperative: every tenant reads them, the hub loads them."""
    op.execute(
        """
        CREATE TABLE screening_lists (
            name text NOT NULL,
            version integer NOT NULL,
            CONSTRAINT pk_screening_lists PRIMARY KEY (name),
            CONSTRAINT ck_screening_lists_version CHECK (version > 0)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE list_versions (
            list_name text NOT NULL,
            version integer NOT NULL,
            entries integer NOT NULL,
            content_hash bytea NOT NULL,
            loaded_by text NOT NULL,
            loaded_at timestamptz NOT NULL,
            CONSTRAINT pk_list_versions PRIMARY KEY (list_name, version),
            CONSTRAINT fk_list_versions_list_name
                FOREIGN KEY (list_name) REFERENCES screening_lists (name),
            CONSTRAINT ck_list_versions_entries CHECK (entries > 0)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE list_entries (
            list_name text NOT NULL,
            version integer NOT NULL,
            entry_id text NOT NULL,
            name text NOT NULL,
            birth_date text,
            note text,
            entry_hash bytea NOT NULL,
            CONSTRAINT pk_list_entries PRIMARY KEY (list_name, version, entry_id),
            CONSTRAINT fk_list_entries_version FOREIGN KEY (list_name, version)
                REFERENCES list_versions (list_name, version)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE list_names (
            list_name text NOT NULL,
            version integer NOT NULL,
            entry_id text NOT NULL,
            position integer NOT NULL,
            name text NOT NULL,
            keys text[] NOT NULL,
            CONSTRAINT pk_list_names
                PRIMARY KEY (list_name, version, entry_id, position),
            CONSTRAINT fk_list_names_entry_id
                FOREIGN KEY (list_name, version, entry_id)
                REFERENCES list_entries (list_name, version, entry_id)
        )
        """
    )
    op.execute("CREATE INDEX ix_list_names_keys ON list_names USING gin (keys)")
    read = "SELECT"
    roles.grant(
        op, "screening_lists", tenant=read, hub="SELECT, INSERT, UPDATE (version)"
    )
    # Nobody may change these either; a trigger of `append_only` would also keep the
    # foreign keys to them from being checked.
    for table in ("list_versions", "list_entries"):
        roles.grant(op, table, tenant=read, hub="SELECT, INSERT")
    # Names of older versions only make the index larger.
    roles.grant(op, "list_names", tenant=read, hub="SELECT, INSERT, DELETE")


def _alerts() -> None:
    op.execute(
        """
        CREATE TABLE alerts (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            member_id text NOT NULL,
            list_name text NOT NULL,
            list_version integer NOT NULL,
            entry_id text NOT NULL,
            entry_hash bytea NOT NULL,
            score integer NOT NULL,
            birth_match text NOT NULL,
            status text NOT NULL,
            reason text,
            raised_at timestamptz NOT NULL,
            decided_by text,
            decided_at timestamptz,
            CONSTRAINT pk_alerts PRIMARY KEY (id),
            CONSTRAINT uq_alerts_member_id_entry_id UNIQUE
                (cooperative_id, member_id, list_name, entry_id, entry_hash),
            CONSTRAINT fk_alerts_entry_id
                FOREIGN KEY (list_name, list_version, entry_id)
                REFERENCES list_entries (list_name, version, entry_id),
            CONSTRAINT ck_alerts_score CHECK (score BETWEEN 0 AND 100),
            CONSTRAINT ck_alerts_birth_match CHECK (
                birth_match IN ('same', 'same_year', 'different', 'unknown')),
            CONSTRAINT ck_alerts_status
                CHECK (status IN ('open', 'cleared', 'confirmed')),
            CONSTRAINT ck_alerts_decided_by CHECK (
                (status = 'open') = (decided_by IS NULL)
                AND (decided_by IS NULL) = (reason IS NULL)
                AND (decided_by IS NULL) = (decided_at IS NULL))
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_alerts_member_id ON alerts (cooperative_id, member_id, id)"
    )
    op.execute("CREATE INDEX ix_alerts_status ON alerts (cooperative_id, status, id)")
    roles.enable_row_level_security(op, "alerts")
    roles.grant(
        op,
        "alerts",
        tenant="SELECT, INSERT, UPDATE (status, reason, decided_by, decided_at)",
        hub="SELECT",
    )
