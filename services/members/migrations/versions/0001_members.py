"""Cooperatives, their clients and members, and whose savings account is whose."""

from __future__ import annotations

from alembic import op

from services.shared.persistence import deadletters, idempotency, inbox, outbox, roles

revision = "0001_members"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    _cooperatives()
    _clients()
    _members()
    _accounts()
    _rights()
    for tables in (outbox, inbox, deadletters, idempotency):
        tables.add_tables(op)


def _cooperatives() -> None:
    op.execute(
        """
        CREATE TABLE cooperatives (
            id text NOT NULL,
            code text NOT NULL,
            name text NOT NULL,
            kind text NOT NULL,
            status text NOT NULL,
            registered_at timestamptz NOT NULL,
            activated_at timestamptz,
            CONSTRAINT pk_cooperatives PRIMARY KEY (id),
            CONSTRAINT uq_cooperatives_code UNIQUE (code),
            CONSTRAINT ck_cooperatives_code CHECK (code ~ '^[0-9]{4}$'),
            CONSTRAINT ck_cooperatives_kind
                CHECK (kind IN ('ksp_primer', 'ksp_sekunder', 'ksu')),
            CONSTRAINT ck_cooperatives_status
                CHECK (status IN ('registered', 'active', 'deactivated'))
        )
        """
    )
    op.execute(
        """
        CREATE TABLE data_keys (
            cooperative_id text NOT NULL,
            wrapped_key bytea NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_data_keys PRIMARY KEY (cooperative_id),
            CONSTRAINT fk_data_keys_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE counters (
            cooperative_id text NOT NULL,
            name text NOT NULL,
            value bigint NOT NULL,
            CONSTRAINT pk_counters PRIMARY KEY (cooperative_id, name),
            CONSTRAINT fk_counters_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT ck_counters_value CHECK (value > 0)
        )
        """
    )


def _clients() -> None:
    op.execute(
        """
        CREATE TABLE clients (
            client_id text NOT NULL,
            cooperative_id text NOT NULL,
            name text NOT NULL,
            scopes text[] NOT NULL,
            secret_hash bytea NOT NULL,
            status text NOT NULL,
            created_at timestamptz NOT NULL,
            revoked_at timestamptz,
            CONSTRAINT pk_clients PRIMARY KEY (client_id),
            CONSTRAINT ck_clients_status CHECK (status IN ('active', 'revoked'))
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_clients_cooperative_id_client_id "
        "ON clients (cooperative_id, client_id)"
    )


def _members() -> None:
    op.execute(
        """
        CREATE TABLE members (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            number text NOT NULL,
            name text NOT NULL,
            status text NOT NULL,
            nik_hash bytea,
            personal_data bytea NOT NULL,
            registered_at timestamptz NOT NULL,
            activated_at timestamptz,
            CONSTRAINT pk_members PRIMARY KEY (id),
            CONSTRAINT fk_members_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT uq_members_cooperative_id_id UNIQUE (cooperative_id, id),
            CONSTRAINT uq_members_cooperative_id_number
                UNIQUE (cooperative_id, number),
            CONSTRAINT uq_members_cooperative_id_nik_hash
                UNIQUE (cooperative_id, nik_hash),
            CONSTRAINT ck_members_status CHECK (status IN ('candidate', 'active')),
            CONSTRAINT ck_members_activated_at
                CHECK ((status = 'candidate') = (activated_at IS NULL))
        )
        """
    )


def _accounts() -> None:
    op.execute(
        """
        CREATE TABLE accounts (
            number text NOT NULL,
            cooperative_id text NOT NULL,
            member_id text NOT NULL,
            product text NOT NULL,
            status text NOT NULL,
            opened_at timestamptz NOT NULL,
            CONSTRAINT pk_accounts PRIMARY KEY (number),
            CONSTRAINT fk_accounts_cooperative_id
                FOREIGN KEY (cooperative_id, member_id)
                REFERENCES members (cooperative_id, id),
            CONSTRAINT ck_accounts_number CHECK (number ~ '^[0-9]{16}$'),
            CONSTRAINT ck_accounts_product CHECK (product IN ('sukarela')),
            CONSTRAINT ck_accounts_status
                CHECK (status IN ('opening', 'active', 'closed'))
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_accounts_cooperative_id_number "
        "ON accounts (cooperative_id, number)"
    )
    op.execute(
        "CREATE INDEX ix_accounts_cooperative_id_member_id "
        "ON accounts (cooperative_id, member_id, number)"
    )
    op.execute(
        "CREATE INDEX ix_accounts_opening ON accounts (opened_at) "
        "WHERE status = 'opening'"
    )


def _rights() -> None:
    """What each role may do: nobody deletes, no tenant sees the hash of a secret."""
    roles.enable_row_level_security(op, "cooperatives", column="id")
    for table in ("data_keys", "counters", "clients", "members", "accounts"):
        roles.enable_row_level_security(op, table)
    roles.grant(
        op,
        "cooperatives",
        tenant="SELECT",
        # PostgreSQL wants UPDATE on a column before it lets a row be locked.
        hub="SELECT, INSERT, UPDATE (status, activated_at)",
    )
    roles.grant(op, "data_keys", tenant="SELECT", hub="SELECT, INSERT")
    roles.grant(op, "counters", tenant="SELECT, INSERT, UPDATE (value)")
    roles.grant(
        op,
        "clients",
        hub="SELECT, INSERT, UPDATE (secret_hash, status, revoked_at)",
    )
    roles.grant(
        op,
        "members",
        tenant="SELECT, INSERT, UPDATE (status, activated_at)",
        hub="SELECT",
    )
    roles.grant(
        op,
        "accounts",
        tenant="SELECT, INSERT, UPDATE (status)",
        hub="SELECT",
    )
