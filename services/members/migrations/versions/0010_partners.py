"""Partners: SNAP clients, their requests, and the generations of keys."""

from __future__ import annotations

from alembic import op

from services.shared.persistence import roles

revision = "0010_partners"
down_revision = "0009_imports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    _partners()
    _requests()
    _keys()
    _trail()


def _partners() -> None:
    op.execute(
        """
        CREATE TABLE snap_partners (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            name text NOT NULL,
            public_key text NOT NULL,
            client_secret bytea NOT NULL,
            scopes text[] NOT NULL,
            allowed_ips text[] NOT NULL,
            status text NOT NULL,
            created_at timestamptz NOT NULL,
            revoked_at timestamptz,
            CONSTRAINT pk_snap_partners PRIMARY KEY (id),
            CONSTRAINT fk_snap_partners_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT uq_snap_partners_cooperative_id_id UNIQUE (cooperative_id, id),
            CONSTRAINT ck_snap_partners_status CHECK (status IN ('active', 'revoked')),
            CONSTRAINT ck_snap_partners_revoked_at
                CHECK ((status = 'revoked') = (revoked_at IS NOT NULL))
        )
        """
    )
    roles.enable_row_level_security(op, "snap_partners")
    changes = "UPDATE (public_key, client_secret, allowed_ips, status, revoked_at)"
    roles.grant(
        op,
        "snap_partners",
        tenant=f"SELECT, INSERT, {changes}",
        hub="SELECT, UPDATE (client_secret, status, revoked_at)",
    )


def _requests() -> None:
    op.execute(
        """
        CREATE TABLE snap_requests (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            partner_id text NOT NULL,
            business_date date NOT NULL,
            external_id text NOT NULL,
            service_code text NOT NULL,
            reference text,
            address text NOT NULL,
            body jsonb NOT NULL,
            request_id text NOT NULL,
            received_at timestamptz NOT NULL,
            response_code text,
            answered_at timestamptz,
            CONSTRAINT pk_snap_requests PRIMARY KEY (id),
            CONSTRAINT uq_snap_requests_partner_id_business_date_external_id
                UNIQUE (partner_id, business_date, external_id),
            CONSTRAINT fk_snap_requests_cooperative_id
                FOREIGN KEY (cooperative_id, partner_id)
                REFERENCES snap_partners (cooperative_id, id),
            CONSTRAINT ck_snap_requests_external_id
                CHECK (external_id ~ '^[0-9]{1,36}$'),
            CONSTRAINT ck_snap_requests_answered_at
                CHECK ((response_code IS NULL) = (answered_at IS NULL))
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_snap_requests_partner_id_id "
        "ON snap_requests (cooperative_id, partner_id, id)"
    )
    op.execute(
        """
        CREATE TABLE snap_payments (
            partner_id text NOT NULL,
            reference text NOT NULL,
            cooperative_id text NOT NULL,
            parameters_hash text NOT NULL,
            first_used_at timestamptz NOT NULL,
            CONSTRAINT pk_snap_payments PRIMARY KEY (partner_id, reference),
            CONSTRAINT fk_snap_payments_cooperative_id
                FOREIGN KEY (cooperative_id, partner_id)
                REFERENCES snap_partners (cooperative_id, id)
        )
        """
    )
    for table in ("snap_requests", "snap_payments"):
        roles.enable_row_level_security(op, table)
    roles.grant(
        op,
        "snap_requests",
        tenant="SELECT, INSERT, UPDATE (response_code, answered_at)",
    )
    roles.grant(op, "snap_payments", tenant="SELECT, INSERT")


def _keys() -> None:
    """Data keys come in two while one replaces the other; look-up keys never change.

    A tenant may keep a look-up key when it is the first to need it; what is kept it
    cannot change, and wrapped as it is it tells nothing.
    """
    op.execute("ALTER TABLE data_keys ADD COLUMN previous_wrapped_key bytea")
    roles.grant(
        op, "data_keys", hub="UPDATE (wrapped_key, previous_wrapped_key, created_at)"
    )
    op.execute(
        """
        CREATE TABLE lookup_keys (
            purpose text NOT NULL,
            wrapped_key bytea NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_lookup_keys PRIMARY KEY (purpose)
        )
        """
    )
    both = "SELECT, INSERT"
    roles.grant(op, "lookup_keys", tenant=both, hub=f"{both}, UPDATE (wrapped_key)")
    # What rotation makes anew; each cooperative's own under the tenant's role.
    roles.grant(op, "notifications", hub="UPDATE (content)")
    for table, columns in (
        ("members", "personal_data"),
        ("users", "personal_data, totp_secret"),
        ("documents", "content"),
        ("import_parts", "content"),
        ("import_rows", "content"),
    ):
        roles.grant(op, table, tenant=f"UPDATE ({columns})")


def _trail() -> None:
    """Pengawas look for what happened in a time, and for what was done."""
    op.execute(
        "CREATE INDEX ix_audit_entries_action "
        "ON audit_entries (cooperative_id, action, position)"
    )
    op.execute("CREATE INDEX ix_audit_entries_at ON audit_entries (cooperative_id, at)")
