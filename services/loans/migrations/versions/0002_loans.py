"""Products, applications, loans and their instalments."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one

LOAN_PRODUCTS = """
CREATE TABLE loan_products (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    method text NOT NULL,
    frequency text NOT NULL,
    rate_bps integer NOT NULL,
    cap_basis text NOT NULL,
    minimum_amount bigint NOT NULL,
    maximum_amount bigint NOT NULL,
    minimum_count integer NOT NULL,
    maximum_count integer NOT NULL,
    grace_count integer NOT NULL,
    harvest_every integer NOT NULL,
    rounding_unit integer NOT NULL,
    shifts_holidays boolean NOT NULL,
    allocation text[] NOT NULL,
    overpayment text NOT NULL,
    penalty_bps_per_day integer NOT NULL,
    penalty_grace_days integer NOT NULL,
    penalty_cap_bps_per_month integer NOT NULL,
    settlement_fee_months integer NOT NULL,
    administration_bps integer NOT NULL,
    administration_amount bigint NOT NULL,
    fee_payer text NOT NULL,
    premium_payer text NOT NULL,
    insurance_product text,
    minimum_cover_bps integer NOT NULL,
    requires_visit boolean NOT NULL,
    requires_training boolean NOT NULL,
    form jsonb,
    is_offered boolean NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    CONSTRAINT pk_loan_products PRIMARY KEY (id),
    CONSTRAINT uq_loan_products_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT uq_loan_products_cooperative_id_code UNIQUE (cooperative_id, code),
    CONSTRAINT ck_loan_products_method
        CHECK (method IN ('flat', 'menurun', 'anuitas', 'musiman')),
    CONSTRAINT ck_loan_products_frequency
        CHECK (frequency IN ('monthly', 'weekly', 'daily')),
    CONSTRAINT ck_loan_products_rate_bps CHECK (rate_bps BETWEEN 0 AND 2400),
    CONSTRAINT ck_loan_products_amounts
        CHECK (0 < minimum_amount AND minimum_amount <= maximum_amount),
    CONSTRAINT ck_loan_products_counts
        CHECK (0 < minimum_count AND minimum_count <= maximum_count
            AND maximum_count <= 600),
    CONSTRAINT ck_loan_products_grace
        CHECK (grace_count BETWEEN 0 AND minimum_count - 1),
    CONSTRAINT ck_loan_products_harvest
        CHECK (harvest_every BETWEEN 1 AND minimum_count),
    CONSTRAINT ck_loan_products_rounding_unit
        CHECK (rounding_unit IN (1, 100, 500, 1000)),
    CONSTRAINT ck_loan_products_allocation
        CHECK (allocation @> '{penalty,interest,principal}'
            AND cardinality(allocation) = 3),
    CONSTRAINT ck_loan_products_overpayment
        CHECK (overpayment IN ('forward', 'principal')),
    CONSTRAINT ck_loan_products_penalty
        CHECK (penalty_bps_per_day BETWEEN 0 AND 100 AND penalty_grace_days >= 0
            AND penalty_cap_bps_per_month BETWEEN 0 AND 100),
    CONSTRAINT ck_loan_products_settlement
        CHECK (settlement_fee_months BETWEEN 0 AND 12),
    CONSTRAINT ck_loan_products_administration
        CHECK (administration_bps BETWEEN 0 AND 1000 AND administration_amount >= 0),
    CONSTRAINT ck_loan_products_fee_payer
        CHECK (fee_payer IN ('cooperative', 'borrower')),
    CONSTRAINT ck_loan_products_premium_payer
        CHECK (premium_payer IN ('cooperative', 'borrower')),
    CONSTRAINT ck_loan_products_cap_basis
        CHECK (cap_basis IN ('nominal', 'effective')),
    CONSTRAINT ck_loan_products_minimum_cover_bps CHECK (minimum_cover_bps >= 0)
)
"""

LOAN_APPLICATIONS = """
CREATE TABLE loan_applications (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    number text NOT NULL,
    member_id text NOT NULL,
    member_name text NOT NULL,
    product_id text NOT NULL,
    amount bigint NOT NULL,
    count integer NOT NULL,
    purpose text NOT NULL,
    sector text NOT NULL,
    urgency smallint NOT NULL,
    feature text NOT NULL,
    status text NOT NULL,
    branch_code text NOT NULL,
    form bytea,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    applied_at timestamptz,
    status_at timestamptz NOT NULL,
    approved_amount bigint,
    approved_count integer,
    approved_rate_bps integer,
    loan_id text,
    CONSTRAINT pk_loan_applications PRIMARY KEY (id),
    CONSTRAINT uq_loan_applications_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT uq_loan_applications_cooperative_id_number
        UNIQUE (cooperative_id, number),
    CONSTRAINT fk_loan_applications_product
        FOREIGN KEY(cooperative_id, product_id)
            REFERENCES loan_products (cooperative_id, id),
    CONSTRAINT ck_loan_applications_status
        CHECK (status IN ('draft', 'queued', 'verifying', 'verified', 'offered',
            'approved', 'signed', 'disbursing', 'disbursed', 'rejected',
                'withdrawn')),
    CONSTRAINT ck_loan_applications_feature CHECK (feature IN ('ekyc', 'skoring')),
    CONSTRAINT ck_loan_applications_feature_of_amount
        CHECK ((feature = 'ekyc') = (amount <= 10000000)),
    CONSTRAINT ck_loan_applications_wish
        CHECK (amount > 0 AND count BETWEEN 1 AND 600),
    CONSTRAINT ck_loan_applications_urgency CHECK (urgency BETWEEN 0 AND 3),
    CONSTRAINT ck_loan_applications_applied_at
        CHECK ((status IN ('draft', 'withdrawn')) OR applied_at IS NOT NULL),
    CONSTRAINT ck_loan_applications_approved
        CHECK (status NOT IN ('offered', 'approved', 'signed', 'disbursing',
            'disbursed')
                OR (approved_amount BETWEEN 1 AND amount AND approved_count > 0
                    AND approved_rate_bps BETWEEN 0 AND 2400)),
    CONSTRAINT ck_loan_applications_loan_id
        CHECK ((status = 'disbursed') = (loan_id IS NOT NULL))
);
CREATE INDEX ix_loan_applications_cooperative_id_member_id
    ON loan_applications (cooperative_id, member_id, id);
CREATE INDEX ix_loan_applications_cooperative_id_status
    ON loan_applications (cooperative_id, status, id);
CREATE UNIQUE INDEX uq_loan_applications_open
    ON loan_applications (cooperative_id, member_id, product_id)
        WHERE status NOT IN ('disbursed', 'rejected', 'withdrawn')
"""

LOANS = """
CREATE TABLE loans (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    application_id text,
    product_id text NOT NULL,
    member_id text NOT NULL,
    member_name text NOT NULL,
    savings_account text,
    branch_code text NOT NULL,
    officer text NOT NULL,
    sector text NOT NULL,
    purpose text NOT NULL,
    method text NOT NULL,
    frequency text NOT NULL,
    principal bigint NOT NULL,
    rate_bps integer NOT NULL,
    effective_rate_bps integer NOT NULL,
    count integer NOT NULL,
    rules jsonb NOT NULL,
    disbursed_on date NOT NULL,
    matures_on date NOT NULL,
    status text NOT NULL,
    closed_on date,
    outstanding bigint NOT NULL,
    interest_receivable bigint NOT NULL,
    deferred_interest bigint NOT NULL,
    deferred_interest_paid bigint NOT NULL,
    provision bigint NOT NULL,
    dpd integer NOT NULL,
    oldest_due_on date,
    collectibility smallint NOT NULL,
    stage text NOT NULL,
    assessed_on date,
    cause text,
    restructured_from text,
    times_restructured integer NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_loans PRIMARY KEY (id),
    CONSTRAINT uq_loans_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT uq_loans_cooperative_id_number UNIQUE (cooperative_id, number),
    CONSTRAINT fk_loans_product
        FOREIGN KEY(cooperative_id, product_id)
            REFERENCES loan_products (cooperative_id, id),
    CONSTRAINT fk_loans_application
        FOREIGN KEY(cooperative_id, application_id)
            REFERENCES loan_applications (cooperative_id, id),
    CONSTRAINT fk_loans_restructured_from
        FOREIGN KEY(cooperative_id, restructured_from)
            REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_loans_kind CHECK (kind IN ('loan', 'remainder')),
    CONSTRAINT ck_loans_status
        CHECK (status IN ('active', 'settled', 'restructured', 'written_off')),
    CONSTRAINT ck_loans_method
        CHECK (method IN ('flat', 'menurun', 'anuitas', 'musiman')),
    CONSTRAINT ck_loans_frequency CHECK (frequency IN ('monthly', 'weekly', 'daily')),
    CONSTRAINT ck_loans_rate_bps CHECK (rate_bps BETWEEN 0 AND 2400),
    CONSTRAINT ck_loans_principal CHECK (principal > 0),
    CONSTRAINT ck_loans_outstanding CHECK (outstanding BETWEEN 0 AND principal),
    CONSTRAINT ck_loans_interest_receivable CHECK (interest_receivable >= 0),
    CONSTRAINT ck_loans_deferred_interest
        CHECK (deferred_interest >= 0 AND deferred_interest_paid >= 0
            AND deferred_interest_paid <= deferred_interest),
    CONSTRAINT ck_loans_provision CHECK (provision >= 0),
    CONSTRAINT ck_loans_dpd CHECK (dpd >= 0),
    CONSTRAINT ck_loans_collectibility CHECK (collectibility BETWEEN 1 AND 5),
    CONSTRAINT ck_loans_times_restructured CHECK (times_restructured >= 0),
    CONSTRAINT ck_loans_closed_on CHECK ((status = 'active') = (closed_on IS NULL)),
    CONSTRAINT ck_loans_settled CHECK (status <> 'settled' OR outstanding = 0)
);
CREATE INDEX ix_loans_active ON loans (cooperative_id, collectibility, id)
    WHERE status = 'active';
CREATE INDEX ix_loans_cooperative_id_id ON loans (cooperative_id, id);
CREATE INDEX ix_loans_cooperative_id_member_id
    ON loans (cooperative_id, member_id, id)
"""

INSTALMENTS = """
CREATE TABLE instalments (
    loan_id text NOT NULL,
    number integer NOT NULL,
    cooperative_id text NOT NULL,
    due_on date NOT NULL,
    principal bigint NOT NULL,
    interest bigint NOT NULL,
    principal_paid bigint NOT NULL,
    interest_paid bigint NOT NULL,
    penalty bigint NOT NULL,
    penalty_paid bigint NOT NULL,
    penalty_waived bigint NOT NULL,
    settled_on date,
    CONSTRAINT pk_instalments PRIMARY KEY (loan_id, number),
    CONSTRAINT fk_instalments_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_instalments_number CHECK (number > 0),
    CONSTRAINT ck_instalments_principal_paid
        CHECK (principal_paid BETWEEN 0 AND principal),
    CONSTRAINT ck_instalments_interest_paid
        CHECK (interest_paid BETWEEN 0 AND interest),
    CONSTRAINT ck_instalments_penalty
        CHECK (penalty_paid >= 0 AND penalty_waived >= 0
            AND penalty_paid + penalty_waived <= penalty),
    CONSTRAINT ck_instalments_settled_on
        CHECK ((settled_on IS NOT NULL) = (principal_paid = principal
            AND interest_paid = interest))
);
CREATE INDEX ix_instalments_open
    ON instalments (cooperative_id, due_on, loan_id) WHERE settled_on IS NULL
"""


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    for statement in (LOAN_PRODUCTS, LOAN_APPLICATIONS, LOANS, INSTALMENTS):
        op.execute(statement)
    for table in ("loan_products", "loan_applications", "loans", "instalments"):
        roles.grant(op, table, tenant="SELECT, INSERT, UPDATE", hub="SELECT")
        roles.enable_row_level_security(op, table)
