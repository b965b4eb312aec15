"""Applications, documents, verification, collateral and guarantees."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one

APPLICATION_SETTINGS = """
CREATE TABLE application_settings (
    cooperative_id text NOT NULL,
    minimum_membership_months integer NOT NULL,
    service_ratio_bps integer NOT NULL,
    service_ratio_is_hard boolean NOT NULL,
    turnover_bps integer NOT NULL,
    related_bps integer NOT NULL,
    other_bps integer NOT NULL,
    training_months integer NOT NULL,
    requires_check boolean NOT NULL,
    group_arrears_days integer NOT NULL,
    call_days integer NOT NULL,
    haircuts jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    CONSTRAINT pk_application_settings PRIMARY KEY (cooperative_id),
    CONSTRAINT ck_application_settings_minimum_membership_months
        CHECK (minimum_membership_months BETWEEN 0 AND 120),
    CONSTRAINT ck_application_settings_service_ratio
        CHECK (service_ratio_bps BETWEEN 1 AND 10000),
    CONSTRAINT ck_application_settings_turnover
        CHECK (turnover_bps BETWEEN 1 AND 10000),
    CONSTRAINT ck_application_settings_related CHECK (related_bps BETWEEN 1 AND 1000),
    CONSTRAINT ck_application_settings_other CHECK (other_bps BETWEEN 1 AND 1500),
    CONSTRAINT ck_application_settings_training_months
        CHECK (training_months BETWEEN 1 AND 120),
    CONSTRAINT ck_application_settings_days
        CHECK (group_arrears_days BETWEEN 0 AND 365 AND call_days BETWEEN 1 AND 365)
)
"""

COLLATERALS = """
CREATE TABLE collaterals (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    application_id text NOT NULL,
    kind text NOT NULL,
    details bytea NOT NULL,
    status text NOT NULL,
    accepted_value bigint NOT NULL,
    bound_on date,
    ended_on date,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_collaterals PRIMARY KEY (id),
    CONSTRAINT uq_collaterals_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT fk_collaterals_application
        FOREIGN KEY(cooperative_id, application_id)
            REFERENCES loan_applications (cooperative_id, id),
    CONSTRAINT ck_collaterals_kind
        CHECK (kind IN ('business_equipment', 'village_land_certificate',
            'land_certificate', 'vehicle_bpkb', 'securities', 'savings', 'deposit',
                'group_guarantee', 'personal_guarantee')),
    CONSTRAINT ck_collaterals_status
        CHECK (status IN ('offered', 'withdrawn', 'bound', 'released', 'executed')),
    CONSTRAINT ck_collaterals_bound_on
        CHECK ((status IN ('bound', 'released',
            'executed')) = (bound_on IS NOT NULL)),
    CONSTRAINT ck_collaterals_ended_on
        CHECK ((status IN ('released', 'executed')) = (ended_on IS NOT NULL)),
    CONSTRAINT ck_collaterals_accepted_value CHECK (accepted_value >= 0)
);
CREATE INDEX ix_collaterals_application_id
    ON collaterals (cooperative_id, application_id, id)
"""

APPRAISALS = """
CREATE TABLE appraisals (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    collateral_id text NOT NULL,
    market_value bigint NOT NULL,
    haircut_bps integer NOT NULL,
    accepted_value bigint NOT NULL,
    appraised_on date NOT NULL,
    appraised_by text NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT pk_appraisals PRIMARY KEY (id),
    CONSTRAINT fk_appraisals_collateral
        FOREIGN KEY(cooperative_id, collateral_id)
            REFERENCES collaterals (cooperative_id, id),
    CONSTRAINT ck_appraisals_values
        CHECK (haircut_bps BETWEEN 0 AND 10000 AND accepted_value BETWEEN 0
            AND market_value AND market_value > 0)
);
CREATE INDEX ix_appraisals_collateral_id
    ON appraisals (cooperative_id, collateral_id, id)
"""

APPLICATION_DOCUMENTS = """
CREATE TABLE application_documents (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    application_id text NOT NULL,
    collateral_id text,
    kind text NOT NULL,
    media_type text NOT NULL,
    size_bytes integer NOT NULL,
    content bytea NOT NULL,
    uploaded_by text NOT NULL,
    uploaded_at timestamptz NOT NULL,
    CONSTRAINT pk_application_documents PRIMARY KEY (id),
    CONSTRAINT uq_application_documents_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT fk_application_documents_application
        FOREIGN KEY(cooperative_id, application_id)
            REFERENCES loan_applications (cooperative_id, id),
    CONSTRAINT fk_application_documents_collateral
        FOREIGN KEY(cooperative_id, collateral_id)
            REFERENCES collaterals (cooperative_id, id),
    CONSTRAINT ck_application_documents_kind
        CHECK (kind IN ('application_form', 'payslip', 'cash_book', 'ktp', 'kk',
            'business_permit', 'collateral_photo', 'collateral_deed', 'akad_signed',
                'consent', 'other')),
    CONSTRAINT ck_application_documents_media_type
        CHECK (media_type IN ('image/jpeg', 'image/png', 'application/pdf')),
    CONSTRAINT ck_application_documents_size_bytes
        CHECK (size_bytes BETWEEN 1 AND 5242880)
);
CREATE INDEX ix_application_documents_application_id
    ON application_documents (cooperative_id, application_id, id)
"""

APPLICATION_CHECKS = """
CREATE TABLE application_checks (
    application_id text NOT NULL,
    attempt integer NOT NULL,
    cooperative_id text NOT NULL,
    feature text NOT NULL,
    status text NOT NULL,
    check_id text,
    result text,
    fault text,
    parts jsonb NOT NULL,
    fee_amount bigint NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    answered_at timestamptz,
    CONSTRAINT pk_application_checks PRIMARY KEY (application_id, attempt),
    CONSTRAINT fk_application_checks_application
        FOREIGN KEY(cooperative_id, application_id)
            REFERENCES loan_applications (cooperative_id, id),
    CONSTRAINT ck_application_checks_attempt CHECK (attempt > 0),
    CONSTRAINT ck_application_checks_status
        CHECK (status IN ('requested', 'checking', 'done', 'failed', 'refused')),
    CONSTRAINT ck_application_checks_result
        CHECK (result IN ('LOLOS', 'TINJAU', 'GAGAL')),
    CONSTRAINT ck_application_checks_done
        CHECK ((status = 'done') = (result IS NOT NULL)),
    CONSTRAINT ck_application_checks_fee_amount CHECK (fee_amount >= 0)
)
"""

CHECKLISTS = """
CREATE TABLE checklists (
    product_id text NOT NULL,
    cooperative_id text NOT NULL,
    items jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    CONSTRAINT pk_checklists PRIMARY KEY (product_id),
    CONSTRAINT fk_checklists_product
        FOREIGN KEY(cooperative_id, product_id)
            REFERENCES loan_products (cooperative_id, id)
)
"""

VERIFICATIONS = """
CREATE TABLE verifications (
    application_id text NOT NULL,
    cooperative_id text NOT NULL,
    ticks jsonb NOT NULL,
    scores jsonb NOT NULL,
    notes bytea,
    outcome text,
    reason text,
    finished_by text,
    finished_at timestamptz,
    CONSTRAINT pk_verifications PRIMARY KEY (application_id),
    CONSTRAINT fk_verifications_application
        FOREIGN KEY(cooperative_id, application_id)
            REFERENCES loan_applications (cooperative_id, id),
    CONSTRAINT ck_verifications_outcome CHECK (outcome IN ('passed', 'rejected')),
    CONSTRAINT ck_verifications_finished
        CHECK ((outcome IS NULL) = (finished_by IS NULL)
            AND (outcome IS NULL) = (finished_at IS NULL)),
    CONSTRAINT ck_verifications_reason
        CHECK ((outcome IS NOT DISTINCT FROM 'rejected') = (reason IS NOT NULL))
)
"""

FIELD_VISITS = """
CREATE TABLE field_visits (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    application_id text NOT NULL,
    kind text NOT NULL,
    held_on date NOT NULL,
    conducted_by text NOT NULL,
    findings bytea NOT NULL,
    latitude NUMERIC(8, 6),
    longitude NUMERIC(9, 6),
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT pk_field_visits PRIMARY KEY (id),
    CONSTRAINT fk_field_visits_application
        FOREIGN KEY(cooperative_id, application_id)
            REFERENCES loan_applications (cooperative_id, id),
    CONSTRAINT ck_field_visits_kind CHECK (kind IN ('visit', 'interview')),
    CONSTRAINT ck_field_visits_place
        CHECK ((latitude IS NULL) = (longitude IS NULL) AND latitude BETWEEN -90
            AND 90 AND longitude BETWEEN -180 AND 180)
);
CREATE INDEX ix_field_visits_application_id
    ON field_visits (cooperative_id, application_id, id)
"""

TRAININGS = """
CREATE TABLE trainings (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    member_id text NOT NULL,
    topic text NOT NULL,
    held_on date NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT pk_trainings PRIMARY KEY (id)
);
CREATE INDEX ix_trainings_member_id ON trainings (cooperative_id, member_id, held_on)
"""

LIMIT_ASSESSMENTS = """
CREATE TABLE limit_assessments (
    application_id text NOT NULL,
    cooperative_id text NOT NULL,
    amount bigint NOT NULL,
    count integer NOT NULL,
    breaches text[] NOT NULL,
    warnings text[] NOT NULL,
    highest bigint NOT NULL,
    is_related boolean NOT NULL,
    facts bytea NOT NULL,
    assessed_by text NOT NULL,
    assessed_at timestamptz NOT NULL,
    CONSTRAINT pk_limit_assessments PRIMARY KEY (application_id),
    CONSTRAINT fk_limit_assessments_application
        FOREIGN KEY(cooperative_id, application_id)
            REFERENCES loan_applications (cooperative_id, id),
    CONSTRAINT ck_limit_assessments_wish CHECK (amount > 0 AND count > 0),
    CONSTRAINT ck_limit_assessments_highest CHECK (highest >= 0)
)
"""

LIMIT_APPROVALS = """
CREATE TABLE limit_approvals (
    application_id text NOT NULL,
    warning text NOT NULL,
    cooperative_id text NOT NULL,
    reason text NOT NULL,
    document_id text,
    given_by text NOT NULL,
    given_at timestamptz NOT NULL,
    CONSTRAINT pk_limit_approvals PRIMARY KEY (application_id, warning),
    CONSTRAINT fk_limit_approvals_application
        FOREIGN KEY(cooperative_id, application_id)
            REFERENCES loan_applications (cooperative_id, id),
    CONSTRAINT fk_limit_approvals_document
        FOREIGN KEY(cooperative_id, document_id)
            REFERENCES application_documents (cooperative_id, id),
    CONSTRAINT ck_limit_approvals_warning
        CHECK (warning IN ('service_ratio', 'other_limit', 'pengurus_consent',
            'pengawas_consent')),
    CONSTRAINT ck_limit_approvals_document
        CHECK (warning <> 'pengawas_consent' OR document_id IS NOT NULL)
)
"""

LOAN_GROUPS = """
CREATE TABLE loan_groups (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    name text NOT NULL,
    leader_id text NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_loan_groups PRIMARY KEY (id),
    CONSTRAINT uq_loan_groups_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT uq_loan_groups_cooperative_id_name UNIQUE (cooperative_id, name)
)
"""

LOAN_GROUP_MEMBERS = """
CREATE TABLE loan_group_members (
    group_id text NOT NULL,
    member_id text NOT NULL,
    cooperative_id text NOT NULL,
    member_name text NOT NULL,
    joined_on date NOT NULL,
    left_on date,
    CONSTRAINT pk_loan_group_members PRIMARY KEY (group_id, member_id),
    CONSTRAINT fk_loan_group_members_group
        FOREIGN KEY(cooperative_id, group_id)
            REFERENCES loan_groups (cooperative_id, id)
);
CREATE UNIQUE INDEX uq_loan_group_members_present
    ON loan_group_members (cooperative_id, member_id) WHERE left_on IS NULL
"""

GUARANTEES = """
CREATE TABLE guarantees (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    application_id text NOT NULL,
    member_id text NOT NULL,
    member_name text NOT NULL,
    savings_account text NOT NULL,
    group_id text,
    amount bigint NOT NULL,
    status text NOT NULL,
    loan_id text,
    agreed_on date NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_guarantees PRIMARY KEY (id),
    CONSTRAINT uq_guarantees_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT fk_guarantees_application
        FOREIGN KEY(cooperative_id, application_id)
            REFERENCES loan_applications (cooperative_id, id),
    CONSTRAINT fk_guarantees_group
        FOREIGN KEY(cooperative_id, group_id)
            REFERENCES loan_groups (cooperative_id, id),
    CONSTRAINT ck_guarantees_status
        CHECK (status IN ('agreed', 'held', 'released', 'withdrawn')),
    CONSTRAINT ck_guarantees_amount CHECK (amount > 0)
);
CREATE INDEX ix_guarantees_loan_id ON guarantees (cooperative_id, loan_id)
    WHERE status = 'held';
CREATE UNIQUE INDEX uq_guarantees_member
    ON guarantees (cooperative_id, application_id, member_id)
        WHERE status <> 'withdrawn'
"""

GUARANTEE_CALLS = """
CREATE TABLE guarantee_calls (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    guarantee_id text NOT NULL,
    loan_id text NOT NULL,
    amount bigint NOT NULL,
    reason text NOT NULL,
    status text NOT NULL,
    fault text,
    attempt integer NOT NULL,
    business_date date NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    decided_by text,
    due_at timestamptz NOT NULL,
    CONSTRAINT pk_guarantee_calls PRIMARY KEY (id),
    CONSTRAINT uq_guarantee_calls_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT fk_guarantee_calls_guarantee
        FOREIGN KEY(cooperative_id, guarantee_id)
            REFERENCES guarantees (cooperative_id, id),
    CONSTRAINT fk_guarantee_calls_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_guarantee_calls_status
        CHECK (status IN ('proposed', 'rejected', 'posting', 'paying', 'paid',
            'returning', 'returned')),
    CONSTRAINT ck_guarantee_calls_amount CHECK (amount > 0),
    CONSTRAINT ck_guarantee_calls_decided_by CHECK (decided_by <> proposed_by),
    CONSTRAINT ck_guarantee_calls_decided
        CHECK ((status = 'proposed') = (decided_by IS NULL))
);
CREATE INDEX ix_guarantee_calls_due ON guarantee_calls (due_at)
    WHERE status IN ('posting', 'paying', 'returning');
CREATE UNIQUE INDEX uq_guarantee_calls_open
    ON guarantee_calls (cooperative_id, guarantee_id)
        WHERE status IN ('proposed', 'posting', 'paying', 'returning')
"""

GUARANTEE_HOLDS = """
CREATE TABLE guarantee_holds (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    guarantee_id text NOT NULL,
    loan_id text NOT NULL,
    amount bigint NOT NULL,
    status text NOT NULL,
    business_date date NOT NULL,
    call_id text,
    called_amount bigint,
    fault text,
    due_at timestamptz NOT NULL,
    CONSTRAINT pk_guarantee_holds PRIMARY KEY (id),
    CONSTRAINT fk_guarantee_holds_guarantee
        FOREIGN KEY(cooperative_id, guarantee_id)
            REFERENCES guarantees (cooperative_id, id),
    CONSTRAINT fk_guarantee_holds_call
        FOREIGN KEY(cooperative_id, call_id)
            REFERENCES guarantee_calls (cooperative_id, id),
    CONSTRAINT ck_guarantee_holds_status
        CHECK (status IN ('placing', 'held', 'refused', 'releasing', 'released',
            'posting', 'posted')),
    CONSTRAINT ck_guarantee_holds_amount CHECK (amount > 0),
    CONSTRAINT ck_guarantee_holds_called
        CHECK ((status IN ('posting', 'posted')) = (call_id IS NOT NULL)
            AND (call_id IS NULL) = (called_amount IS NULL)
                AND called_amount BETWEEN 1 AND amount)
);
CREATE INDEX ix_guarantee_holds_due ON guarantee_holds (due_at)
    WHERE status = 'releasing';
CREATE INDEX ix_guarantee_holds_guarantee_id
    ON guarantee_holds (cooperative_id, guarantee_id, id);
CREATE INDEX ix_guarantee_holds_loan_id ON guarantee_holds (cooperative_id, loan_id)
"""

TABLES = (
    APPLICATION_SETTINGS,
    COLLATERALS,
    APPRAISALS,
    APPLICATION_DOCUMENTS,
    APPLICATION_CHECKS,
    CHECKLISTS,
    VERIFICATIONS,
    FIELD_VISITS,
    TRAININGS,
    LIMIT_ASSESSMENTS,
    LIMIT_APPROVALS,
    LOAN_GROUPS,
    LOAN_GROUP_MEMBERS,
    GUARANTEES,
    GUARANTEE_CALLS,
    GUARANTEE_HOLDS,
)

RIGHTS = {
    "application_settings": (
        "UPDATE (minimum_membership_months, service_ratio_bps, service_ratio_is_hard, "
        "turnover_bps, related_bps, other_bps, training_months, requires_check, "
        "group_arrears_days, call_days, haircuts, changed_at, changed_by)"
    ),
    "collaterals": "UPDATE (details, status, accepted_value, bound_on, ended_on)",
    # Only to be made anew when the cooperative's key is replaced.
    "application_documents": "UPDATE (content)",
    "application_checks": (
        "UPDATE (status, check_id, result, fault, parts, fee_amount, answered_at)"
    ),
    "checklists": "UPDATE (items, changed_at, changed_by)",
    "verifications": (
        "UPDATE (ticks, scores, notes, outcome, reason, finished_by, finished_at)"
    ),
    "field_visits": "UPDATE (findings)",
    "limit_assessments": (
        "UPDATE (amount, count, breaches, warnings, highest, is_related, facts, "
        "assessed_by, assessed_at)"
    ),
    "loan_groups": "UPDATE (leader_id)",
    "loan_group_members": "UPDATE (member_name, joined_on, left_on)",
    "guarantees": "UPDATE (status, loan_id)",
    "guarantee_holds": "UPDATE (status, call_id, called_amount, fault, due_at)",
    "guarantee_calls": (
        "UPDATE (status, fault, attempt, business_date, decided_by, due_at)"
    ),
}
"""What may be changed of a row that stands."""

SWEPT = {
    "guarantee_holds": "UPDATE (status, due_at)",
    "guarantee_calls": "UPDATE (due_at)",
    "guarantees": "UPDATE (loan_id)",
}
"""What the sweeps change, which look at all tenants."""

APPEND_ONLY = ("appraisals", "trainings", "limit_approvals")


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    for statement in TABLES:
        op.execute(statement)
    for table in (*RIGHTS, *APPEND_ONLY):
        roles.grant(op, table, tenant="SELECT, INSERT", hub="SELECT")
        roles.enable_row_level_security(op, table)
    for table, right in RIGHTS.items():
        roles.grant(op, table, tenant=right)
    for table, right in SWEPT.items():
        roles.grant(op, table, hub=right)
    for table in APPEND_ONLY:
        roles.append_only(op, table)
