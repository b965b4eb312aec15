"""People who sign in: users, their roles, sessions and second factors."""

from __future__ import annotations

from alembic import op

from services.shared.persistence import roles

revision = "0003_users"
down_revision = "0002_audit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    _users()
    _sessions()
    _links()
    _attempts()
    _rights()


def _users() -> None:
    # 'hub' is the tenant of the operators and no cooperative: no foreign key, as for
    # clients.
    op.execute(
        """
        CREATE TABLE users (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            member_id text,
            branch_id text,
            roles text[] NOT NULL,
            status text NOT NULL,
            email_hash bytea NOT NULL,
            phone_hash bytea,
            personal_data bytea NOT NULL,
            password_hash text,
            totp_secret bytea,
            totp_confirmed_at timestamptz,
            totp_step bigint,
            pin_hash text,
            invited_by text,
            created_at timestamptz NOT NULL,
            activated_at timestamptz,
            disabled_at timestamptz,
            signed_in_at timestamptz,
            CONSTRAINT pk_users PRIMARY KEY (id),
            CONSTRAINT fk_users_cooperative_id
                FOREIGN KEY (cooperative_id, member_id)
                REFERENCES members (cooperative_id, id),
            CONSTRAINT uq_users_cooperative_id_id UNIQUE (cooperative_id, id),
            CONSTRAINT uq_users_cooperative_id_email_hash
                UNIQUE (cooperative_id, email_hash),
            CONSTRAINT uq_users_cooperative_id_phone_hash
                UNIQUE (cooperative_id, phone_hash),
            CONSTRAINT uq_users_cooperative_id_member_id
                UNIQUE (cooperative_id, member_id),
            CONSTRAINT ck_users_status
                CHECK (status IN ('invited', 'active', 'disabled')),
            CONSTRAINT ck_users_roles CHECK (
                cardinality(roles) > 0
                AND roles <@ ARRAY['anggota', 'teller', 'analis', 'komite',
                    'bendahara', 'pengurus', 'pengawas', 'admin', 'operator']
            ),
            CONSTRAINT ck_users_operator CHECK (
                (cooperative_id = 'hub') = ('operator' = ANY (roles))
            ),
            CONSTRAINT ck_users_pengawas CHECK (
                NOT 'pengawas' = ANY (roles) OR roles <@ ARRAY['pengawas', 'anggota']
            ),
            CONSTRAINT ck_users_member_id CHECK (
                ('anggota' = ANY (roles)) = (member_id IS NOT NULL)
            ),
            CONSTRAINT ck_users_password_hash CHECK (
                CASE status
                    WHEN 'invited' THEN password_hash IS NULL
                    WHEN 'active' THEN password_hash IS NOT NULL
                    ELSE true
                END
            ),
            CONSTRAINT ck_users_totp_confirmed_at CHECK (
                totp_confirmed_at IS NULL OR totp_secret IS NOT NULL
            ),
            CONSTRAINT ck_users_disabled_at
                CHECK ((status = 'disabled') = (disabled_at IS NOT NULL))
        )
        """
    )
    # Who signs in names no cooperative, unless it is needed to tell two apart.
    op.execute("CREATE INDEX ix_users_email_hash ON users (email_hash)")
    op.execute("CREATE INDEX ix_users_phone_hash ON users (phone_hash)")
    op.execute(
        """
        CREATE TABLE recovery_codes (
            cooperative_id text NOT NULL,
            user_id text NOT NULL,
            code_hash bytea NOT NULL,
            used_at timestamptz,
            CONSTRAINT pk_recovery_codes PRIMARY KEY (user_id, code_hash),
            CONSTRAINT fk_recovery_codes_cooperative_id
                FOREIGN KEY (cooperative_id, user_id)
                REFERENCES users (cooperative_id, id)
        )
        """
    )


def _sessions() -> None:
    op.execute(
        """
        CREATE TABLE sessions (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            user_id text NOT NULL,
            family_hash bytea NOT NULL,
            refresh_hash bytea NOT NULL,
            is_remembered boolean NOT NULL,
            device text NOT NULL,
            created_at timestamptz NOT NULL,
            used_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            strong_until timestamptz,
            ended_at timestamptz,
            end_reason text,
            CONSTRAINT pk_sessions PRIMARY KEY (id),
            CONSTRAINT fk_sessions_cooperative_id
                FOREIGN KEY (cooperative_id, user_id)
                REFERENCES users (cooperative_id, id),
            CONSTRAINT uq_sessions_family_hash UNIQUE (family_hash),
            CONSTRAINT ck_sessions_expires_at CHECK (expires_at > created_at),
            CONSTRAINT ck_sessions_end_reason CHECK (
                (ended_at IS NULL) = (end_reason IS NULL)
                AND end_reason IN ('signed_out', 'revoked', 'token_reused',
                    'password_changed', 'second_factor_changed', 'roles_changed',
                    'disabled')
            )
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_sessions_cooperative_id_user_id "
        "ON sessions (cooperative_id, user_id, id)"
    )
    # What every gateway asks for every few seconds.
    op.execute(
        "CREATE INDEX ix_sessions_ended_at ON sessions (ended_at) "
        "WHERE ended_at IS NOT NULL"
    )
    op.execute("CREATE INDEX ix_sessions_expires_at ON sessions (expires_at)")


def _links() -> None:
    op.execute(
        """
        CREATE TABLE user_links (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            user_id text NOT NULL,
            purpose text NOT NULL,
            token_hash bytea NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            used_at timestamptz,
            CONSTRAINT pk_user_links PRIMARY KEY (id),
            CONSTRAINT fk_user_links_cooperative_id
                FOREIGN KEY (cooperative_id, user_id)
                REFERENCES users (cooperative_id, id),
            CONSTRAINT uq_user_links_token_hash UNIQUE (token_hash),
            CONSTRAINT ck_user_links_purpose
                CHECK (purpose IN ('invitation', 'password_reset')),
            CONSTRAINT ck_user_links_expires_at CHECK (expires_at > created_at)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_user_links_user_id "
        "ON user_links (cooperative_id, user_id, purpose, created_at)"
    )
    op.execute("CREATE INDEX ix_user_links_expires_at ON user_links (expires_at)")


def _attempts() -> None:
    # Of no cooperative, and of nobody who is known: the answer to an unknown login
    # must be that to a known one.
    op.execute(
        """
        CREATE TABLE sign_in_attempts (
            login_hash bytea NOT NULL,
            failures integer NOT NULL,
            last_at timestamptz NOT NULL,
            locked_until timestamptz,
            CONSTRAINT pk_sign_in_attempts PRIMARY KEY (login_hash),
            CONSTRAINT ck_sign_in_attempts_failures CHECK (failures >= 0)
        )
        """
    )
    op.execute("CREATE INDEX ix_sign_in_attempts_last_at ON sign_in_attempts (last_at)")


def _rights() -> None:
    """What each role may do: signing in spans tenants, everything else does not."""
    for table in ("users", "recovery_codes", "sessions", "user_links"):
        roles.enable_row_level_security(op, table)
    changed = (
        "UPDATE (member_id, branch_id, roles, status, email_hash, phone_hash, "
        "personal_data, password_hash, totp_secret, totp_confirmed_at, totp_step, "
        "pin_hash, activated_at, disabled_at, signed_in_at)"
    )
    both = f"SELECT, INSERT, {changed}"
    roles.grant(op, "users", tenant=both, hub=both)
    codes = "SELECT, INSERT, UPDATE (used_at), DELETE"
    roles.grant(op, "recovery_codes", tenant=codes, hub=codes)
    ended = "UPDATE (refresh_hash, used_at, strong_until, ended_at, end_reason)"
    roles.grant(
        op,
        "sessions",
        tenant=f"SELECT, {ended}",
        hub=f"SELECT, INSERT, {ended}, DELETE",
    )
    links = "SELECT, INSERT, UPDATE (used_at)"
    roles.grant(op, "user_links", tenant=links, hub=f"{links}, DELETE")
    # A tenant counts the failures of its own people too, when they confirm with a PIN.
    counted = "SELECT, INSERT, UPDATE (failures, last_at, locked_until), DELETE"
    roles.grant(op, "sign_in_attempts", tenant=counted, hub=counted)
