"""Collection, restructuring, collateral sold, write-offs and claims."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one

RECOVERY_SETTINGS = """
CREATE TABLE recovery_settings (
    cooperative_id text NOT NULL,
    claim_after_days integer NOT NULL,
    floor_price_bps integer NOT NULL,
    auction_from bigint NOT NULL,
    write_off_after_months integer NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    CONSTRAINT pk_recovery_settings PRIMARY KEY (cooperative_id),
    CONSTRAINT ck_recovery_settings_claim_after_days
        CHECK (claim_after_days BETWEEN 1 AND 365),
    CONSTRAINT ck_recovery_settings_floor_price_bps
        CHECK (floor_price_bps BETWEEN 1 AND 10000),
    CONSTRAINT ck_recovery_settings_auction_from CHECK (auction_from >= 0),
    CONSTRAINT ck_recovery_settings_write_off_after_months
        CHECK (write_off_after_months BETWEEN 0 AND 120)
)
"""

CLAIM_REQUESTS = """
CREATE TABLE claim_requests (
    loan_id text NOT NULL,
    cause text NOT NULL,
    occurred_on date NOT NULL,
    cooperative_id text NOT NULL,
    insured_loan_id text NOT NULL,
    status text NOT NULL,
    claim_id text,
    fault text,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    due_at timestamptz NOT NULL,
    CONSTRAINT pk_claim_requests PRIMARY KEY (loan_id, cause, occurred_on),
    CONSTRAINT fk_claim_requests_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_claim_requests_cause
        CHECK (cause IN ('death', 'default', 'force_majeure')),
    CONSTRAINT ck_claim_requests_status
        CHECK (status IN ('waiting', 'opened', 'refused')),
    CONSTRAINT ck_claim_requests_claim
        CHECK ((status = 'opened') = (claim_id IS NOT NULL)),
    CONSTRAINT ck_claim_requests_attempts CHECK (attempts >= 0)
);
CREATE INDEX ix_claim_requests_due ON claim_requests (due_at) WHERE status = 'waiting'
"""

COLLECTION_LETTERS = """
CREATE TABLE collection_letters (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    loan_id text NOT NULL,
    level smallint NOT NULL,
    number text NOT NULL,
    content jsonb NOT NULL,
    issued_on date NOT NULL,
    issued_by text NOT NULL,
    issued_at timestamptz NOT NULL,
    CONSTRAINT pk_collection_letters PRIMARY KEY (id),
    CONSTRAINT uq_collection_letters_cooperative_id_number
        UNIQUE (cooperative_id, number),
    CONSTRAINT fk_collection_letters_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_collection_letters_level CHECK (level BETWEEN 0 AND 3)
);
CREATE INDEX ix_collection_letters_loan_id
    ON collection_letters (cooperative_id, loan_id, id)
"""

COLLECTION_TASKS = """
CREATE TABLE collection_tasks (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    loan_id text NOT NULL,
    code text NOT NULL,
    is_stage boolean NOT NULL,
    since date NOT NULL,
    action text NOT NULL,
    due_on date NOT NULL,
    assignee text NOT NULL,
    state text NOT NULL,
    outcome text,
    ended_by text,
    ended_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_collection_tasks PRIMARY KEY (id),
    CONSTRAINT uq_collection_tasks_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT uq_collection_tasks_loan_id_code_since UNIQUE (loan_id, code, since),
    CONSTRAINT fk_collection_tasks_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_collection_tasks_state
        CHECK (state IN ('open', 'done', 'cancelled')),
    CONSTRAINT ck_collection_tasks_ended_at
        CHECK ((state = 'open') = (ended_at IS NULL))
);
CREATE INDEX ix_collection_tasks_loan_id ON collection_tasks (cooperative_id, loan_id);
CREATE INDEX ix_collection_tasks_open
    ON collection_tasks (cooperative_id, assignee, id) WHERE state = 'open'
"""

COLLECTION_VISITS = """
CREATE TABLE collection_visits (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    loan_id text NOT NULL,
    visited_on date NOT NULL,
    officer text NOT NULL,
    finding bytea NOT NULL,
    latitude NUMERIC(8, 6),
    longitude NUMERIC(9, 6),
    photo_document_id text,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT pk_collection_visits PRIMARY KEY (id),
    CONSTRAINT fk_collection_visits_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_collection_visits_place
        CHECK ((latitude IS NULL) = (longitude IS NULL) AND latitude BETWEEN -90
            AND 90 AND longitude BETWEEN -180 AND 180)
);
CREATE INDEX ix_collection_visits_loan_id
    ON collection_visits (cooperative_id, loan_id, id)
"""

EXECUTIONS = """
CREATE TABLE executions (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    loan_id text NOT NULL,
    collateral_id text NOT NULL,
    status text NOT NULL,
    mediation text NOT NULL,
    mediated_on date NOT NULL,
    started_by text NOT NULL,
    started_at timestamptz NOT NULL,
    way text,
    sold_on date,
    proceeds bigint,
    costs bigint,
    market_value bigint,
    remainder_count integer,
    proposed_by text,
    decided_by text,
    decided_at timestamptz,
    remainder_loan_id text,
    CONSTRAINT pk_executions PRIMARY KEY (id),
    CONSTRAINT uq_executions_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT fk_executions_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT fk_executions_collateral
        FOREIGN KEY(cooperative_id, collateral_id)
            REFERENCES collaterals (cooperative_id, id),
    CONSTRAINT fk_executions_remainder_loan
        FOREIGN KEY(cooperative_id, remainder_loan_id)
            REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_executions_status
        CHECK (status IN ('mediating', 'proposed', 'settling', 'done', 'abandoned')),
    CONSTRAINT ck_executions_way
        CHECK (way IN ('kpknl_auction', 'internal_auction', 'voluntary_sale')),
    CONSTRAINT ck_executions_sale
        CHECK (status NOT IN ('proposed', 'settling', 'done')
            OR way IS NOT NULL AND proceeds > 0 AND costs >= 0
                AND costs < proceeds AND market_value > 0 AND sold_on IS NOT NULL
                    AND proposed_by IS NOT NULL AND remainder_count > 0),
    CONSTRAINT ck_executions_two_persons
        CHECK (status NOT IN ('settling', 'done')
            OR decided_by IS NOT NULL AND decided_at IS NOT NULL
                AND decided_by <> proposed_by)
);
CREATE INDEX ix_executions_loan_id ON executions (cooperative_id, loan_id, id);
CREATE UNIQUE INDEX uq_executions_open ON executions (collateral_id)
    WHERE status <> 'abandoned'
"""

LOAN_JOURNALS = """
CREATE TABLE loan_journals (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    loan_id text NOT NULL,
    kind text NOT NULL,
    description text NOT NULL,
    accounts jsonb NOT NULL,
    postings jsonb NOT NULL,
    booked_on date NOT NULL,
    attempt integer NOT NULL,
    state text NOT NULL,
    due_at timestamptz NOT NULL,
    posted_at timestamptz,
    CONSTRAINT pk_loan_journals PRIMARY KEY (id),
    CONSTRAINT fk_loan_journals_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_loan_journals_kind
        CHECK (kind IN ('loan_restructuring', 'loan_write_off', 'loan_remainder',
            'loan_surplus')),
    CONSTRAINT ck_loan_journals_state CHECK (state IN ('planned', 'posted')),
    CONSTRAINT ck_loan_journals_posted_at
        CHECK ((state = 'posted') = (posted_at IS NOT NULL)),
    CONSTRAINT ck_loan_journals_attempt CHECK (attempt > 0)
);
CREATE INDEX ix_loan_journals_due ON loan_journals (due_at) WHERE state = 'planned';
CREATE INDEX ix_loan_journals_loan_id ON loan_journals (cooperative_id, loan_id)
"""

LOAN_PROCEEDS = """
CREATE TABLE loan_proceeds (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    source text NOT NULL,
    reference text NOT NULL,
    loan_id text NOT NULL,
    amount bigint NOT NULL,
    received_on date NOT NULL,
    state text NOT NULL,
    applied bigint NOT NULL,
    repayment_id text,
    paid_loan_id text,
    attempt integer NOT NULL,
    recovered bigint NOT NULL,
    due_at timestamptz NOT NULL,
    done_at timestamptz,
    CONSTRAINT pk_loan_proceeds PRIMARY KEY (id),
    CONSTRAINT uq_loan_proceeds_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT uq_loan_proceeds_cooperative_id_source_reference
        UNIQUE (cooperative_id, source, reference),
    CONSTRAINT fk_loan_proceeds_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_loan_proceeds_source CHECK (source IN ('claim', 'execution')),
    CONSTRAINT ck_loan_proceeds_state CHECK (state IN ('applying', 'done')),
    CONSTRAINT ck_loan_proceeds_done_at
        CHECK ((state = 'done') = (done_at IS NOT NULL)),
    CONSTRAINT ck_loan_proceeds_amounts
        CHECK (amount > 0 AND applied BETWEEN 0 AND amount),
    CONSTRAINT ck_loan_proceeds_recovered CHECK (recovered BETWEEN 0 AND amount),
    CONSTRAINT ck_loan_proceeds_attempt CHECK (attempt > 0)
);
CREATE INDEX ix_loan_proceeds_due ON loan_proceeds (due_at) WHERE state = 'applying';
CREATE INDEX ix_loan_proceeds_loan_id ON loan_proceeds (cooperative_id, loan_id)
"""

PAYMENT_PROMISES = """
CREATE TABLE payment_promises (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    loan_id text NOT NULL,
    amount bigint NOT NULL,
    promised_on date NOT NULL,
    due_on date NOT NULL,
    state text NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT pk_payment_promises PRIMARY KEY (id),
    CONSTRAINT fk_payment_promises_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_payment_promises_amount CHECK (amount > 0),
    CONSTRAINT ck_payment_promises_due_on CHECK (promised_on <= due_on),
    CONSTRAINT ck_payment_promises_state CHECK (state IN ('open', 'kept', 'broken'))
);
CREATE INDEX ix_payment_promises_loan_id
    ON payment_promises (cooperative_id, loan_id, id);
CREATE INDEX ix_payment_promises_open
    ON payment_promises (cooperative_id, due_on) WHERE state = 'open'
"""

RESTRUCTURINGS = """
CREATE TABLE restructurings (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    loan_id text NOT NULL,
    method text NOT NULL,
    wanted jsonb NOT NULL,
    reason text NOT NULL,
    cause text NOT NULL,
    documents jsonb NOT NULL,
    status text NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    decided_by text,
    decided_at timestamptz,
    number text,
    content jsonb,
    signed_on date,
    signed_by text,
    new_loan_id text,
    report_due_on date,
    reported_at timestamptz,
    CONSTRAINT pk_restructurings PRIMARY KEY (id),
    CONSTRAINT uq_restructurings_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT uq_restructurings_cooperative_id_number
        UNIQUE (cooperative_id, number),
    CONSTRAINT fk_restructurings_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT fk_restructurings_new_loan
        FOREIGN KEY(cooperative_id, new_loan_id)
            REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_restructurings_method
        CHECK (method IN ('longer_tenor', 'lower_instalment', 'grace_period',
            'principal_first', 'seasonal', 'capitalise_interest', 'lower_rate',
                'convert_product', 'extra_collateral', 'convert_to_equity')),
    CONSTRAINT ck_restructurings_status
        CHECK (status IN ('proposed', 'approved', 'rejected', 'carried_out')),
    CONSTRAINT ck_restructurings_decided
        CHECK ((status = 'proposed') = (decided_by IS NULL)
            AND (decided_by IS NULL) = (decided_at IS NULL)),
    CONSTRAINT ck_restructurings_two_persons
        CHECK (status NOT IN ('approved', 'carried_out')
            OR decided_by <> proposed_by),
    CONSTRAINT ck_restructurings_akad
        CHECK (status NOT IN ('approved', 'carried_out')
            OR number IS NOT NULL AND content IS NOT NULL),
    CONSTRAINT ck_restructurings_signed
        CHECK ((status = 'carried_out') = (signed_on IS NOT NULL)
            AND (signed_on IS NULL) = (report_due_on IS NULL))
);
CREATE INDEX ix_restructurings_loan_id ON restructurings (cooperative_id, loan_id, id);
CREATE UNIQUE INDEX uq_restructurings_open ON restructurings (loan_id)
    WHERE status IN ('proposed', 'approved')
"""

WRITE_OFFS = """
CREATE TABLE write_offs (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    loan_id text NOT NULL,
    principal bigint NOT NULL,
    reason text NOT NULL,
    consent_by text NOT NULL,
    consent_on date NOT NULL,
    consent_document text NOT NULL,
    status text NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    decided_by text,
    decided_at timestamptz,
    CONSTRAINT pk_write_offs PRIMARY KEY (id),
    CONSTRAINT uq_write_offs_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT fk_write_offs_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_write_offs_principal CHECK (principal > 0),
    CONSTRAINT ck_write_offs_status
        CHECK (status IN ('proposed', 'approved', 'rejected')),
    CONSTRAINT ck_write_offs_decided
        CHECK ((status = 'proposed') = (decided_by IS NULL)
            AND (decided_by IS NULL) = (decided_at IS NULL)),
    CONSTRAINT ck_write_offs_two_persons
        CHECK (status <> 'approved' OR decided_by <> proposed_by)
);
CREATE UNIQUE INDEX uq_write_offs_loan_id ON write_offs (loan_id)
    WHERE status <> 'rejected'
"""

CLAIM_RECOVERIES = """
CREATE TABLE claim_recoveries (
    repayment_id text NOT NULL,
    cooperative_id text NOT NULL,
    proceeds_id text NOT NULL,
    amount bigint NOT NULL,
    recovered_on date NOT NULL,
    due_at timestamptz NOT NULL,
    done_at timestamptz,
    CONSTRAINT pk_claim_recoveries PRIMARY KEY (repayment_id),
    CONSTRAINT fk_claim_recoveries_repayment
        FOREIGN KEY(cooperative_id, repayment_id)
            REFERENCES repayments (cooperative_id, id),
    CONSTRAINT fk_claim_recoveries_proceeds
        FOREIGN KEY(cooperative_id, proceeds_id)
            REFERENCES loan_proceeds (cooperative_id, id),
    CONSTRAINT ck_claim_recoveries_amount CHECK (amount >= 0)
);
CREATE INDEX ix_claim_recoveries_due ON claim_recoveries (due_at)
    WHERE done_at IS NULL
"""

LOANS = """
CREATE INDEX ix_loans_restructured_from ON loans (restructured_from)
    WHERE restructured_from IS NOT NULL
"""


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    for statement in (
        LOANS,
        RECOVERY_SETTINGS,
        CLAIM_REQUESTS,
        COLLECTION_LETTERS,
        COLLECTION_TASKS,
        COLLECTION_VISITS,
        EXECUTIONS,
        LOAN_JOURNALS,
        LOAN_PROCEEDS,
        PAYMENT_PROMISES,
        RESTRUCTURINGS,
        WRITE_OFFS,
        CLAIM_RECOVERIES,
    ):
        op.execute(statement)
    both = "SELECT, INSERT, UPDATE"
    for table in (
        "claim_requests",
        "collection_tasks",
        "executions",
        "loan_journals",
        "loan_proceeds",
        "payment_promises",
        "recovery_settings",
        "restructurings",
        "write_offs",
    ):
        hub = {
            "claim_requests": "SELECT, UPDATE (attempts, due_at)",
            "loan_journals": "SELECT, UPDATE (due_at)",
            "loan_proceeds": "SELECT, UPDATE (due_at)",
        }.get(table, "SELECT")
        roles.grant(op, table, tenant=both, hub=hub)
        roles.enable_row_level_security(op, table)
    roles.grant(
        op,
        "claim_recoveries",
        tenant="SELECT, INSERT, UPDATE (done_at, due_at)",
        hub="SELECT, UPDATE (due_at)",
    )
    roles.enable_row_level_security(op, "claim_recoveries")
    for table in ("collection_visits", "collection_letters"):
        roles.grant(op, table, tenant="SELECT, INSERT", hub="SELECT")
        roles.enable_row_level_security(op, table)
    # Only to be made anew when the cooperative's key is replaced.
    roles.grant(op, "collection_visits", tenant="UPDATE (finding)")
    roles.append_only(op, "collection_letters")
