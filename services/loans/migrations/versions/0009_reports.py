"""Cash flow, interest that is no income, rebates, obligations and the risk profile."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one

LOAN_PRODUCTS = """
ALTER TABLE loan_products
    ADD COLUMN rebate_bps integer NOT NULL DEFAULT 0,
    ADD COLUMN rebate_grace_days integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT ck_loan_products_rebate
        CHECK (rebate_bps BETWEEN 0 AND 10000 AND rebate_grace_days BETWEEN 0 AND 30);
ALTER TABLE loan_products
    ALTER COLUMN rebate_bps DROP DEFAULT,
    ALTER COLUMN rebate_grace_days DROP DEFAULT
"""

# A loan that was taken over came into the book when it was written down here; every
# other one when it was paid out or replaced another. The owner sees no tenant's rows
# unless the wall is down for a moment.
LOANS = """
ALTER TABLE loans ADD COLUMN entered_on date;
ALTER TABLE loans NO FORCE ROW LEVEL SECURITY;
UPDATE loans SET entered_on = CASE
    WHEN application_id IS NULL AND restructured_from IS NULL
    THEN greatest(disbursed_on, (created_at AT TIME ZONE 'Asia/Jakarta')::date)
    ELSE disbursed_on END;
ALTER TABLE loans FORCE ROW LEVEL SECURITY;
ALTER TABLE loans
    ALTER COLUMN entered_on SET NOT NULL,
    ADD CONSTRAINT ck_loans_entered_on CHECK (disbursed_on <= entered_on);
CREATE INDEX ix_loans_entered ON loans (cooperative_id, entered_on)
"""

# Reports look at what falls due or came in between two days, paid or not.
PERIODS = """
CREATE INDEX ix_instalments_due ON instalments (cooperative_id, due_on);
CREATE INDEX ix_repayments_posted ON repayments (cooperative_id, business_date)
    WHERE status = 'posted'
"""

LOAN_DAYS = """
ALTER TABLE loan_days ADD COLUMN unaccrued_interest bigint,
    DROP CONSTRAINT ck_loan_days_amounts,
    ADD CONSTRAINT ck_loan_days_amounts
        CHECK (dpd >= 0 AND outstanding >= 0 AND unaccrued_interest >= 0)
"""

LOAN_JOURNALS = """
ALTER TABLE loan_journals
    DROP CONSTRAINT ck_loan_journals_kind,
    ADD CONSTRAINT ck_loan_journals_kind
        CHECK (kind IN ('loan_restructuring', 'loan_write_off', 'loan_remainder',
            'loan_surplus', 'loan_rebate'));
CREATE UNIQUE INDEX uq_loan_journals_rebate ON loan_journals (loan_id)
    WHERE kind = 'loan_rebate'
"""

NPF_OBLIGATIONS = """
CREATE TABLE npf_obligations (
    cooperative_id text NOT NULL,
    day date NOT NULL,
    npf_bps integer NOT NULL,
    limit_bps integer NOT NULL,
    level text NOT NULL,
    due_on date NOT NULL,
    opened_at timestamptz NOT NULL,
    note text,
    document text,
    closed_by text,
    closed_at timestamptz,
    CONSTRAINT pk_npf_obligations PRIMARY KEY (cooperative_id, day),
    CONSTRAINT ck_npf_obligations_level CHECK (level IN ('plan', 'licence_risk')),
    CONSTRAINT ck_npf_obligations_npf CHECK (limit_bps >= 0 AND npf_bps > limit_bps),
    CONSTRAINT ck_npf_obligations_due_on CHECK (due_on > day),
    CONSTRAINT ck_npf_obligations_closed
        CHECK (num_nulls(closed_at, closed_by, note, document) IN (0, 4))
);
CREATE INDEX ix_npf_obligations_open ON npf_obligations (cooperative_id, day)
    WHERE closed_at IS NULL
"""

RISK_PROFILES = """
CREATE TABLE risk_profiles (
    cooperative_id text NOT NULL,
    certified_staff integer,
    location text,
    founded_on date,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    CONSTRAINT pk_risk_profiles PRIMARY KEY (cooperative_id),
    CONSTRAINT ck_risk_profiles_certified_staff CHECK (certified_staff >= 0),
    CONSTRAINT ck_risk_profiles_location CHECK (location IN ('city', 'remote'))
)
"""

STAFF_TRAININGS = """
CREATE TABLE staff_trainings (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    topic text NOT NULL,
    provider text NOT NULL,
    held_on date NOT NULL,
    participants integer NOT NULL,
    document text,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT pk_staff_trainings PRIMARY KEY (id),
    CONSTRAINT ck_staff_trainings_participants CHECK (participants > 0)
);
CREATE INDEX ix_staff_trainings_held_on
    ON staff_trainings (cooperative_id, held_on, id)
"""


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    for statement in (
        LOAN_PRODUCTS,
        LOANS,
        PERIODS,
        LOAN_DAYS,
        LOAN_JOURNALS,
        NPF_OBLIGATIONS,
        RISK_PROFILES,
        STAFF_TRAININGS,
    ):
        op.execute(statement)
    roles.grant(
        op,
        "npf_obligations",
        tenant="SELECT, INSERT, UPDATE (note, document, closed_by, closed_at)",
        hub="SELECT",
    )
    roles.grant(op, "risk_profiles", tenant="SELECT, INSERT, UPDATE", hub="SELECT")
    roles.grant(op, "staff_trainings", tenant="SELECT, INSERT", hub="SELECT")
    for table in ("npf_obligations", "risk_profiles", "staff_trainings"):
        roles.enable_row_level_security(op, table)
    roles.append_only(op, "staff_trainings")
