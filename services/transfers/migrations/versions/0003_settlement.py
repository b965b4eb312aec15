"""Settlement windows, settlements and their proofs.

Revision ID: 0003
"""

from __future__ import annotations

from alembic import op

from services.shared import identifiers
from services.shared.persistence import roles

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the windows with the first one open, and the settlements."""
    _create_windows()
    _create_entries()
    _guard_windows()
    _guard_assignment()
    _create_settlements()
    op.get_bind().exec_driver_sql(
        "INSERT INTO settlement_windows (id, state, opened_at) "
        "VALUES (%s, 'open', clock_timestamp())",
        (identifiers.new("win"),),
    )


def _create_windows() -> None:
    op.execute(
        """
        CREATE TABLE settlement_windows (
            id text NOT NULL,
            state text NOT NULL,
            opened_at timestamptz NOT NULL,
            closed_at timestamptz,
            settlement_id text,
            CONSTRAINT pk_settlement_windows PRIMARY KEY (id),
            CONSTRAINT ck_settlement_windows_state
                CHECK (state IN ('open', 'closed', 'settled')),
            CONSTRAINT ck_settlement_windows_closed
                CHECK ((state = 'open') = (closed_at IS NULL)),
            CONSTRAINT ck_settlement_windows_settlement
                CHECK (CASE state WHEN 'open' THEN settlement_id IS NULL
                    WHEN 'settled' THEN settlement_id IS NOT NULL ELSE true END)
        )
        """
    )
    # Exactly one open window: never two by this index, never none because closing
    # one opens the next in the same transaction.
    op.execute(
        "CREATE UNIQUE INDEX uq_settlement_windows_open ON settlement_windows (state) "
        "WHERE state = 'open'"
    )
    op.execute(
        "CREATE INDEX ix_settlement_windows_settlement_id "
        "ON settlement_windows (settlement_id)"
    )
    roles.grant(
        op,
        "settlement_windows",
        tenant="SELECT",
        hub="SELECT, INSERT, UPDATE (state, closed_at, settlement_id)",
    )
    op.execute(
        """
        CREATE TABLE window_nets (
            window_id text NOT NULL,
            cooperative_id text NOT NULL,
            net bigint NOT NULL,
            paid_count bigint NOT NULL,
            received_count bigint NOT NULL,
            book_paid bigint NOT NULL,
            book_received bigint NOT NULL,
            CONSTRAINT pk_window_nets PRIMARY KEY (window_id, cooperative_id)
        ) WITH (fillfactor = 50)
        """
    )
    roles.grant(op, "window_nets", tenant="SELECT", hub="SELECT, INSERT, UPDATE")
    roles.enable_row_level_security(op, "window_nets")


def _create_entries() -> None:
    op.execute(
        """
        CREATE TABLE window_entries (
            sequence bigint GENERATED ALWAYS AS IDENTITY,
            window_id text NOT NULL,
            transfer_id text NOT NULL,
            payer_cooperative_id text NOT NULL,
            payee_cooperative_id text NOT NULL,
            amount bigint NOT NULL,
            CONSTRAINT pk_window_entries PRIMARY KEY (sequence),
            CONSTRAINT uq_window_entries_transfer_id UNIQUE (transfer_id),
            CONSTRAINT ck_window_entries_amount CHECK (amount > 0)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_window_entries_window_id_sequence "
        "ON window_entries (window_id, sequence)"
    )
    roles.grant(op, "window_entries", hub="SELECT, INSERT")
    roles.append_only(op, "window_entries")


def _guard_windows() -> None:
    op.execute(
        """
        CREATE FUNCTION guard_window_change() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            total numeric;
        BEGIN
            IF OLD.state = 'settled' THEN
                RAISE EXCEPTION 'settled window % is final', OLD.id
                    USING ERRCODE = 'restrict_violation';
            END IF;
            IF (OLD.state, NEW.state) NOT IN (
                ('open', 'closed'), ('closed', 'closed'), ('closed', 'settled')
            ) OR (OLD.id, OLD.opened_at) IS DISTINCT FROM (NEW.id, NEW.opened_at)
              OR (OLD.state <> 'open' AND OLD.closed_at <> NEW.closed_at) THEN
                RAISE EXCEPTION 'window %: % to % refused', OLD.id, OLD.state, NEW.state
                    USING ERRCODE = 'restrict_violation';
            END IF;
            IF NEW.state = 'settled' THEN
                SELECT coalesce(sum(net), 0) INTO total
                FROM window_nets WHERE window_id = NEW.id;
                IF total <> 0 THEN
                    RAISE EXCEPTION 'nets of window % sum to %', NEW.id, total
                        USING ERRCODE = 'restrict_violation';
                END IF;
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER settlement_windows_guard BEFORE UPDATE ON settlement_windows "
        "FOR EACH ROW EXECUTE FUNCTION guard_window_change()"
    )
    op.execute(
        """
        CREATE FUNCTION guard_window_net() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (SELECT FROM settlement_windows
                           WHERE id = NEW.window_id AND state = 'open') THEN
                RAISE EXCEPTION 'window % is not open', NEW.window_id
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER window_nets_guard BEFORE INSERT OR UPDATE ON window_nets "
        "FOR EACH ROW EXECUTE FUNCTION guard_window_net()"
    )
    for table in ("settlement_windows", "window_nets"):
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT "
            "EXECUTE FUNCTION refuse_transfer_change('windows are kept for ever')"
        )
        for trigger in ("kept", "guard"):
            op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{trigger}")


def _guard_assignment() -> None:
    """A transfer enters a window while it is open, and with the transfer's amount."""
    # The plan is made once per connection, perhaps while the tables are still empty
    # and a sequential scan looks cheap. So only the plan that stays right is allowed.
    op.execute(
        """
        CREATE FUNCTION guard_window_entries() RETURNS trigger LANGUAGE plpgsql
        SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
        AS $$
        BEGIN
            IF EXISTS (
                SELECT FROM entered
                LEFT JOIN transfers ON transfers.id = entered.transfer_id
                LEFT JOIN settlement_windows AS w ON w.id = entered.window_id
                WHERE w.state IS DISTINCT FROM 'open' OR (
                    transfers.state, transfers.window_id, transfers.amount,
                    transfers.payer_cooperative_id, transfers.payee_cooperative_id
                ) IS DISTINCT FROM (
                    'committed', entered.window_id, entered.amount,
                    entered.payer_cooperative_id, entered.payee_cooperative_id
                )
            ) THEN
                RAISE EXCEPTION 'an entry differs from its transfer or its window'
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER window_entries_guard AFTER INSERT ON window_entries "
        "REFERENCING NEW TABLE AS entered "
        "FOR EACH STATEMENT EXECUTE FUNCTION guard_window_entries()"
    )
    op.execute("ALTER TABLE window_entries ENABLE ALWAYS TRIGGER window_entries_guard")


def _create_settlements() -> None:
    op.execute(
        """
        CREATE TABLE settlements (
            id text NOT NULL,
            state text NOT NULL,
            attempts integer NOT NULL DEFAULT 0,
            journal_id text,
            business_date date,
            created_at timestamptz NOT NULL DEFAULT now(),
            driven_at timestamptz NOT NULL DEFAULT now(),
            settled_at timestamptz,
            CONSTRAINT pk_settlements PRIMARY KEY (id),
            CONSTRAINT ck_settlements_state
                CHECK (state IN ('pending', 'settling', 'settled')),
            CONSTRAINT ck_settlements_settled
                CHECK ((state = 'settled') = (settled_at IS NOT NULL))
        )
        """
    )
    op.execute(
        "CREATE TRIGGER settlements_final BEFORE UPDATE ON settlements FOR EACH ROW "
        "WHEN (OLD.state = 'settled') "
        "EXECUTE FUNCTION refuse_transfer_change('a settlement is final')"
    )
    op.execute(
        "CREATE TRIGGER settlements_kept BEFORE DELETE OR TRUNCATE ON settlements "
        "FOR EACH STATEMENT "
        "EXECUTE FUNCTION refuse_transfer_change('settlements are kept for ever')"
    )
    for trigger in ("settlements_final", "settlements_kept"):
        op.execute(f"ALTER TABLE settlements ENABLE ALWAYS TRIGGER {trigger}")
    roles.grant(op, "settlements", hub="SELECT, INSERT, UPDATE")
    op.execute(
        "ALTER TABLE settlement_windows ADD CONSTRAINT "
        "fk_settlement_windows_settlement_id "
        "FOREIGN KEY (settlement_id) REFERENCES settlements (id)"
    )
    op.execute(
        """
        CREATE TABLE settlement_proofs (
            settlement_id text NOT NULL,
            body text NOT NULL,
            public_key text NOT NULL,
            signature text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_settlement_proofs PRIMARY KEY (settlement_id),
            CONSTRAINT fk_settlement_proofs_settlement_id
                FOREIGN KEY (settlement_id) REFERENCES settlements (id)
        )
        """
    )
    roles.grant(op, "settlement_proofs", hub="SELECT, INSERT")
    roles.append_only(op, "settlement_proofs")
