"""Repayments, penalties, waivers and reminders."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one

REMINDER_SETTINGS = """
CREATE TABLE reminder_settings (
    cooperative_id text NOT NULL,
    days_before integer[] NOT NULL,
    days_after integer[] NOT NULL,
    CONSTRAINT pk_reminder_settings PRIMARY KEY (cooperative_id),
    CONSTRAINT ck_reminder_settings_days
        CHECK (0 <= ALL (days_before) AND 60 >= ALL (days_before)
            AND 1 <= ALL (days_after) AND 365 >= ALL (days_after))
)
"""

INSTALMENT_REMINDERS = """
CREATE TABLE instalment_reminders (
    loan_id text NOT NULL,
    number integer NOT NULL,
    days_after smallint NOT NULL,
    cooperative_id text NOT NULL,
    sent_at timestamptz NOT NULL,
    CONSTRAINT pk_instalment_reminders PRIMARY KEY (loan_id, number, days_after),
    CONSTRAINT fk_instalment_reminders_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id)
)
"""

PENALTY_WAIVERS = """
CREATE TABLE penalty_waivers (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    loan_id text NOT NULL,
    amount bigint NOT NULL,
    reason text NOT NULL,
    status text NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    decided_by text,
    decided_at timestamptz,
    CONSTRAINT pk_penalty_waivers PRIMARY KEY (id),
    CONSTRAINT uq_penalty_waivers_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT fk_penalty_waivers_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_penalty_waivers_amount CHECK (amount > 0),
    CONSTRAINT ck_penalty_waivers_status
        CHECK (status IN ('proposed', 'approved', 'rejected')),
    CONSTRAINT ck_penalty_waivers_decided
        CHECK ((status = 'proposed') = (decided_by IS NULL)
            AND (decided_by IS NULL) = (decided_at IS NULL)),
    CONSTRAINT ck_penalty_waivers_two_persons
        CHECK (status <> 'approved' OR decided_by <> proposed_by)
);
CREATE INDEX ix_penalty_waivers_cooperative_id_loan_id
    ON penalty_waivers (cooperative_id, loan_id, id);
CREATE UNIQUE INDEX uq_penalty_waivers_open ON penalty_waivers (loan_id)
    WHERE status = 'proposed'
"""

POLICY_ENDINGS = """
CREATE TABLE policy_endings (
    loan_id text NOT NULL,
    cooperative_id text NOT NULL,
    settled_on date NOT NULL,
    attempts integer NOT NULL,
    due_at timestamptz NOT NULL,
    done_at timestamptz,
    CONSTRAINT pk_policy_endings PRIMARY KEY (loan_id),
    CONSTRAINT fk_policy_endings_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_policy_endings_attempts CHECK (attempts >= 0)
);
CREATE INDEX ix_policy_endings_due ON policy_endings (due_at) WHERE done_at IS NULL
"""

PREMIUM_REFUNDS = """
CREATE TABLE premium_refunds (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    loan_id text NOT NULL,
    amount bigint NOT NULL,
    status text NOT NULL,
    attempt integer NOT NULL,
    business_date date NOT NULL,
    due_at timestamptz NOT NULL,
    CONSTRAINT pk_premium_refunds PRIMARY KEY (id),
    CONSTRAINT fk_premium_refunds_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_premium_refunds_amount CHECK (amount > 0),
    CONSTRAINT ck_premium_refunds_attempt CHECK (attempt > 0),
    CONSTRAINT ck_premium_refunds_status CHECK (status IN ('posting', 'posted'))
);
CREATE INDEX ix_premium_refunds_due ON premium_refunds (due_at)
    WHERE status = 'posting'
"""

REPAYMENTS = """
CREATE TABLE repayments (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    loan_id text NOT NULL,
    channel text NOT NULL,
    source_key text NOT NULL,
    reference text,
    amount bigint NOT NULL,
    penalty bigint NOT NULL,
    interest bigint NOT NULL,
    principal bigint NOT NULL,
    fee bigint NOT NULL,
    receivable bigint NOT NULL,
    reversed_receivable bigint NOT NULL,
    allocation jsonb NOT NULL,
    is_settlement boolean NOT NULL,
    is_recovery boolean NOT NULL,
    status text NOT NULL,
    fault text,
    business_date date NOT NULL,
    outstanding bigint,
    requested_by text NOT NULL,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    posted_at timestamptz,
    CONSTRAINT pk_repayments PRIMARY KEY (id),
    CONSTRAINT uq_repayments_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT fk_repayments_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_repayments_channel
        CHECK (channel IN ('cash', 'savings', 'va', 'bank', 'insurance',
            'collateral', 'guarantor')),
    CONSTRAINT ck_repayments_amounts
        CHECK (amount > 0 AND penalty >= 0 AND interest >= 0 AND principal >= 0
            AND fee >= 0 AND amount = penalty + interest + principal + fee),
    CONSTRAINT ck_repayments_receivable
        CHECK (receivable >= 0 AND reversed_receivable >= 0
            AND receivable <= interest),
    CONSTRAINT ck_repayments_status
        CHECK (status IN ('posting', 'posted', 'refused')),
    CONSTRAINT ck_repayments_posted_at
        CHECK ((status = 'posted') = (posted_at IS NOT NULL)),
    CONSTRAINT ck_repayments_fault CHECK ((status = 'refused') = (fault IS NOT NULL))
);
CREATE INDEX ix_repayments_cooperative_id_loan_id
    ON repayments (cooperative_id, loan_id, created_at, id);
CREATE INDEX ix_repayments_due ON repayments (due_at) WHERE status = 'posting';
CREATE UNIQUE INDEX uq_repayments_under_way ON repayments (loan_id)
    WHERE status = 'posting'
"""


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    op.execute(
        "ALTER TABLE instalments ADD penalty_base bigint NOT NULL DEFAULT 0, "
        "ADD penalty_from date, ADD CONSTRAINT ck_instalments_penalty_base "
        "CHECK (penalty_base BETWEEN 0 AND penalty)"
    )
    op.execute("ALTER TABLE instalments ALTER penalty_base DROP DEFAULT")
    for statement in (
        REMINDER_SETTINGS,
        INSTALMENT_REMINDERS,
        PENALTY_WAIVERS,
        POLICY_ENDINGS,
        PREMIUM_REFUNDS,
        REPAYMENTS,
    ):
        op.execute(statement)
    for table in (
        "repayments",
        "penalty_waivers",
        "policy_endings",
        "premium_refunds",
        "reminder_settings",
        "instalment_reminders",
    ):
        roles.enable_row_level_security(op, table)
    roles.grant(
        op,
        "repayments",
        tenant="SELECT, INSERT, UPDATE (status, fault, outstanding, due_at, posted_at)",
        hub="SELECT, UPDATE (due_at)",
    )
    roles.grant(
        op,
        "penalty_waivers",
        tenant="SELECT, INSERT, UPDATE (status, decided_by, decided_at)",
        hub="SELECT",
    )
    roles.grant(
        op,
        "policy_endings",
        tenant="SELECT, INSERT, UPDATE (attempts, due_at, done_at)",
        hub="SELECT, UPDATE (attempts, due_at)",
    )
    roles.grant(
        op,
        "premium_refunds",
        tenant="SELECT, INSERT, UPDATE (status, attempt, business_date, due_at)",
        hub="SELECT, UPDATE (due_at)",
    )
    roles.grant(op, "reminder_settings", tenant="SELECT, INSERT, UPDATE", hub="SELECT")
    roles.grant(op, "instalment_reminders", tenant="SELECT, INSERT", hub="SELECT")
