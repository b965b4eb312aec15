"""Fees: dated prices, and the charges that were made.

Revision: 0003
"""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one

FEE_SCHEDULE = """
CREATE TABLE fee_schedule (
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    rule text NOT NULL,
    valid_from date NOT NULL,
    valid_until date,
    base_over bigint,
    base_through bigint,
    fixed_amount bigint,
    rate_bps integer,
    per text NOT NULL,
    CONSTRAINT pk_fee_schedule PRIMARY KEY (id),
    CONSTRAINT uq_fee_schedule_kind_rule_valid_from UNIQUE (kind, rule, valid_from),
    CONSTRAINT ck_fee_schedule_per CHECK (per IN ('charge', 'month', 'year')),
    CONSTRAINT ck_fee_schedule_price
        CHECK ((fixed_amount IS NULL) <> (rate_bps IS NULL))
)
"""

# Source documents: R35 e-KYC per check, R36/R39/R40 disbursement by amount, R41 the
# WhatsApp bot per month, R42 default insurance per year of tenor.
SEED = """
INSERT INTO fee_schedule
    (kind, rule, valid_from, base_over, base_through, fixed_amount, rate_bps, per)
VALUES
    ('ekyc_check', 'R35', '2024-01-01', NULL, NULL, 5000, NULL, 'charge'),
    ('disbursement', 'R36', '2024-01-01', NULL, 10000000, NULL, 50, 'charge'),
    ('disbursement', 'R39', '2024-01-01', 10000000, 50000000, NULL, 100, 'charge'),
    ('disbursement', 'R40', '2024-01-01', 50000000, NULL, NULL, 150, 'charge'),
    ('whatsapp_bot', 'R41', '2024-01-01', NULL, NULL, 1000000, NULL, 'month'),
    ('default_insurance', 'R42', '2024-01-01', NULL, NULL, NULL, 450, 'year')
"""

FEE_CHARGES = """
CREATE TABLE fee_charges (
    serial bigint GENERATED ALWAYS AS IDENTITY,
    id text NOT NULL,
    cooperative_id text NOT NULL,
    kind text NOT NULL,
    rule text NOT NULL,
    reference text NOT NULL,
    base_amount bigint,
    months integer,
    amount bigint NOT NULL,
    journal_id text,
    charged_at timestamptz NOT NULL,
    CONSTRAINT pk_fee_charges PRIMARY KEY (id),
    CONSTRAINT uq_fee_charges_cooperative_id_kind_reference
        UNIQUE (cooperative_id, kind, reference),
    CONSTRAINT ck_fee_charges_amount
        CHECK (amount >= 0 AND (amount = 0) = (journal_id IS NULL))
);
CREATE INDEX ix_fee_charges_cooperative_id_serial
    ON fee_charges (cooperative_id, serial)
"""

# Not a foreign key, for the reason given at the journals.
FEE_CHARGES_GUARD = """
CREATE FUNCTION check_fee_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM journals WHERE id = NEW.journal_id AND refusal IS NULL
    ) THEN
        RAISE EXCEPTION 'fee % was never posted', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_fee_charges_journal';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fee_charges_check_journal BEFORE INSERT ON fee_charges
    FOR EACH ROW WHEN (NEW.journal_id IS NOT NULL)
    EXECUTE FUNCTION check_fee_journal()
"""


def upgrade() -> None:
    """Create the schedule with the prices of the source documents, and charges."""
    for statement in (FEE_SCHEDULE, SEED, FEE_CHARGES, FEE_CHARGES_GUARD):
        op.execute(statement)
    roles.grant(op, "fee_schedule", tenant="SELECT", hub="SELECT")
    roles.grant(op, "fee_charges", tenant="SELECT", hub="SELECT, INSERT")
    roles.append_only(op, "fee_charges")
    roles.enable_row_level_security(op, "fee_charges")
