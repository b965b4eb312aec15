"""How cooperatives join and leave: registrations, legality, branches, closings."""

from __future__ import annotations

from alembic import op

from services.shared.persistence import roles

revision = "0004_joining"
down_revision = "0003_users"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    _cooperatives()
    _registrations()
    _legality()
    _branches()
    _closings()
    _rights()


def _cooperatives() -> None:
    """Two more states, and what the end of a cooperative needs to change."""
    op.execute("ALTER TABLE cooperatives DROP CONSTRAINT ck_cooperatives_status")
    op.execute(
        "ALTER TABLE cooperatives ADD CONSTRAINT ck_cooperatives_status CHECK "
        "(status IN ('registered', 'active', 'deactivated', 'closing', 'closed'))"
    )


def _registrations() -> None:
    op.execute(
        """
        CREATE TABLE partner_codes (
            code text NOT NULL,
            name text NOT NULL,
            CONSTRAINT pk_partner_codes PRIMARY KEY (code),
            CONSTRAINT ck_partner_codes_code CHECK (code ~ '^[A-Z0-9_-]{1,40}$')
        )
        """
    )
    op.execute(
        """
        CREATE TABLE registrations (
            id text NOT NULL,
            cooperative_id text,
            status text NOT NULL,
            name text NOT NULL,
            email_hash bytea NOT NULL,
            contact bytea,
            token_hash bytea,
            token_expires_at timestamptz,
            partner_code text,
            terms_version text NOT NULL,
            terms_accepted_at timestamptz NOT NULL,
            activated_at timestamptz,
            submitted_at timestamptz,
            decided_at timestamptz,
            decided_by text,
            refusal_reason text,
            CONSTRAINT pk_registrations PRIMARY KEY (id),
            CONSTRAINT fk_registrations_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT uq_registrations_cooperative_id UNIQUE (cooperative_id),
            CONSTRAINT uq_registrations_token_hash UNIQUE (token_hash),
            CONSTRAINT ck_registrations_status CHECK (status IN
                ('awaiting_activation', 'activated', 'submitted', 'refused',
                 'approved')),
            CONSTRAINT ck_registrations_cooperative_id CHECK
                ((status = 'awaiting_activation') = (cooperative_id IS NULL)
                AND (cooperative_id IS NULL) = (activated_at IS NULL)),
            CONSTRAINT ck_registrations_token CHECK
                ((token_hash IS NULL) = (token_expires_at IS NULL)
                AND (token_hash IS NULL OR status = 'awaiting_activation')),
            CONSTRAINT ck_registrations_submitted_at CHECK
                (submitted_at IS NOT NULL
                OR status IN ('awaiting_activation', 'activated')),
            CONSTRAINT ck_registrations_decision CHECK
                (status NOT IN ('refused', 'approved') OR decided_at IS NOT NULL),
            CONSTRAINT ck_registrations_refusal_reason CHECK
                (status <> 'refused' OR refusal_reason IS NOT NULL)
        )
        """
    )
    op.execute("CREATE INDEX ix_registrations_status_id ON registrations (status, id)")
    op.execute(
        "CREATE INDEX ix_registrations_awaiting ON registrations (email_hash) "
        "WHERE status = 'awaiting_activation'"
    )
    op.execute(
        """
        CREATE TABLE activation_mails (
            id text NOT NULL,
            email_hash bytea NOT NULL,
            sent_at timestamptz NOT NULL,
            CONSTRAINT pk_activation_mails PRIMARY KEY (id)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_activation_mails_email_hash_sent_at "
        "ON activation_mails (email_hash, sent_at)"
    )
    op.execute("CREATE INDEX ix_activation_mails_sent_at ON activation_mails (sent_at)")


def _legality() -> None:
    op.execute(
        """
        CREATE TABLE legality (
            cooperative_id text NOT NULL,
            kind text NOT NULL,
            legal_entity_number text NOT NULL,
            legal_entity_on date NOT NULL,
            licence_number text NOT NULL,
            licence_issued_on date NOT NULL,
            licence_expires_on date,
            kbli text NOT NULL,
            area text NOT NULL,
            initial_capital bigint NOT NULL,
            founder_count integer NOT NULL,
            business_since date NOT NULL,
            changed_at timestamptz NOT NULL,
            CONSTRAINT pk_legality PRIMARY KEY (cooperative_id),
            CONSTRAINT fk_legality_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT ck_legality_kind
                CHECK (kind IN ('ksp_primer', 'ksp_sekunder', 'ksu')),
            CONSTRAINT ck_legality_kbli CHECK (kbli ~ '^6414[1-8]$'),
            CONSTRAINT ck_legality_area
                CHECK (area IN ('kabupaten_kota', 'provinsi', 'nasional')),
            CONSTRAINT ck_legality_initial_capital CHECK (initial_capital > 0),
            CONSTRAINT ck_legality_founder_count CHECK (founder_count > 0)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_legality_licence_expires_on "
        "ON legality (licence_expires_on, cooperative_id) "
        "WHERE licence_expires_on IS NOT NULL"
    )
    op.execute(
        """
        CREATE TABLE cooperative_modules (
            cooperative_id text NOT NULL,
            modules text[] NOT NULL,
            changed_at timestamptz NOT NULL,
            CONSTRAINT pk_cooperative_modules PRIMARY KEY (cooperative_id),
            CONSTRAINT fk_cooperative_modules_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT ck_cooperative_modules_modules CHECK (modules <@
                ARRAY['ekyc', 'scoring', 'loans', 'insurance', 'bot'])
        )
        """
    )


def _branches() -> None:
    op.execute(
        """
        CREATE TABLE branches (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            code text NOT NULL,
            name text NOT NULL,
            kind text NOT NULL,
            address text NOT NULL,
            area text NOT NULL,
            time_zone text NOT NULL,
            members_in_area integer NOT NULL,
            network_licence_number text,
            status text NOT NULL,
            created_at timestamptz NOT NULL,
            opened_on date,
            closed_on date,
            CONSTRAINT pk_branches PRIMARY KEY (id),
            CONSTRAINT fk_branches_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT uq_branches_cooperative_id_code UNIQUE (cooperative_id, code),
            CONSTRAINT uq_branches_cooperative_id_id UNIQUE (cooperative_id, id),
            CONSTRAINT ck_branches_code CHECK (code ~ '^[0-9]{3,}$'),
            CONSTRAINT ck_branches_kind CHECK
                (kind IN ('pusat', 'cabang', 'cabang_pembantu', 'kantor_kas')),
            CONSTRAINT ck_branches_time_zone
                CHECK (time_zone IN ('WIB', 'WITA', 'WIT')),
            CONSTRAINT ck_branches_members_in_area CHECK (members_in_area >= 0),
            CONSTRAINT ck_branches_status
                CHECK (status IN ('planned', 'open', 'closed')),
            CONSTRAINT ck_branches_opened_on
                CHECK (status <> 'open' OR opened_on IS NOT NULL),
            CONSTRAINT ck_branches_closed_on
                CHECK ((status = 'closed') = (closed_on IS NOT NULL))
        )
        """
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_branches_head_office ON branches (cooperative_id) "
        "WHERE kind = 'pusat' AND status <> 'closed'"
    )
    op.execute(
        """
        CREATE TABLE annual_reports (
            cooperative_id text NOT NULL,
            year integer NOT NULL,
            accepted_on date NOT NULL,
            working_capital bigint NOT NULL,
            document_sha512 text,
            declared_at timestamptz NOT NULL,
            CONSTRAINT pk_annual_reports PRIMARY KEY (cooperative_id, year),
            CONSTRAINT fk_annual_reports_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT ck_annual_reports_year CHECK (year BETWEEN 2000 AND 2099),
            CONSTRAINT ck_annual_reports_accepted_on
                CHECK (accepted_on > make_date(year, 12, 31)),
            CONSTRAINT ck_annual_reports_working_capital CHECK (working_capital >= 0),
            CONSTRAINT ck_annual_reports_document_sha512
                CHECK (document_sha512 ~ '^[0-9a-f]{128}$')
        )
        """
    )


def _closings() -> None:
    op.execute(
        """
        CREATE TABLE closings (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            state text NOT NULL,
            reason text NOT NULL,
            contact bytea,
            requested_by text NOT NULL,
            requested_at timestamptz NOT NULL,
            due_on date NOT NULL,
            verified_by text,
            verified_at timestamptz,
            document text,
            document_sha512 text,
            decided_by text,
            decided_at timestamptz,
            decision_reason text,
            completed_at timestamptz,
            attempted_at timestamptz NOT NULL,
            fault text,
            CONSTRAINT pk_closings PRIMARY KEY (id),
            CONSTRAINT fk_closings_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT uq_closings_cooperative_id_id UNIQUE (cooperative_id, id),
            CONSTRAINT ck_closings_state CHECK (state IN
                ('requested', 'verified', 'approved', 'accounts_closed',
                 'participant_closed', 'exported', 'key_destroyed', 'completed',
                 'rejected', 'withdrawn')),
            CONSTRAINT ck_closings_document CHECK
                ((document IS NULL) = (verified_at IS NULL)
                AND (document IS NULL) = (document_sha512 IS NULL)
                AND (document IS NOT NULL
                     OR state IN ('requested', 'rejected', 'withdrawn'))),
            CONSTRAINT ck_closings_document_sha512
                CHECK (document_sha512 ~ '^[0-9a-f]{128}$'),
            CONSTRAINT ck_closings_decided_at CHECK
                (decided_at IS NOT NULL
                OR state IN ('requested', 'verified', 'withdrawn')),
            CONSTRAINT ck_closings_completed_at
                CHECK ((state = 'completed') = (completed_at IS NOT NULL))
        )
        """
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_closings_under_way ON closings (cooperative_id) "
        "WHERE state NOT IN ('rejected', 'withdrawn')"
    )
    op.execute("CREATE INDEX ix_closings_state_id ON closings (state, id)")
    op.execute(
        "CREATE INDEX ix_closings_running ON closings (attempted_at) "
        "WHERE state IN ('approved', 'accounts_closed', 'participant_closed', "
        "'exported', 'key_destroyed')"
    )
    op.execute(
        """
        CREATE TABLE closing_exports (
            closing_id text NOT NULL,
            cooperative_id text NOT NULL,
            part integer NOT NULL,
            content bytea NOT NULL,
            token_hash bytea NOT NULL,
            sha512 text NOT NULL,
            expires_at timestamptz NOT NULL,
            CONSTRAINT pk_closing_exports PRIMARY KEY (closing_id, part),
            CONSTRAINT fk_closing_exports_cooperative_id
                FOREIGN KEY (cooperative_id, closing_id)
                REFERENCES closings (cooperative_id, id),
            CONSTRAINT ck_closing_exports_part CHECK (part >= 0)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_closing_exports_expires_at ON closing_exports (expires_at)"
    )


def _rights() -> None:
    """Offices and legality are the tenant's; who joins and who leaves is the hub's.

    So no request of a tenant, however wrong, makes its registration an approved one.
    """
    for table in (
        "registrations",
        "legality",
        "cooperative_modules",
        "branches",
        "annual_reports",
        "closings",
        "closing_exports",
    ):
        roles.enable_row_level_security(op, table)
    _rights_of_joining()
    _rights_of_branches()
    _rights_of_leaving()


def _rights_of_joining() -> None:
    roles.grant(op, "partner_codes", hub="SELECT, INSERT, UPDATE (name)")
    roles.grant(
        op,
        "registrations",
        tenant="SELECT",
        hub="SELECT, INSERT, DELETE, UPDATE (cooperative_id, status, contact, "
        "token_hash, token_expires_at, activated_at, submitted_at, decided_at, "
        "decided_by, refusal_reason)",
    )
    roles.grant(op, "activation_mails", hub="SELECT, INSERT, DELETE")
    legality = (
        "UPDATE (kind, legal_entity_number, legal_entity_on, licence_number, "
        "licence_issued_on, licence_expires_on, kbli, area, initial_capital, "
        "founder_count, business_since, changed_at)"
    )
    roles.grant(op, "legality", tenant=f"SELECT, INSERT, {legality}", hub="SELECT")
    roles.grant(
        op,
        "cooperative_modules",
        tenant="SELECT, INSERT, UPDATE (modules, changed_at)",
        hub="SELECT",
    )


def _rights_of_branches() -> None:
    roles.grant(
        op,
        "branches",
        tenant="SELECT, INSERT, UPDATE (name, address, area, time_zone, "
        "members_in_area, network_licence_number, status, opened_on, closed_on)",
        hub="SELECT",
    )
    roles.grant(
        op,
        "annual_reports",
        tenant="SELECT, INSERT, UPDATE (accepted_on, working_capital, "
        "document_sha512, declared_at)",
        hub="SELECT",
    )


def _rights_of_leaving() -> None:
    roles.grant(
        op,
        "closings",
        tenant="SELECT",
        hub="SELECT, INSERT, UPDATE (state, contact, verified_by, verified_at, "
        "document, document_sha512, decided_by, decided_at, decision_reason, "
        "completed_at, attempted_at, fault)",
    )
    roles.grant(op, "closing_exports", hub="SELECT, INSERT, DELETE")
    roles.grant(op, "cooperatives", hub="UPDATE (kind)")
    # The end of a cooperative: with its key everything personal becomes unreadable.
    roles.grant(op, "data_keys", hub="DELETE")
