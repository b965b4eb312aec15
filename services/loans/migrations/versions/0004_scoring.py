"""How applications are scored, and the lines that they wait in."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one

SCORECARDS = """
CREATE TABLE scorecards (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    version integer NOT NULL,
    trained_on date NOT NULL,
    loans integer NOT NULL,
    bad integer NOT NULL,
    card jsonb NOT NULL,
    quality jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_scorecards PRIMARY KEY (id),
    CONSTRAINT uq_scorecards_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT uq_scorecards_cooperative_id_version UNIQUE (cooperative_id, version),
    CONSTRAINT uq_scorecards_cooperative_id_trained_on
        UNIQUE (cooperative_id, trained_on),
    CONSTRAINT ck_scorecards_version CHECK (version > 0),
    CONSTRAINT ck_scorecards_bad CHECK (bad BETWEEN 1 AND loans - 1)
)
"""

SCORING_MODELS = """
CREATE TABLE scoring_models (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    method text NOT NULL,
    scorecard_id text,
    definition jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    CONSTRAINT pk_scoring_models PRIMARY KEY (id),
    CONSTRAINT uq_scoring_models_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT uq_scoring_models_cooperative_id_version
        UNIQUE (cooperative_id, version),
    CONSTRAINT fk_scoring_models_scorecard
        FOREIGN KEY(cooperative_id, scorecard_id)
            REFERENCES scorecards (cooperative_id, id),
    CONSTRAINT ck_scoring_models_version CHECK (version > 0),
    CONSTRAINT ck_scoring_models_method
        CHECK (method IN ('saw', 'wp', 'ahp', 'scorecard')),
    CONSTRAINT ck_scoring_models_scorecard
        CHECK ((method = 'scorecard') = (scorecard_id IS NOT NULL))
)
"""

SCORING_ACTIVATIONS = """
CREATE TABLE scoring_activations (
    cooperative_id text NOT NULL,
    number integer NOT NULL,
    model_id text NOT NULL,
    activated_at timestamptz NOT NULL,
    activated_by text NOT NULL,
    CONSTRAINT pk_scoring_activations PRIMARY KEY (cooperative_id, number),
    CONSTRAINT fk_scoring_activations_model
        FOREIGN KEY(cooperative_id, model_id)
            REFERENCES scoring_models (cooperative_id, id),
    CONSTRAINT ck_scoring_activations_number CHECK (number > 0)
)
"""

APPLICATION_SCORES = """
CREATE TABLE application_scores (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    application_id text NOT NULL,
    model_id text,
    model_version integer NOT NULL,
    method text NOT NULL,
    model jsonb NOT NULL,
    score_bps smallint NOT NULL,
    risk_class text NOT NULL,
    simple_class text NOT NULL,
    amount bigint NOT NULL,
    max_amount bigint NOT NULL,
    rate_bps integer NOT NULL,
    details bytea NOT NULL,
    scored_at timestamptz NOT NULL,
    scored_by text NOT NULL,
    CONSTRAINT pk_application_scores PRIMARY KEY (id),
    CONSTRAINT fk_application_scores_application
        FOREIGN KEY(cooperative_id, application_id)
            REFERENCES loan_applications (cooperative_id, id),
    CONSTRAINT fk_application_scores_model
        FOREIGN KEY(cooperative_id, model_id)
            REFERENCES scoring_models (cooperative_id, id),
    CONSTRAINT ck_application_scores_method
        CHECK (method IN ('saw', 'wp', 'ahp', 'scorecard')),
    CONSTRAINT ck_application_scores_score_bps
        CHECK (score_bps BETWEEN 0 AND 10000),
    CONSTRAINT ck_application_scores_simple_class
        CHECK (simple_class IN ('A', 'B', 'C')),
    CONSTRAINT ck_application_scores_max_amount
        CHECK (max_amount BETWEEN 0 AND amount),
    CONSTRAINT ck_application_scores_rate_bps CHECK (rate_bps BETWEEN 0 AND 2400),
    CONSTRAINT ck_application_scores_model
        CHECK ((model_id IS NULL) = (model_version = 0))
);
CREATE INDEX ix_application_scores_application
    ON application_scores (cooperative_id, application_id, scored_at)
"""

SCORING_SETTINGS = """
CREATE TABLE scoring_settings (
    cooperative_id text NOT NULL,
    minimum_loans integer NOT NULL,
    minimum_bad integer NOT NULL,
    minimum_months integer NOT NULL,
    CONSTRAINT pk_scoring_settings PRIMARY KEY (cooperative_id),
    CONSTRAINT ck_scoring_settings_minimum
        CHECK (minimum_loans >= 50 AND minimum_bad >= 5
            AND minimum_bad < minimum_loans),
    CONSTRAINT ck_scoring_settings_minimum_months
        CHECK (minimum_months BETWEEN 1 AND 120)
)
"""

QUEUE_ENTRIES = """
CREATE TABLE queue_entries (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    line text NOT NULL,
    application_id text NOT NULL,
    number bigint NOT NULL,
    arrived_at timestamptz NOT NULL,
    score_bps smallint,
    urgency smallint NOT NULL,
    state text NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    analyst text,
    outcome text,
    CONSTRAINT pk_queue_entries PRIMARY KEY (id),
    CONSTRAINT uq_queue_entries_cooperative_id_id UNIQUE (cooperative_id, id),
    CONSTRAINT uq_queue_entries_cooperative_id_line_number
        UNIQUE (cooperative_id, line, number),
    CONSTRAINT fk_queue_entries_application
        FOREIGN KEY(cooperative_id, application_id)
            REFERENCES loan_applications (cooperative_id, id),
    CONSTRAINT ck_queue_entries_line CHECK (line IN ('verification', 'disbursement')),
    CONSTRAINT ck_queue_entries_number CHECK (number > 0),
    CONSTRAINT ck_queue_entries_score_bps
        CHECK (score_bps BETWEEN 0 AND 10000),
    CONSTRAINT ck_queue_entries_urgency CHECK (urgency BETWEEN 0 AND 3),
    CONSTRAINT ck_queue_entries_state CHECK (state IN ('waiting', 'serving', 'done')),
    CONSTRAINT ck_queue_entries_serving
        CHECK (state <> 'serving'
            OR (started_at IS NOT NULL AND analyst IS NOT NULL)),
    CONSTRAINT ck_queue_entries_done
        CHECK ((state = 'done') = (ended_at IS NOT NULL)
            AND (state = 'done') = (outcome IS NOT NULL)),
    CONSTRAINT ck_queue_entries_in_order
        CHECK (started_at >= arrived_at AND ended_at >= started_at)
);
CREATE INDEX ix_queue_entries_arrived_at
    ON queue_entries (cooperative_id, line, arrived_at) WHERE started_at IS NOT NULL;
CREATE INDEX ix_queue_entries_fcfs
    ON queue_entries (cooperative_id, line, arrived_at, number)
        WHERE state = 'waiting';
CREATE INDEX ix_queue_entries_score
    ON queue_entries (cooperative_id, line, score_bps) WHERE state = 'waiting';
CREATE INDEX ix_queue_entries_urgency
    ON queue_entries (cooperative_id, line, urgency) WHERE state = 'waiting';
CREATE UNIQUE INDEX uq_queue_entries_open
    ON queue_entries (cooperative_id, line, application_id) WHERE state <> 'done'
"""

QUEUE_EVENTS = """
CREATE TABLE queue_events (
    cooperative_id text NOT NULL,
    line text NOT NULL,
    position bigint NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    entry_id text NOT NULL,
    discipline text NOT NULL,
    arrived_at timestamptz,
    score_bps smallint,
    urgency smallint NOT NULL,
    passed_over text[] NOT NULL,
    reason text,
    actor text,
    CONSTRAINT pk_queue_events PRIMARY KEY (cooperative_id, line, position),
    CONSTRAINT fk_queue_events_entry
        FOREIGN KEY(cooperative_id, entry_id)
            REFERENCES queue_entries (cooperative_id, id),
    CONSTRAINT ck_queue_events_line CHECK (line IN ('verification', 'disbursement')),
    CONSTRAINT ck_queue_events_position CHECK (position > 0),
    CONSTRAINT ck_queue_events_kind
        CHECK (kind IN ('arrived', 'scored', 'taken', 'returned', 'left')),
    CONSTRAINT ck_queue_events_discipline
        CHECK (discipline IN ('fcfs', 'score', 'urgency')),
    CONSTRAINT ck_queue_events_arrived_at
        CHECK ((kind = 'arrived') = (arrived_at IS NOT NULL))
)
"""

QUEUE_SETTINGS = """
CREATE TABLE queue_settings (
    cooperative_id text NOT NULL,
    verification_discipline text NOT NULL,
    orders_disbursements boolean NOT NULL,
    disbursement_discipline text NOT NULL,
    CONSTRAINT pk_queue_settings PRIMARY KEY (cooperative_id),
    CONSTRAINT ck_queue_settings_disciplines
        CHECK (verification_discipline IN ('fcfs', 'score', 'urgency')
            AND disbursement_discipline IN ('fcfs', 'score', 'urgency'))
)
"""


KEPT = ("scorecards", "scoring_models")
LOGS = ("scoring_activations", "queue_events")
CHANGED = ("scoring_settings", "queue_entries", "queue_settings")


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    for statement in (
        SCORECARDS,
        SCORING_MODELS,
        SCORING_ACTIVATIONS,
        APPLICATION_SCORES,
        SCORING_SETTINGS,
        QUEUE_ENTRIES,
        QUEUE_EVENTS,
        QUEUE_SETTINGS,
    ):
        op.execute(statement)
    # Nobody works under a role that may change these. What others refer to stays its
    # owner's to lock, which is why only the logs refuse him as well.
    for table in (*KEPT, *LOGS):
        roles.grant(op, table, tenant="SELECT, INSERT", hub="SELECT")
    for table in LOGS:
        roles.append_only(op, table)
    for table in CHANGED:
        roles.grant(op, table, tenant="SELECT, INSERT, UPDATE", hub="SELECT")
    # A score never changes; only a rotation of keys writes what is encrypted anew.
    roles.grant(
        op,
        "application_scores",
        tenant="SELECT, INSERT, UPDATE (details)",
        hub="SELECT",
    )
    for table in (*KEPT, *LOGS, *CHANGED, "application_scores"):
        roles.enable_row_level_security(op, table)
