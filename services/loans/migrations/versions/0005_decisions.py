"""Decisions of the committee, agreements, and loans on their way to the member."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one

LENDING_SETTINGS = """
CREATE TABLE lending_settings (
    cooperative_id text NOT NULL,
    tiers jsonb NOT NULL,
    cash_reserve bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    CONSTRAINT pk_lending_settings PRIMARY KEY (cooperative_id),
    CONSTRAINT ck_lending_settings_cash_reserve CHECK (cash_reserve >= 0),
    CONSTRAINT ck_lending_settings_tiers
        CHECK (jsonb_typeof(tiers) = 'array' AND jsonb_array_length(tiers) > 0)
)
"""

AKADS = """
CREATE TABLE akads (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    application_id text NOT NULL,
    number text NOT NULL,
    status text NOT NULL,
    principal bigint NOT NULL,
    rate_bps integer NOT NULL,
    effective_rate_bps integer NOT NULL,
    count integer NOT NULL,
    administration bigint NOT NULL,
    passed_fee bigint NOT NULL,
    passed_premium bigint NOT NULL,
    savings_account text NOT NULL,
    first_due_on date,
    terms jsonb NOT NULL,
    rules jsonb NOT NULL,
    content bytea NOT NULL,
    fingerprint text NOT NULL,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    signed_on date,
    signed_by jsonb,
    document_id text,
    recorded_by text,
    recorded_at timestamptz,
    CONSTRAINT pk_akads PRIMARY KEY (id),
    CONSTRAINT uq_akads_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT uq_akads_cooperative_id_number UNIQUE (cooperative_id, number),
    CONSTRAINT fk_akads_application
        FOREIGN KEY(cooperative_id, application_id)
            REFERENCES loan_applications (cooperative_id, id),
    CONSTRAINT ck_akads_status CHECK (status IN ('drawn_up', 'replaced', 'signed')),
    CONSTRAINT ck_akads_principal CHECK (principal > 0),
    CONSTRAINT ck_akads_deductions
        CHECK (administration >= 0 AND passed_fee >= 0 AND passed_premium >= 0
            AND administration + passed_fee + passed_premium < principal),
    CONSTRAINT ck_akads_signed
        CHECK ((status = 'signed') = (signed_on IS NOT NULL)
            AND (status = 'signed') = (signed_by IS NOT NULL)
                AND (status = 'signed') = (recorded_by IS NOT NULL)
                    AND (status = 'signed') = (recorded_at IS NOT NULL))
);
CREATE UNIQUE INDEX uq_akads_valid ON akads (cooperative_id, application_id)
    WHERE status <> 'replaced'
"""

COMMITTEE_VOTES = """
CREATE TABLE committee_votes (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    application_id text NOT NULL,
    round smallint NOT NULL,
    voter text NOT NULL,
    role text NOT NULL,
    choice text NOT NULL,
    amount bigint NOT NULL,
    count integer NOT NULL,
    rate_bps integer NOT NULL,
    conditions text NOT NULL,
    reason text NOT NULL,
    voted_at timestamptz NOT NULL,
    CONSTRAINT pk_committee_votes PRIMARY KEY (id),
    CONSTRAINT fk_committee_votes_application
        FOREIGN KEY(cooperative_id, application_id)
            REFERENCES loan_applications (cooperative_id, id),
    CONSTRAINT uq_committee_votes UNIQUE (application_id, round, voter),
    CONSTRAINT ck_committee_votes_round CHECK (round > 0),
    CONSTRAINT ck_committee_votes_choice CHECK (choice IN ('approve', 'reject')),
    CONSTRAINT ck_committee_votes_terms
        CHECK (amount > 0 AND count > 0 AND rate_bps BETWEEN 0 AND 2400),
    CONSTRAINT ck_committee_votes_reason CHECK (choice <> 'reject' OR reason <> '')
);
CREATE INDEX ix_committee_votes_application
    ON committee_votes (cooperative_id, application_id)
"""

LOAN_DECISIONS = """
CREATE TABLE loan_decisions (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    application_id text NOT NULL,
    number text NOT NULL,
    outcome text NOT NULL,
    round smallint NOT NULL,
    quorum smallint NOT NULL,
    amount bigint NOT NULL,
    count integer NOT NULL,
    rate_bps integer NOT NULL,
    conditions text NOT NULL,
    reason text NOT NULL,
    decided_on date NOT NULL,
    decided_at timestamptz NOT NULL,
    letter jsonb NOT NULL,
    fingerprint text NOT NULL,
    answer text,
    answered_at timestamptz,
    answered_by text,
    CONSTRAINT pk_loan_decisions PRIMARY KEY (id),
    CONSTRAINT uq_loan_decisions_cooperative_id_application_id
        UNIQUE (cooperative_id, application_id),
    CONSTRAINT uq_loan_decisions_cooperative_id_number
        UNIQUE (cooperative_id, number),
    CONSTRAINT fk_loan_decisions_application
        FOREIGN KEY(cooperative_id, application_id)
            REFERENCES loan_applications (cooperative_id, id),
    CONSTRAINT ck_loan_decisions_outcome
        CHECK (outcome IN ('approved', 'conditional', 'rejected')),
    CONSTRAINT ck_loan_decisions_reason CHECK (outcome <> 'rejected' OR reason <> ''),
    CONSTRAINT ck_loan_decisions_quorum CHECK (quorum > 0),
    CONSTRAINT ck_loan_decisions_answered
        CHECK ((answer IS NULL) = (answered_at IS NULL)
            AND (answer IS NULL) = (answered_by IS NULL)),
    CONSTRAINT ck_loan_decisions_answer
        CHECK (answer IS NULL
            OR (outcome = 'conditional' AND answer IN ('accepted', 'declined')))
)
"""

DISBURSEMENTS = """
CREATE TABLE disbursements (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    application_id text NOT NULL,
    akad_id text NOT NULL,
    loan_id text NOT NULL,
    journal_id text NOT NULL,
    number text,
    status text NOT NULL,
    business_date date NOT NULL,
    savings_account text NOT NULL,
    principal bigint NOT NULL,
    administration bigint NOT NULL,
    fee bigint NOT NULL,
    passed_fee bigint NOT NULL,
    premium bigint NOT NULL,
    passed_premium bigint NOT NULL,
    received bigint NOT NULL,
    insurance_product text,
    months integer NOT NULL,
    charged_months integer,
    policy_id text,
    reason text NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    due_at timestamptz NOT NULL,
    refusal jsonb,
    posted_at timestamptz,
    CONSTRAINT pk_disbursements PRIMARY KEY (id),
    CONSTRAINT uq_disbursements_cooperative_id_loan_id
        UNIQUE (cooperative_id, loan_id),
    CONSTRAINT uq_disbursements_cooperative_id_journal_id
        UNIQUE (cooperative_id, journal_id),
    CONSTRAINT fk_disbursements_application
        FOREIGN KEY(cooperative_id, application_id)
            REFERENCES loan_applications (cooperative_id, id),
    CONSTRAINT fk_disbursements_akad
        FOREIGN KEY(cooperative_id, akad_id) REFERENCES akads (cooperative_id, id),
    CONSTRAINT ck_disbursements_status
        CHECK (status IN ('reserving', 'posting', 'finishing', 'done', 'undoing',
            'refused')),
    CONSTRAINT ck_disbursements_principal CHECK (principal > 0),
    CONSTRAINT ck_disbursements_amounts
        CHECK (administration >= 0 AND fee >= 0 AND premium >= 0
            AND passed_fee BETWEEN 0 AND fee
            AND passed_premium BETWEEN 0 AND premium
            AND received = principal - administration - passed_fee - passed_premium
            AND received > 0),
    CONSTRAINT ck_disbursements_refusal
        CHECK ((status IN ('undoing', 'refused')) = (refusal IS NOT NULL)),
    CONSTRAINT ck_disbursements_posted
        CHECK ((status IN ('finishing', 'done')) = (number IS NOT NULL)
            AND (status IN ('finishing', 'done')) = (posted_at IS NOT NULL))
);
CREATE INDEX ix_disbursements_cooperative_id_business_date
    ON disbursements (cooperative_id, business_date);
CREATE INDEX ix_disbursements_due ON disbursements (due_at)
    WHERE status IN ('reserving', 'posting', 'finishing', 'undoing');
CREATE UNIQUE INDEX uq_disbursements_live
    ON disbursements (cooperative_id, application_id)
        WHERE status IN ('reserving', 'posting', 'finishing', 'done')
"""


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    for statement in (
        LENDING_SETTINGS,
        COMMITTEE_VOTES,
        LOAN_DECISIONS,
        AKADS,
        DISBURSEMENTS,
    ):
        op.execute(statement)
    for table in (
        "lending_settings",
        "committee_votes",
        "loan_decisions",
        "akads",
        "disbursements",
    ):
        roles.enable_row_level_security(op, table)
    both = "SELECT, INSERT, UPDATE"
    roles.grant(
        op,
        "lending_settings",
        tenant=f"{both} (tiers, cash_reserve, changed_at, changed_by)",
        hub="SELECT",
    )
    roles.grant(op, "committee_votes", tenant="SELECT, INSERT", hub="SELECT")
    roles.append_only(op, "committee_votes")
    roles.grant(
        op,
        "loan_decisions",
        tenant=f"{both} (answer, answered_at, answered_by)",
        hub="SELECT",
    )
    roles.grant(
        op,
        "akads",
        tenant=f"{both} (content, status, signed_on, signed_by, document_id, "
        "recorded_by, recorded_at)",
        hub="SELECT",
    )
    roles.grant(
        op,
        "disbursements",
        tenant=f"{both} (status, number, policy_id, attempts, due_at, refusal, "
        "posted_at)",
        hub="SELECT, UPDATE (attempts, due_at)",
    )
