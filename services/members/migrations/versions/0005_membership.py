"""Membership: forms, verification, documents and leaving."""

from __future__ import annotations

from alembic import op

from services.shared.persistence import roles

revision = "0005_membership"
down_revision = "0004_joining"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let members leave; create the tables, the tenants' walls and the rights."""
    _members()
    _forms()
    _verification_codes()
    _documents()
    _departures()
    _rights()


def _members() -> None:
    op.execute(
        """
        ALTER TABLE members
            ADD COLUMN phone_hash bytea,
            ADD COLUMN form_version integer,
            ADD COLUMN is_self_registered boolean NOT NULL DEFAULT false,
            ADD COLUMN phone_verified_at timestamptz,
            ADD COLUMN email_verified_at timestamptz,
            ADD COLUMN left_at timestamptz,
            DROP CONSTRAINT ck_members_status,
            DROP CONSTRAINT ck_members_activated_at,
            DROP CONSTRAINT uq_members_cooperative_id_nik_hash,
            ADD CONSTRAINT ck_members_status CHECK (status IN
                ('candidate', 'active', 'refused', 'resigned', 'expelled', 'deceased')),
            ADD CONSTRAINT ck_members_activated_at
                CHECK ((status IN ('candidate', 'refused')) = (activated_at IS NULL)),
            ADD CONSTRAINT ck_members_left_at CHECK (
                (status IN ('resigned', 'expelled', 'deceased')) = (left_at IS NOT NULL)
            )
        """
    )
    # Who resigned or was refused may apply again, as a new member.
    op.execute(
        "CREATE UNIQUE INDEX uq_members_cooperative_id_nik_hash "
        "ON members (cooperative_id, nik_hash) "
        "WHERE status NOT IN ('refused', 'resigned')"
    )
    op.execute(
        "CREATE INDEX ix_members_cooperative_id_phone_hash "
        "ON members (cooperative_id, phone_hash)"
    )
    op.execute(
        "CREATE INDEX ix_members_self_registered "
        "ON members (cooperative_id, registered_at) WHERE is_self_registered"
    )
    # Across cooperatives, for the operator's list of persons who are in several.
    op.execute(
        "CREATE INDEX ix_members_nik_hash ON members (nik_hash) "
        "WHERE nik_hash IS NOT NULL"
    )


def _forms() -> None:
    op.execute(
        """
        CREATE TABLE member_forms (
            cooperative_id text NOT NULL,
            version integer NOT NULL,
            content jsonb NOT NULL,
            created_at timestamptz NOT NULL,
            created_by text NOT NULL,
            CONSTRAINT pk_member_forms PRIMARY KEY (cooperative_id, version),
            CONSTRAINT fk_member_forms_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT ck_member_forms_version CHECK (version > 0)
        )
        """
    )


def _verification_codes() -> None:
    op.execute(
        """
        CREATE TABLE verification_codes (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            member_id text NOT NULL,
            channel text NOT NULL,
            target_hash bytea NOT NULL,
            code_hash bytea NOT NULL,
            attempts integer NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            used_at timestamptz,
            CONSTRAINT pk_verification_codes PRIMARY KEY (id),
            CONSTRAINT fk_verification_codes_cooperative_id_member_id
                FOREIGN KEY (cooperative_id, member_id)
                REFERENCES members (cooperative_id, id),
            CONSTRAINT ck_verification_codes_channel
                CHECK (channel IN ('email', 'phone')),
            CONSTRAINT ck_verification_codes_attempts CHECK (attempts >= 0),
            CONSTRAINT ck_verification_codes_expires_at CHECK (expires_at > created_at)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_verification_codes_member_id "
        "ON verification_codes (cooperative_id, member_id, channel, id)"
    )
    op.execute(
        "CREATE INDEX ix_verification_codes_expires_at "
        "ON verification_codes (expires_at)"
    )


def _documents() -> None:
    op.execute(
        """
        CREATE TABLE documents (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            member_id text NOT NULL,
            kind text NOT NULL,
            media_type text NOT NULL,
            size_bytes integer NOT NULL,
            content bytea NOT NULL,
            status text NOT NULL,
            reason text,
            uploaded_by text NOT NULL,
            uploaded_at timestamptz NOT NULL,
            reviewed_by text,
            reviewed_at timestamptz,
            CONSTRAINT pk_documents PRIMARY KEY (id),
            CONSTRAINT fk_documents_cooperative_id_member_id
                FOREIGN KEY (cooperative_id, member_id)
                REFERENCES members (cooperative_id, id),
            CONSTRAINT ck_documents_kind
                CHECK (kind IN ('ktp', 'selfie', 'payment_proof', 'other')),
            CONSTRAINT ck_documents_media_type CHECK (
                media_type IN ('image/jpeg', 'image/png', 'application/pdf')
            ),
            CONSTRAINT ck_documents_size_bytes
                CHECK (size_bytes BETWEEN 1 AND 5242880),
            CONSTRAINT ck_documents_status
                CHECK (status IN ('submitted', 'accepted', 'rejected')),
            CONSTRAINT ck_documents_reviewed_by
                CHECK ((status = 'submitted') = (reviewed_by IS NULL)),
            CONSTRAINT ck_documents_reviewed_at
                CHECK ((reviewed_by IS NULL) = (reviewed_at IS NULL)),
            CONSTRAINT ck_documents_reason
                CHECK ((status = 'rejected') = (reason IS NOT NULL))
        )
        """
    )
    # Ciphertext does not compress; trying costs a second of CPU per large upload.
    op.execute("ALTER TABLE documents ALTER COLUMN content SET STORAGE EXTERNAL")
    op.execute(
        "CREATE INDEX ix_documents_member_id "
        "ON documents (cooperative_id, member_id, id)"
    )
    op.execute(
        "CREATE INDEX ix_documents_status ON documents (cooperative_id, status, id)"
    )


def _departures() -> None:
    op.execute(
        """
        CREATE TABLE departures (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            member_id text NOT NULL,
            kind text NOT NULL,
            reason text NOT NULL,
            channel text NOT NULL,
            state text NOT NULL,
            proposed_by text NOT NULL,
            proposed_at timestamptz NOT NULL,
            approved_by text,
            approved_at timestamptz,
            ended_at timestamptz,
            journal_ids text[] NOT NULL,
            CONSTRAINT pk_departures PRIMARY KEY (id),
            CONSTRAINT fk_departures_cooperative_id_member_id
                FOREIGN KEY (cooperative_id, member_id)
                REFERENCES members (cooperative_id, id),
            CONSTRAINT ck_departures_kind
                CHECK (kind IN ('refused', 'resigned', 'expelled', 'deceased')),
            CONSTRAINT ck_departures_channel CHECK (channel IN ('cash', 'bank')),
            CONSTRAINT ck_departures_state
                CHECK (state IN
                    ('proposed', 'approved', 'paying', 'completed', 'withdrawn')),
            CONSTRAINT ck_departures_approved_by
                CHECK (
                    (state IN ('approved', 'paying', 'completed'))
                    = (approved_by IS NOT NULL)
                ),
            CONSTRAINT ck_departures_approved_at
                CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
            CONSTRAINT ck_departures_ended_at
                CHECK ((state IN ('completed', 'withdrawn')) = (ended_at IS NOT NULL)),
            CONSTRAINT ck_departures_four_eyes CHECK (approved_by <> proposed_by)
        )
        """
    )
    # One at a time: nobody is paid out by two departures.
    op.execute(
        "CREATE UNIQUE INDEX uq_departures_running "
        "ON departures (cooperative_id, member_id) "
        "WHERE state IN ('proposed', 'approved', 'paying')"
    )
    op.execute(
        "CREATE INDEX ix_departures_cooperative_id_id "
        "ON departures (cooperative_id, id)"
    )
    op.execute(
        "CREATE INDEX ix_departures_approved ON departures (approved_at) "
        "WHERE state IN ('approved', 'paying')"
    )


def _rights() -> None:
    """What each role may do: no form and no document ever goes away."""
    for table in ("member_forms", "verification_codes", "documents", "departures"):
        roles.enable_row_level_security(op, table)
    roles.grant(
        op,
        "members",
        tenant="UPDATE (name, nik_hash, phone_hash, personal_data, form_version, "
        "phone_verified_at, email_verified_at, left_at)",
    )
    roles.grant(op, "member_forms", tenant="SELECT, INSERT", hub="SELECT")
    roles.append_only(op, "member_forms")
    roles.grant(
        op,
        "verification_codes",
        tenant="SELECT, INSERT, UPDATE (attempts, used_at)",
        hub="SELECT, DELETE",
    )
    roles.grant(
        op,
        "documents",
        tenant="SELECT, INSERT, UPDATE (status, reason, reviewed_by, reviewed_at)",
        hub="SELECT",
    )
    roles.grant(
        op,
        "departures",
        tenant="SELECT, INSERT, UPDATE (state, approved_by, approved_at, ended_at, "
        "journal_ids)",
        hub="SELECT",
    )
