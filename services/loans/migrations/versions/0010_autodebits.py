"""Direct debits; principals that add up; indexes of what is listed."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one

AUTODEBITS = """
CREATE TABLE autodebits (
    id text NOT NULL,
    cooperative_id text NOT NULL,
    loan_id text NOT NULL,
    savings_account text NOT NULL,
    document text,
    consented_by text NOT NULL,
    consented_at timestamptz NOT NULL,
    revoked_by text,
    revoked_at timestamptz,
    tried_on date,
    missing bigint NOT NULL,
    failures integer NOT NULL,
    CONSTRAINT pk_autodebits PRIMARY KEY (id),
    CONSTRAINT fk_autodebits_loan
        FOREIGN KEY(cooperative_id, loan_id) REFERENCES loans (cooperative_id, id),
    CONSTRAINT ck_autodebits_revoked
        CHECK ((revoked_by IS NULL) = (revoked_at IS NULL)),
    CONSTRAINT ck_autodebits_failures
        CHECK (failures >= 0 AND missing >= 0 AND (failures = 0) = (missing = 0)
            AND (failures = 0 OR tried_on IS NOT NULL))
);
CREATE UNIQUE INDEX uq_autodebits_standing ON autodebits (loan_id)
    WHERE revoked_at IS NULL;
CREATE INDEX ix_autodebits_standing ON autodebits (cooperative_id, id)
    WHERE revoked_at IS NULL;
CREATE INDEX ix_autodebits_loan_id ON autodebits (cooperative_id, loan_id, id)
"""

# Looked at when the transaction ends: a loan comes before its instalments, and a
# payment of principal ahead makes many instalments smaller one after the other. Of a
# loan that was taken over only those are here that were not paid in the old system.
PRINCIPALS_ADD_UP = """
CREATE FUNCTION check_principals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked text;
BEGIN
    IF TG_TABLE_NAME = 'loans' THEN
        checked := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        checked := OLD.loan_id;
    ELSE
        checked := NEW.loan_id;
    END IF;
    IF EXISTS (
        SELECT FROM loans
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(principal), 0) AS whole FROM instalments
            WHERE loan_id = loans.id
        ) part
        WHERE id = checked AND part.whole <> principal AND (
            part.whole > principal OR kind <> 'loan'
            OR application_id IS NOT NULL OR restructured_from IS NOT NULL
        )
    ) THEN
        RAISE EXCEPTION 'the principal of % is not that of its instalments', checked
            USING ERRCODE = 'check_violation', CONSTRAINT = 'principals_add_up';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER loans_principals_added
    AFTER INSERT ON loans DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_principals();
CREATE CONSTRAINT TRIGGER loans_principals_changed
    AFTER UPDATE OF principal ON loans DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.principal <> NEW.principal)
    EXECUTE FUNCTION check_principals();
CREATE CONSTRAINT TRIGGER instalments_principals_added
    AFTER INSERT OR DELETE ON instalments DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_principals();
CREATE CONSTRAINT TRIGGER instalments_principals_changed
    AFTER UPDATE OF principal, loan_id ON instalments DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (
        (OLD.principal, OLD.loan_id) IS DISTINCT FROM (NEW.principal, NEW.loan_id))
    EXECUTE FUNCTION check_principals()
"""

# Photos that were named before nobody has looked for.
PHOTOS = """
ALTER TABLE collection_visits ADD CONSTRAINT fk_collection_visits_photo
    FOREIGN KEY(cooperative_id, photo_document_id)
        REFERENCES application_documents (cooperative_id, id) NOT VALID
"""

INDEXES = """
CREATE INDEX ix_disbursements_cooperative_id_id ON disbursements (cooperative_id, id);
CREATE INDEX ix_disbursements_cooperative_id_status
    ON disbursements (cooperative_id, status, id);
CREATE INDEX ix_guarantees_of_loan ON guarantees (cooperative_id, loan_id)
    WHERE loan_id IS NOT NULL;
CREATE INDEX ix_guarantees_cooperative_id_member_id
    ON guarantees (cooperative_id, member_id, id);
CREATE INDEX ix_guarantee_holds_call_id ON guarantee_holds (cooperative_id, call_id)
    WHERE call_id IS NOT NULL;
CREATE INDEX ix_loans_cooperative_id_status ON loans (cooperative_id, status, id);
CREATE INDEX ix_loans_cooperative_id_officer ON loans (cooperative_id, officer, id);
CREATE INDEX ix_collection_tasks_state
    ON collection_tasks (cooperative_id, state, due_on, id);
CREATE INDEX ix_collection_tasks_due_on
    ON collection_tasks (cooperative_id, due_on, id);
CREATE INDEX ix_write_offs_loan_id ON write_offs (cooperative_id, loan_id, id)
"""


def upgrade() -> None:
    """Create the table and what is asked of the others."""
    for statement in (AUTODEBITS, PRINCIPALS_ADD_UP, PHOTOS, INDEXES):
        op.execute(statement)
    roles.grant(op, "autodebits", tenant="SELECT, INSERT, UPDATE", hub="SELECT")
    roles.enable_row_level_security(op, "autodebits")
