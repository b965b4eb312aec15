"""Holds: what is reserved now and posted, voided or expired later.

Revision: 0002
"""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one

HOLDS = """
CREATE TABLE holds (
    id text NOT NULL,
    kind text NOT NULL,
    description text NOT NULL,
    reference text,
    business_date date NOT NULL,
    state text NOT NULL,
    books text[] NOT NULL,
    placed_at timestamptz NOT NULL,
    expires_at timestamptz,
    resolved_at timestamptz,
    posted_amount bigint,
    request_hash bytea NOT NULL,
    refusal jsonb,
    request_id text,
    CONSTRAINT pk_holds PRIMARY KEY (id),
    CONSTRAINT ck_holds_state
        CHECK (state IN ('pending', 'posted', 'voided', 'expired', 'refused')),
    CONSTRAINT ck_holds_refusal CHECK ((state = 'refused') = (refusal IS NOT NULL)),
    CONSTRAINT ck_holds_resolved_at CHECK (
        (state IN ('pending', 'refused')) = (resolved_at IS NULL)
    ),
    CONSTRAINT ck_holds_posted_amount
        CHECK ((state = 'posted') = (posted_amount IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX ix_holds_pending_expires_at ON holds (expires_at)
    WHERE state = 'pending'
"""

HOLDS_GUARD = """
CREATE FUNCTION resolve_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'pending' THEN
        RAISE EXCEPTION 'hold % is % and stays so', OLD.id, OLD.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_holds_resolved_once';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER holds_resolve_once BEFORE UPDATE ON holds
    FOR EACH ROW EXECUTE FUNCTION resolve_once()
"""

HOLD_POSTINGS = """
CREATE TABLE hold_postings (
    hold_id text NOT NULL,
    line integer NOT NULL,
    cooperative_id text NOT NULL,
    debit_account bigint NOT NULL,
    credit_account bigint NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT pk_hold_postings PRIMARY KEY (hold_id, line),
    CONSTRAINT fk_hold_postings_hold_id FOREIGN KEY (hold_id) REFERENCES holds (id),
    CONSTRAINT ck_hold_postings_amount CHECK (amount > 0),
    CONSTRAINT ck_hold_postings_two_accounts CHECK (debit_account <> credit_account)
)
"""

HOLD_POSTINGS_GUARD = """
CREATE FUNCTION check_hold_postings() RETURNS trigger LANGUAGE plpgsql
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added p
        LEFT JOIN accounts d ON d.id = p.debit_account
        LEFT JOIN accounts c ON c.id = p.credit_account
        WHERE d.cooperative_id IS DISTINCT FROM p.cooperative_id
            OR c.cooperative_id IS DISTINCT FROM p.cooperative_id
    ) THEN
        RAISE EXCEPTION 'a posting stays inside one book'
            USING ERRCODE = 'check_violation',
                CONSTRAINT = 'ck_hold_postings_one_book';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER hold_postings_check AFTER INSERT ON hold_postings
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION check_hold_postings()
"""


def upgrade() -> None:
    """Create holds. Only the hub places and resolves them; a tenant may look."""
    for statement in (HOLDS, HOLDS_GUARD, HOLD_POSTINGS, HOLD_POSTINGS_GUARD):
        op.execute(statement)
    resolution = "state, resolved_at, posted_amount"
    roles.grant(
        op, "holds", tenant="SELECT", hub=f"SELECT, INSERT, UPDATE ({resolution})"
    )
    roles.grant(op, "hold_postings", tenant="SELECT", hub="SELECT, INSERT")
    roles.append_only(op, "hold_postings")
    roles.enable_row_level_security(op, "hold_postings")
    names = roles.of_migration(op)
    op.execute("ALTER TABLE holds ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE holds FORCE ROW LEVEL SECURITY")
    op.execute(
        f'CREATE POLICY holds_tenant ON holds FOR SELECT TO "{names.tenant}" '
        "USING (current_setting('app.cooperative_id') = ANY (books))"
    )
    op.execute(
        f'CREATE POLICY holds_hub ON holds TO "{names.hub}" '
        "USING (true) WITH CHECK (true)"
    )
