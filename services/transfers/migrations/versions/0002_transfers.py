"""Transfers, and what PostgreSQL itself refuses to do to them.

Revision ID: 0002
"""

from __future__ import annotations

from alembic import op

from services.shared.persistence import roles

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_IDENTITY = (
    "id, kind, cooperative_id, payer_account, payee_account, payer_cooperative_id, "
    "payee_cooperative_id, payer_mode, payee_mode, amount, description, business_date, "
    "created_at, request_id, agreement_id, original_id, bulk_id, bulk_position, "
    "reference"
)
"""What a transfer is: never changed after it was received."""

_OUTCOME = (
    "state, code, reason, attempts, driven_at, reserved_at, expires_at, decision, "
    "finished_at, window_id"
)
"""What became of it: never changed after it is committed or aborted."""

_INDEXES = (
    """ix_transfers_payer_cooperative_id
        ON transfers (payer_cooperative_id, created_at, id)""",
    """ix_transfers_payee_cooperative_id
        ON transfers (payee_cooperative_id, created_at, id)""",
    "ix_transfers_payer_account ON transfers (payer_account, created_at, id)",
    "ix_transfers_payee_account ON transfers (payee_account, created_at, id)",
    # What the sweeper reads: as long as a transfer is unfinished it is in here,
    # whoever left it behind.
    """ix_transfers_unfinished ON transfers (driven_at)
        WHERE state IN ('received', 'reserved')""",
    """ix_transfers_bulk_id ON transfers (bulk_id, bulk_position)
        WHERE bulk_id IS NOT NULL""",
)


def upgrade() -> None:
    """Create the requests, the transfers and their guards."""
    op.execute(
        """
        CREATE TABLE transfer_requests (
            cooperative_id text NOT NULL,
            operation text NOT NULL,
            key text NOT NULL,
            request_hash text NOT NULL,
            subject_id text NOT NULL,
            request_id text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_transfer_requests
                PRIMARY KEY (cooperative_id, operation, key)
        )
        """
    )
    roles.grant(op, "transfer_requests", hub="SELECT, INSERT, DELETE")
    roles.enable_row_level_security(op, "transfer_requests")
    _create_transfers()
    _guard_transfers()
    _allow_both_sides()
    _create_callbacks()


def _create_transfers() -> None:
    op.execute(
        """
        CREATE TABLE transfers (
            id text NOT NULL,
            kind text NOT NULL,
            state text NOT NULL,
            cooperative_id text NOT NULL,
            payer_account text NOT NULL,
            payee_account text NOT NULL,
            payer_cooperative_id text NOT NULL,
            payee_cooperative_id text,
            payer_mode text NOT NULL,
            payee_mode text NOT NULL,
            amount bigint NOT NULL,
            description text,
            business_date date NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            request_id text,
            agreement_id text,
            original_id text,
            bulk_id text,
            bulk_position integer,
            reference text,
            code text,
            reason text,
            attempts integer NOT NULL DEFAULT 1,
            driven_at timestamptz NOT NULL DEFAULT now(),
            reserved_at timestamptz,
            expires_at timestamptz,
            decision text,
            finished_at timestamptz,
            window_id text,
            returned_amount bigint NOT NULL DEFAULT 0,
            CONSTRAINT pk_transfers PRIMARY KEY (id),
            CONSTRAINT ck_transfers_kind CHECK (kind IN ('transfer', 'return')),
            CONSTRAINT ck_transfers_state
                CHECK (state IN ('received', 'reserved', 'committed', 'aborted')),
            CONSTRAINT ck_transfers_payer_mode
                CHECK (payer_mode IN ('hosted', 'connected')),
            CONSTRAINT ck_transfers_payee_mode
                CHECK (payee_mode IN ('hosted', 'connected')),
            CONSTRAINT ck_transfers_decision
                CHECK (decision IN ('accept', 'reject', 'expire')),
            CONSTRAINT ck_transfers_amount
                CHECK (amount BETWEEN 1 AND 1000000000000000),
            CONSTRAINT ck_transfers_returned
                CHECK (returned_amount BETWEEN 0 AND amount
                    AND (returned_amount = 0 OR state = 'committed')),
            CONSTRAINT ck_transfers_original
                CHECK ((kind = 'return') = (original_id IS NOT NULL)),
            CONSTRAINT ck_transfers_payee
                CHECK (state = 'aborted' OR payee_cooperative_id IS NOT NULL),
            CONSTRAINT ck_transfers_code
                CHECK ((state = 'aborted') = (code IS NOT NULL)),
            CONSTRAINT ck_transfers_finished
                CHECK ((state IN ('committed', 'aborted')) = (finished_at IS NOT NULL)),
            CONSTRAINT ck_transfers_reserved
                CHECK (state <> 'reserved'
                    OR (reserved_at IS NOT NULL AND expires_at IS NOT NULL)),
            CONSTRAINT ck_transfers_window CHECK (
                (window_id IS NOT NULL)
                = (state = 'committed' AND payer_cooperative_id <> payee_cooperative_id)
            )
        ) WITH (fillfactor = 70)
        """
    )
    for index in _INDEXES:
        op.execute(f"CREATE INDEX {index}")
    roles.grant(
        op,
        "transfers",
        tenant="SELECT",
        hub=f"SELECT, INSERT, UPDATE ({_OUTCOME}, returned_amount)",
    )


def _guard_transfers() -> None:
    """Refuse what no code path does, without the cost of a function per good row.

    The conditions are evaluated natively; the function is only reached to refuse.
    """
    op.execute(
        """
        CREATE FUNCTION refuse_transfer_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% of % refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0]
                USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    identity = _differs(_IDENTITY)
    outcome = _differs(_OUTCOME)
    allowed = (
        "(OLD.state = NEW.state OR OLD.state = 'received' "
        "OR (OLD.state = 'reserved' AND NEW.state IN ('committed', 'aborted')))"
    )
    for name, event, condition, reason in (
        (
            "transfers_start",
            "INSERT",
            "NEW.state NOT IN ('received', 'aborted')",
            "a transfer starts as received, or is refused at once",
        ),
        ("transfers_identity", "UPDATE", identity, "what a transfer is never changes"),
        (
            "transfers_terminal",
            "UPDATE",
            f"OLD.state IN ('committed', 'aborted') AND {outcome}",
            "a committed or aborted transfer is final",
        ),
        ("transfers_transition", "UPDATE", f"NOT {allowed}", "no such transition"),
    ):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON transfers FOR EACH ROW "
            f"WHEN ({condition}) EXECUTE FUNCTION refuse_transfer_change('{reason}')"
        )
        op.execute(f"ALTER TABLE transfers ENABLE ALWAYS TRIGGER {name}")
    op.execute(
        "CREATE TRIGGER transfers_kept BEFORE DELETE OR TRUNCATE ON transfers "
        "FOR EACH STATEMENT "
        "EXECUTE FUNCTION refuse_transfer_change('transfers are kept for ever')"
    )
    op.execute("ALTER TABLE transfers ENABLE ALWAYS TRIGGER transfers_kept")


def _differs(columns: str) -> str:
    names = columns.split(", ")
    old = ", ".join(f"OLD.{column}" for column in names)
    new = ", ".join(f"NEW.{column}" for column in names)
    return f"(({old}) IS DISTINCT FROM ({new}))"


def _allow_both_sides() -> None:
    """The payer's cooperative sees its transfers, the payee's those that reached it.

    What was refused before it concerned the payee (too little money, say) is only the
    payer's business.
    """
    working = roles.of_migration(op)
    me = "current_setting('app.cooperative_id')"
    op.execute("ALTER TABLE transfers ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE transfers FORCE ROW LEVEL SECURITY")
    op.execute(
        f'CREATE POLICY transfers_tenant ON transfers TO "{working.tenant}" '
        f"USING (payer_cooperative_id = {me} OR (payee_cooperative_id = {me} "
        "AND (state IN ('reserved', 'committed') OR reserved_at IS NOT NULL)))"
    )
    op.execute(
        f'CREATE POLICY transfers_hub ON transfers TO "{working.hub}" '
        "USING (true) WITH CHECK (true)"
    )


def _create_callbacks() -> None:
    op.execute(
        """
        CREATE TABLE callbacks (
            id bigint GENERATED ALWAYS AS IDENTITY,
            transfer_id text NOT NULL,
            cooperative_id text NOT NULL,
            kind text NOT NULL,
            body text NOT NULL,
            state text NOT NULL DEFAULT 'due',
            attempts integer NOT NULL DEFAULT 0,
            next_attempt_at timestamptz NOT NULL DEFAULT now(),
            deadline timestamptz NOT NULL,
            CONSTRAINT pk_callbacks PRIMARY KEY (id),
            CONSTRAINT ck_callbacks_kind CHECK (kind IN ('reservation', 'outcome')),
            CONSTRAINT ck_callbacks_state
                CHECK (state IN ('due', 'delivered', 'given_up'))
        )
        """
    )
    op.execute("CREATE INDEX ix_callbacks_transfer_id ON callbacks (transfer_id)")
    op.execute(
        "CREATE INDEX ix_callbacks_due ON callbacks (next_attempt_at) "
        "WHERE state = 'due'"
    )
    roles.grant(op, "callbacks", hub="SELECT, INSERT, UPDATE")
    roles.enable_row_level_security(op, "callbacks")
    op.execute(
        """
        CREATE TABLE callback_attempts (
            id bigint GENERATED ALWAYS AS IDENTITY,
            callback_id bigint NOT NULL,
            attempted_at timestamptz NOT NULL DEFAULT now(),
            status integer,
            error text,
            milliseconds integer NOT NULL,
            CONSTRAINT pk_callback_attempts PRIMARY KEY (id),
            CONSTRAINT fk_callback_attempts_callback_id
                FOREIGN KEY (callback_id) REFERENCES callbacks (id)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_callback_attempts_callback_id "
        "ON callback_attempts (callback_id)"
    )
    roles.grant(op, "callback_attempts", hub="SELECT, INSERT")
    roles.append_only(op, "callback_attempts")
