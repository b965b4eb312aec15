"""How arrears are judged, how loans stood by day, and what that moves in the book."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one

ARREARS_JOURNALS = """
CREATE TABLE arrears_journals (
    cooperative_id text NOT NULL,
    business_date date NOT NULL,
    kind text NOT NULL,
    up bigint NOT NULL,
    down bigint NOT NULL,
    booked_on date NOT NULL,
    attempt integer NOT NULL,
    journal_id text NOT NULL,
    state text NOT NULL,
    posted_at timestamptz,
    CONSTRAINT pk_arrears_journals PRIMARY KEY (cooperative_id, business_date, kind),
    CONSTRAINT ck_arrears_journals_kind CHECK (kind IN ('accrual', 'provision')),
    CONSTRAINT ck_arrears_journals_state CHECK (state IN ('planned', 'posted')),
    CONSTRAINT ck_arrears_journals_amounts
        CHECK (up >= 0 AND down >= 0 AND up + down > 0),
    CONSTRAINT ck_arrears_journals_posted_at
        CHECK ((state = 'posted') = (posted_at IS NOT NULL)),
    CONSTRAINT ck_arrears_journals_attempt CHECK (attempt > 0)
);
CREATE INDEX ix_arrears_journals_planned
    ON arrears_journals (cooperative_id, business_date) WHERE state = 'planned'
"""

ARREARS_SETTINGS = """
CREATE TABLE arrears_settings (
    cooperative_id text NOT NULL,
    class_days integer[] NOT NULL,
    stages jsonb NOT NULL,
    provision_bps integer[] NOT NULL,
    provision_every text NOT NULL,
    upgrade_after_instalments integer NOT NULL,
    bounds jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    CONSTRAINT pk_arrears_settings PRIMARY KEY (cooperative_id),
    CONSTRAINT ck_arrears_settings_class_days
        CHECK (cardinality(class_days) = 4 AND class_days[1] >= 0
            AND class_days[1] < class_days[2] AND class_days[2] < class_days[3]
                AND class_days[3] < class_days[4]),
    CONSTRAINT ck_arrears_settings_provision_bps
        CHECK (cardinality(provision_bps) = 5 AND 0 <= ALL (provision_bps)
            AND 10000 >= ALL (provision_bps)),
    CONSTRAINT ck_arrears_settings_provision_every
        CHECK (provision_every IN ('day', 'month')),
    CONSTRAINT ck_arrears_settings_upgrade_after_instalments
        CHECK (upgrade_after_instalments BETWEEN 0 AND 12)
)
"""

LOAN_DAYS = """
CREATE TABLE loan_days (
    cooperative_id text NOT NULL,
    loan_id text NOT NULL,
    day date NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    reason text NOT NULL,
    dpd integer NOT NULL,
    collectibility smallint NOT NULL,
    stage text NOT NULL,
    outstanding bigint NOT NULL,
    CONSTRAINT pk_loan_days PRIMARY KEY (cooperative_id, loan_id, day, id),
    CONSTRAINT fk_loan_days_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_loan_days_reason CHECK (reason IN ('change', 'month_end')),
    CONSTRAINT ck_loan_days_amounts CHECK (dpd >= 0 AND outstanding >= 0),
    CONSTRAINT ck_loan_days_collectibility CHECK (collectibility BETWEEN 1 AND 5)
);
CREATE UNIQUE INDEX uq_loan_days_month_end
    ON loan_days (cooperative_id, day, loan_id) WHERE reason = 'month_end'
"""

LOANS = """
ALTER TABLE loans
    ADD COLUMN class_floor smallint,
    ADD COLUMN class_floor_until_paid integer,
    ADD CONSTRAINT ck_loans_class_floor
        CHECK ((class_floor IS NULL) = (class_floor_until_paid IS NULL)
            AND class_floor BETWEEN 1 AND 5 AND class_floor_until_paid > 0);
CREATE INDEX ix_loans_closed ON loans (cooperative_id, closed_on)
    WHERE closed_on IS NOT NULL
"""

# Every active loan is updated every day, and what is overdue of it: the new version of
# a row finds room beside the old one, and no index names what changes daily, not even
# in its condition. So PostgreSQL leaves the indexes alone.
ROOM = """
ALTER TABLE loans SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1);
ALTER TABLE instalments SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.1)
"""


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    for statement in (ARREARS_SETTINGS, LOAN_DAYS, ARREARS_JOURNALS, LOANS, ROOM):
        op.execute(statement)
    both = "SELECT, INSERT, UPDATE"
    roles.grant(op, "arrears_settings", tenant=both, hub="SELECT")
    roles.grant(op, "loan_days", tenant="SELECT, INSERT", hub="SELECT")
    roles.grant(
        op,
        "arrears_journals",
        tenant="SELECT, INSERT, UPDATE (booked_on, attempt, journal_id, state, "
        "posted_at)",
        hub="SELECT",
    )
    for table in ("arrears_settings", "loan_days", "arrears_journals"):
        roles.enable_row_level_security(op, table)
    roles.append_only(op, "loan_days")
