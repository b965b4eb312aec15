"""The books: accounts, journals and their postings, and what PostgreSQL itself refuses.

Revision: 0001
"""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import deadletters, idempotency, inbox, outbox, roles

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one

BOOKS = """
CREATE TABLE books (
    cooperative_id text NOT NULL,
    closed_through date,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_books PRIMARY KEY (cooperative_id)
)
"""

BOOKS_GUARD = """
CREATE FUNCTION keep_days_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.closed_through IS NOT NULL
        AND (NEW.closed_through IS NULL OR NEW.closed_through < OLD.closed_through)
    THEN
        RAISE EXCEPTION 'a closed day of % stays closed', OLD.cooperative_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER books_keep_days_closed BEFORE UPDATE ON books
    FOR EACH ROW EXECUTE FUNCTION keep_days_closed()
"""

# The counters are in no index and the pages keep room, so that an update of a balance
# stays on its page (HOT) and the indexes never hear of it.
ACCOUNTS = """
CREATE TABLE accounts (
    id bigint GENERATED ALWAYS AS IDENTITY,
    key text NOT NULL,
    cooperative_id text NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    normal_side text NOT NULL,
    debits_posted bigint NOT NULL DEFAULT 0,
    credits_posted bigint NOT NULL DEFAULT 0,
    debits_pending bigint NOT NULL DEFAULT 0,
    credits_pending bigint NOT NULL DEFAULT 0,
    minimum_balance bigint,
    covered_by bigint,
    status text NOT NULL DEFAULT 'active',
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_accounts PRIMARY KEY (id),
    CONSTRAINT uq_accounts_key UNIQUE (key),
    CONSTRAINT fk_accounts_cooperative_id
        FOREIGN KEY (cooperative_id) REFERENCES books (cooperative_id),
    CONSTRAINT fk_accounts_covered_by
        FOREIGN KEY (covered_by) REFERENCES accounts (id),
    CONSTRAINT ck_accounts_normal_side CHECK (normal_side IN ('debit', 'credit')),
    CONSTRAINT ck_accounts_status CHECK (status IN ('active', 'frozen', 'closed')),
    CONSTRAINT ck_accounts_counters CHECK (
        debits_posted >= 0 AND credits_posted >= 0
        AND debits_pending >= 0 AND credits_pending >= 0
    ),
    CONSTRAINT ck_accounts_minimum_balance CHECK (
        minimum_balance IS NULL
        OR CASE normal_side
            WHEN 'debit' THEN debits_posted - credits_posted - credits_pending
            ELSE credits_posted - debits_posted - debits_pending
        END >= minimum_balance
    )
) WITH (
    fillfactor = 60,
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_analyze_scale_factor = 0.05
);
CREATE INDEX ix_accounts_cooperative_id_code ON accounts (cooperative_id, code);
CREATE INDEX ix_accounts_covered_by ON accounts (covered_by)
    WHERE covered_by IS NOT NULL
"""

# What an account owes, pending counted, never exceeds what its cover holds. A CHECK
# sees one row only, so this is a trigger; it looks once at all rows of a statement.
# The planner is bound to the indexes: the first plan of a session is kept, and may
# have been made when the tables were still empty.
COVER_GUARD = """
CREATE FUNCTION check_cover() RETURNS trigger LANGUAGE plpgsql
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE
    uncovered text;
BEGIN
    SELECT owing.key INTO uncovered
    FROM (
        SELECT c.id FROM changed c WHERE c.covered_by IS NOT NULL
        UNION
        SELECT p.id FROM changed c JOIN accounts p ON p.covered_by = c.id
    ) due
    JOIN accounts owing ON owing.id = due.id
    JOIN accounts cover ON cover.id = owing.covered_by
    WHERE owing.credits_posted - owing.debits_posted - owing.debits_pending
        + cover.credits_posted - cover.debits_posted - cover.debits_pending < 0
    LIMIT 1;
    IF uncovered IS NOT NULL THEN
        RAISE EXCEPTION 'account % owes more than its cover holds', uncovered
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_accounts_covered';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER accounts_check_cover AFTER UPDATE ON accounts
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION check_cover();
CREATE FUNCTION check_cover_sides() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.normal_side <> 'credit' OR NOT EXISTS (
        SELECT FROM accounts WHERE id = NEW.covered_by AND normal_side = 'credit'
    ) THEN
        RAISE EXCEPTION 'a cover and what it covers are both credit-normal'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_check_cover_sides BEFORE INSERT ON accounts
    FOR EACH ROW WHEN (NEW.covered_by IS NOT NULL)
    EXECUTE FUNCTION check_cover_sides()
"""

JOURNALS = """
CREATE TABLE journals (
    serial bigint GENERATED ALWAYS AS IDENTITY,
    id text NOT NULL,
    kind text NOT NULL,
    description text NOT NULL,
    reference text,
    business_date date NOT NULL,
    posted_at timestamptz NOT NULL,
    books text[] NOT NULL,
    request_hash bytea NOT NULL,
    refusal jsonb,
    reverses text,
    request_id text,
    CONSTRAINT pk_journals PRIMARY KEY (id),
    CONSTRAINT uq_journals_serial UNIQUE (serial)
);
CREATE UNIQUE INDEX uq_journals_reverses ON journals (reverses)
    WHERE reverses IS NOT NULL
"""

# A foreign key would lock the row it refers to, and nobody, not even the owner, has
# the right to lock a row of a table that is only ever added to.
JOURNALS_GUARD = """
CREATE FUNCTION check_reversal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM journals WHERE id = NEW.reverses AND refusal IS NULL
    ) THEN
        RAISE EXCEPTION 'journal % reverses what was never posted', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_journals_reverses';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER journals_check_reversal BEFORE INSERT ON journals
    FOR EACH ROW WHEN (NEW.reverses IS NOT NULL) EXECUTE FUNCTION check_reversal()
"""

POSTINGS = """
CREATE TABLE postings (
    id bigint GENERATED ALWAYS AS IDENTITY,
    journal_serial bigint NOT NULL,
    cooperative_id text NOT NULL,
    debit_account bigint NOT NULL,
    credit_account bigint NOT NULL,
    amount bigint NOT NULL,
    debit_balance_after bigint NOT NULL,
    credit_balance_after bigint NOT NULL,
    posted_at timestamptz NOT NULL,
    business_date date NOT NULL,
    CONSTRAINT pk_postings PRIMARY KEY (journal_serial, id),
    CONSTRAINT ck_postings_amount CHECK (amount > 0),
    CONSTRAINT ck_postings_two_accounts CHECK (debit_account <> credit_account)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);
CREATE INDEX ix_postings_debit_account ON postings (debit_account, posted_at, id);
CREATE INDEX ix_postings_credit_account ON postings (credit_account, posted_at, id);
CREATE INDEX ix_postings_posted_at ON postings USING brin (posted_at)
    WITH (pages_per_range = 32, autosummarize = on)
"""

# Stands in for three foreign keys, which would look at each row by itself, and says
# what they could not: both accounts are of the posting's book, and the journal, which
# was not refused, names that book. The joins are by primary key alone: with the book
# among their conditions, a planner without statistics goes by the book.
POSTINGS_GUARD = """
CREATE FUNCTION check_postings() RETURNS trigger LANGUAGE plpgsql
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
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_postings_one_book';
    END IF;
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT journal_serial, cooperative_id FROM added) p
        LEFT JOIN journals j ON j.serial = p.journal_serial
        WHERE j.serial IS NULL OR j.refusal IS NOT NULL
            OR p.cooperative_id <> ALL (j.books)
    ) THEN
        RAISE EXCEPTION 'a posting belongs to a journal that names its book'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_postings_journal';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER postings_check AFTER INSERT ON postings
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION check_postings()
"""

THE_HUBS_BOOK = """
INSERT INTO books (cooperative_id) VALUES ('hub');
INSERT INTO accounts (key, cooperative_id, code, name, normal_side) VALUES
    ('hub:1-1010', 'hub', '1-1010', 'Bank', 'debit'),
    ('hub:1-1020', 'hub', '1-1020', 'Dompet iPaymu', 'debit'),
    ('hub:3-3000', 'hub', '3-3000', 'SHU Tahun Berjalan', 'credit'),
    ('hub:4-2000', 'hub', '4-2000', 'Pendapatan Layanan', 'credit'),
    ('hub:5-9000', 'hub', '5-9000', 'Beban Lain', 'debit')
"""


def upgrade() -> None:
    """Create the books and open the hub's own."""
    for statement in (BOOKS, BOOKS_GUARD, ACCOUNTS, COVER_GUARD):
        op.execute(statement)
    for statement in (
        JOURNALS,
        JOURNALS_GUARD,
        POSTINGS,
        POSTINGS_GUARD,
        THE_HUBS_BOOK,
    ):
        op.execute(statement)
    _bind()
    outbox.add_tables(op)
    inbox.add_tables(op)
    deadletters.add_tables(op)
    idempotency.add_tables(op)


def _bind() -> None:
    """Who may do what; a tenant sees the journals that name its book."""
    counters = "debits_posted, credits_posted, debits_pending, credits_pending"
    roles.grant(
        op,
        "books",
        tenant="SELECT, UPDATE (closed_through)",
        hub="SELECT, INSERT, UPDATE (closed_through)",
    )
    roles.grant(
        op,
        "accounts",
        tenant=f"SELECT, INSERT, UPDATE ({counters}, status)",
        hub=f"SELECT, INSERT, UPDATE ({counters}, status, minimum_balance)",
    )
    for table in ("journals", "postings"):
        roles.grant(op, table, tenant="SELECT, INSERT", hub="SELECT, INSERT")
        roles.append_only(op, table)
    roles.enable_row_level_security(op, "books")
    roles.enable_row_level_security(op, "accounts")
    roles.enable_row_level_security(op, "postings")
    _let_a_tenant_see_its_journals("journals")


def _let_a_tenant_see_its_journals(table: str) -> None:
    own = "current_setting('app.cooperative_id') = ANY (books)"
    # A tenant writes into its own book only, but sees what others posted to it.
    only = "books = ARRAY[current_setting('app.cooperative_id')]"
    names = roles.of_migration(op)
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f'CREATE POLICY {table}_tenant ON {table} TO "{names.tenant}" '
        f"USING ({own}) WITH CHECK ({only})"
    )
    op.execute(
        f'CREATE POLICY {table}_hub ON {table} TO "{names.hub}" '
        "USING (true) WITH CHECK (true)"
    )
