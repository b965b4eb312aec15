"""Imports: what was uploaded, what was wrong with it, what was taken over."""

from __future__ import annotations

from alembic import op

from services.shared.persistence import roles

revision = "0009_imports"
down_revision = "0008_payments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    _imports()
    _files()
    _rows()
    _problems()
    _imported_members()
    _reservation()
    _rights()


def _imports() -> None:
    op.execute(
        """
        CREATE TABLE imports (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            cut_over date NOT NULL,
            state text NOT NULL,
            is_partial boolean NOT NULL,
            stage text,
            position text,
            done bigint NOT NULL,
            total bigint,
            counts jsonb,
            lines jsonb,
            differences text,
            is_balanced boolean NOT NULL,
            signed_off_by text,
            signed_off_at timestamptz,
            sign_off_reason text,
            signed_differences text,
            created_by text NOT NULL,
            created_at timestamptz NOT NULL,
            committed_by text,
            journal_id text,
            fault text,
            attempts integer NOT NULL,
            lease text,
            due_at timestamptz NOT NULL,
            finished_at timestamptz,
            CONSTRAINT pk_imports PRIMARY KEY (id),
            CONSTRAINT fk_imports_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT uq_imports_cooperative_id_id UNIQUE (cooperative_id, id),
            CONSTRAINT ck_imports_state CHECK (state IN ('draft', 'validating',
                'ready', 'committing', 'committed', 'cancelled')),
            CONSTRAINT ck_imports_stage CHECK (stage IN ('reading', 'checking',
                'reserving', 'numbering', 'opening', 'posting', 'writing')),
            CONSTRAINT ck_imports_working CHECK (
                (state IN ('validating', 'committing')) = (stage IS NOT NULL)
            ),
            CONSTRAINT ck_imports_finished_at CHECK (
                (state IN ('committed', 'cancelled')) = (finished_at IS NOT NULL)
            ),
            CONSTRAINT ck_imports_sign_off CHECK (
                num_nulls(signed_off_by, signed_off_at, sign_off_reason,
                    signed_differences) IN (0, 4)
            ),
            CONSTRAINT ck_imports_two_persons CHECK (signed_off_by <> created_by),
            CONSTRAINT ck_imports_reconciled CHECK (
                state NOT IN ('committing', 'committed') OR (
                    is_balanced AND (differences IS NULL
                        OR differences IS NOT DISTINCT FROM signed_differences)
                )
            ),
            CONSTRAINT ck_imports_counters CHECK (done >= 0 AND attempts >= 0)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_imports_cooperative_id_id ON imports (cooperative_id, id)"
    )
    op.execute(
        "CREATE INDEX ix_imports_due ON imports (due_at) "
        "WHERE state IN ('validating', 'committing')"
    )
    # Two at a time would fight for the same numbers.
    op.execute(
        "CREATE UNIQUE INDEX uq_imports_committing ON imports (cooperative_id) "
        "WHERE state = 'committing'"
    )


def _files() -> None:
    op.execute(
        """
        CREATE TABLE import_files (
            cooperative_id text NOT NULL,
            import_id text NOT NULL,
            sheet text NOT NULL,
            upload_id text NOT NULL,
            media_type text NOT NULL,
            bytes bigint NOT NULL,
            sha512 text NOT NULL,
            uploaded_at timestamptz NOT NULL,
            CONSTRAINT pk_import_files PRIMARY KEY (import_id, sheet),
            CONSTRAINT fk_import_files_cooperative_id_import_id
                FOREIGN KEY (cooperative_id, import_id)
                REFERENCES imports (cooperative_id, id),
            CONSTRAINT ck_import_files_bytes CHECK (bytes >= 0)
        )
        """
    )
    # A file that is still arriving has parts, but no row above.
    op.execute(
        """
        CREATE TABLE import_parts (
            cooperative_id text NOT NULL,
            import_id text NOT NULL,
            upload_id text NOT NULL,
            part integer NOT NULL,
            content bytea NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_import_parts PRIMARY KEY (import_id, upload_id, part),
            CONSTRAINT fk_import_parts_cooperative_id_import_id
                FOREIGN KEY (cooperative_id, import_id)
                REFERENCES imports (cooperative_id, id),
            CONSTRAINT ck_import_parts_part CHECK (part >= 0)
        )
        """
    )
    # Ciphertext does not compress; trying costs a second of CPU per large upload.
    op.execute("ALTER TABLE import_parts ALTER COLUMN content SET STORAGE EXTERNAL")


def _rows() -> None:
    op.execute(
        """
        CREATE TABLE import_rows (
            cooperative_id text NOT NULL,
            import_id text NOT NULL,
            sheet text NOT NULL,
            row integer NOT NULL,
            key text,
            product text,
            amount bigint,
            name text,
            status text,
            joined_on date,
            details jsonb NOT NULL,
            missing text[] NOT NULL,
            nik_hash bytea,
            phone_hash bytea,
            content bytea,
            is_bad boolean NOT NULL,
            member_id text,
            number text,
            CONSTRAINT pk_import_rows PRIMARY KEY (import_id, sheet, row),
            CONSTRAINT fk_import_rows_cooperative_id_import_id
                FOREIGN KEY (cooperative_id, import_id)
                REFERENCES imports (cooperative_id, id),
            CONSTRAINT ck_import_rows_row CHECK (row > 0)
        ) WITH (fillfactor = 80)
        """
    )
    op.execute("CREATE INDEX ix_import_rows_key ON import_rows (import_id, sheet, key)")
    op.execute(
        "CREATE INDEX ix_import_rows_nik_hash "
        "ON import_rows (cooperative_id, nik_hash) WHERE nik_hash IS NOT NULL"
    )


def _problems() -> None:
    op.execute(
        """
        CREATE TABLE import_problems (
            id bigint GENERATED ALWAYS AS IDENTITY,
            cooperative_id text NOT NULL,
            import_id text NOT NULL,
            place bigint NOT NULL,
            sheet text NOT NULL,
            row integer NOT NULL,
            "column" text,
            severity text NOT NULL,
            code text NOT NULL,
            value text,
            stage text NOT NULL,
            CONSTRAINT pk_import_problems PRIMARY KEY (id),
            CONSTRAINT fk_import_problems_cooperative_id_import_id
                FOREIGN KEY (cooperative_id, import_id)
                REFERENCES imports (cooperative_id, id),
            CONSTRAINT ck_import_problems_severity
                CHECK (severity IN ('error', 'warning')),
            CONSTRAINT ck_import_problems_stage
                CHECK (stage IN ('reading', 'checking'))
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_import_problems_place "
        "ON import_problems (import_id, place, id)"
    )


def _imported_members() -> None:
    op.execute(
        """
        CREATE TABLE imported_members (
            cooperative_id text NOT NULL,
            old_number text NOT NULL,
            member_id text NOT NULL,
            import_id text NOT NULL,
            missing text[] NOT NULL,
            CONSTRAINT pk_imported_members PRIMARY KEY (cooperative_id, old_number),
            CONSTRAINT fk_imported_members_cooperative_id_member_id
                FOREIGN KEY (cooperative_id, member_id)
                REFERENCES members (cooperative_id, id),
            CONSTRAINT fk_imported_members_cooperative_id_import_id
                FOREIGN KEY (cooperative_id, import_id)
                REFERENCES imports (cooperative_id, id)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_imported_members_member_id "
        "ON imported_members (cooperative_id, member_id)"
    )


def _reservation() -> None:
    """Keep the NIKs of an import free while its money is being posted.

    Between the check and the members' rows lies a journal in another database. Until
    those rows are there, nobody else may be given a NIK of theirs, or money would have
    been posted for members that cannot be made. The lock, shared by everybody who
    writes a NIK and held alone by who reserves, closes the gap between the two looks.
    """
    op.execute(
        """
        CREATE FUNCTION keep_reserved_niks() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF current_setting('app.import_id', true) <> '' THEN
                RETURN NEW;
            END IF;
            PERFORM pg_advisory_xact_lock_shared(
                hashtext('imports'), hashtext(NEW.cooperative_id)
            );
            IF NOT EXISTS (
                SELECT FROM import_rows staged
                JOIN imports running ON running.id = staged.import_id
                WHERE staged.cooperative_id = NEW.cooperative_id
                    AND staged.nik_hash = NEW.nik_hash AND NOT staged.is_bad
                    AND running.state = 'committing' AND running.stage <> 'reserving'
            ) THEN
                RETURN NEW;
            END IF;
            IF TG_OP = 'INSERT' THEN
                -- As ON CONFLICT DO NOTHING does for a member that is there already.
                RETURN NULL;
            END IF;
            RAISE EXCEPTION 'this NIK is being imported'
                USING ERRCODE = 'unique_violation',
                CONSTRAINT = 'uq_members_cooperative_id_nik_hash';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER members_keep_reserved_niks "
        "BEFORE INSERT OR UPDATE OF nik_hash ON members "
        "FOR EACH ROW WHEN (NEW.nik_hash IS NOT NULL) "
        "EXECUTE FUNCTION keep_reserved_niks()"
    )


def _rights() -> None:
    """Staging is the tenant's to fill and empty; what was taken over stays."""
    tables = (
        "imports",
        "import_files",
        "import_parts",
        "import_rows",
        "import_problems",
        "imported_members",
    )
    for table in tables:
        roles.enable_row_level_security(op, table)
    changing = (
        "state, is_partial, stage, position, done, total, counts, lines, differences, "
        "is_balanced, signed_off_by, signed_off_at, sign_off_reason, "
        "signed_differences, committed_by, journal_id, fault, attempts, lease, due_at, "
        "finished_at"
    )
    roles.grant(
        op,
        "imports",
        tenant=f"SELECT, INSERT, UPDATE ({changing})",
        hub="SELECT, UPDATE (lease, due_at, attempts)",
    )
    for table in ("import_files", "import_parts", "import_problems"):
        roles.grant(op, table, tenant="SELECT, INSERT, DELETE")
    roles.grant(op, "import_files", tenant="UPDATE")
    # For a new key of the cooperative, under which it is encrypted anew.
    roles.grant(op, "import_parts", tenant="UPDATE (content)")
    roles.grant(
        op,
        "import_rows",
        tenant="SELECT, INSERT, DELETE, UPDATE (is_bad, member_id, number, content)",
        hub="SELECT",
    )
    roles.grant(op, "imported_members", tenant="SELECT, INSERT")
