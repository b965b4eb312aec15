"""Fees that are given back, and premiums that the hub holds for insurers.

Revision: 0005
"""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one

# Who pays the premium of a loan gets it back too, so a charge knows who bore it.
FEE_CHARGES = """
ALTER TABLE fee_charges
    ADD COLUMN borne_by text NOT NULL DEFAULT 'cooperative',
    ADD CONSTRAINT ck_fee_charges_borne_by
        CHECK (borne_by IN ('cooperative', 'premiums_held'))
"""

FEE_REFUNDS = """
CREATE TABLE fee_refunds (
    id text NOT NULL,
    charge_id text NOT NULL,
    cooperative_id text NOT NULL,
    refund_reference text NOT NULL,
    amount bigint NOT NULL,
    reason text NOT NULL,
    journal_id text NOT NULL,
    refunded_at timestamptz NOT NULL,
    CONSTRAINT pk_fee_refunds PRIMARY KEY (id),
    CONSTRAINT uq_fee_refunds_charge_id_refund_reference
        UNIQUE (charge_id, refund_reference),
    CONSTRAINT ck_fee_refunds_amount CHECK (amount > 0)
)
"""

# Not a foreign key, for the reason given at the journals. The row of the charge is
# never locked: whoever refunds holds the lock of the wallet, and this looks again.
FEE_REFUNDS_GUARD = """
CREATE FUNCTION check_fee_refund() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(amount) FROM fee_refunds WHERE charge_id = NEW.charge_id)
        > coalesce((
            SELECT amount FROM fee_charges
            WHERE id = NEW.charge_id AND cooperative_id = NEW.cooperative_id
        ), 0) THEN
        RAISE EXCEPTION 'more of fee % is given back than was charged', NEW.charge_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_fee_refunds_total';
    END IF;
    IF NOT EXISTS (
        SELECT FROM journals WHERE id = NEW.journal_id AND refusal IS NULL
    ) THEN
        RAISE EXCEPTION 'refund % was never posted', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_fee_refunds_journal';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fee_refunds_check AFTER INSERT ON fee_refunds
    FOR EACH ROW EXECUTE FUNCTION check_fee_refund()
"""

# The owner is bound by the tenants' wall too, except for this one row.
PREMIUMS = """
ALTER TABLE accounts NO FORCE ROW LEVEL SECURITY;
INSERT INTO accounts (key, cooperative_id, code, name, normal_side) VALUES
    ('hub:2-1300', 'hub', '2-1300', 'Titipan Premi Asuransi', 'credit');
ALTER TABLE accounts FORCE ROW LEVEL SECURITY
"""


def upgrade() -> None:
    """Create the refunds, and the account of the premiums."""
    for statement in (FEE_CHARGES, FEE_REFUNDS, FEE_REFUNDS_GUARD, PREMIUMS):
        op.execute(statement)
    roles.grant(op, "fee_refunds", tenant="SELECT", hub="SELECT, INSERT")
    roles.append_only(op, "fee_refunds")
    roles.enable_row_level_security(op, "fee_refunds")
