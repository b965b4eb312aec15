"""Activations that an insurer refuses, and what staff agree on with an insurer."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0003_resolutions"
down_revision = "0002_insurance"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one


def upgrade() -> None:
    """Know the new state of a policy, and keep what is proposed and decided."""
    _policies()
    _resolutions()


def _policies() -> None:
    op.execute(
        """
        ALTER TABLE policies
            DROP CONSTRAINT ck_policies_status,
            DROP CONSTRAINT ck_policies_premium_fee_reference,
            ADD CONSTRAINT ck_policies_status CHECK (status IN
                ('reserving', 'reserved', 'refused', 'releasing', 'activating',
                 'activation_refused', 'active', 'cancelling', 'cancelled',
                 'expired', 'claimed')),
            ADD CONSTRAINT ck_policies_premium_fee_reference CHECK
                (status NOT IN ('activating', 'activation_refused', 'active',
                                'cancelling', 'expired', 'claimed')
                 OR premium_fee_reference IS NOT NULL)
        """
    )
    op.execute("DROP INDEX uq_policies_living")
    op.execute(
        "CREATE UNIQUE INDEX uq_policies_living ON policies "
        "(cooperative_id, reference) WHERE status IN "
        "('reserving', 'reserved', 'activating', 'activation_refused', 'active')"
    )
    op.execute(
        "CREATE INDEX ix_policies_activation_refused ON policies (cooperative_id, id) "
        "WHERE status = 'activation_refused'"
    )


def _resolutions() -> None:
    op.execute(
        """
        CREATE TABLE resolutions (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            policy_id text NOT NULL,
            claim_id text,
            outcome text NOT NULL,
            amount bigint,
            reason text NOT NULL,
            status text NOT NULL,
            proposed_by text NOT NULL,
            proposed_at timestamptz NOT NULL,
            decided_by text,
            decided_at timestamptz,
            CONSTRAINT pk_resolutions PRIMARY KEY (id),
            CONSTRAINT uq_resolutions_cooperative_id_id UNIQUE (cooperative_id, id),
            CONSTRAINT fk_resolutions_policy_id FOREIGN KEY (cooperative_id, policy_id)
                REFERENCES policies (cooperative_id, id),
            CONSTRAINT fk_resolutions_claim_id FOREIGN KEY (cooperative_id, claim_id)
                REFERENCES claims (cooperative_id, id),
            CONSTRAINT ck_resolutions_outcome CHECK (outcome IN
                ('accept_amount', 'accept_rejection', 'end_policy')),
            CONSTRAINT ck_resolutions_claim_id
                CHECK ((outcome = 'end_policy') = (claim_id IS NULL)),
            CONSTRAINT ck_resolutions_amount CHECK
                ((outcome = 'accept_amount') = (amount IS NOT NULL) AND amount > 0),
            CONSTRAINT ck_resolutions_status
                CHECK (status IN ('proposed', 'approved', 'rejected')),
            CONSTRAINT ck_resolutions_decided CHECK
                ((status = 'proposed') = (decided_by IS NULL)
                 AND (decided_by IS NULL) = (decided_at IS NULL)),
            CONSTRAINT ck_resolutions_two_persons
                CHECK (status <> 'approved' OR decided_by <> proposed_by)
        )
        """
    )
    # One thing is proposed at a time.
    op.execute(
        "CREATE UNIQUE INDEX uq_resolutions_proposed ON resolutions "
        "(cooperative_id, policy_id) WHERE status = 'proposed'"
    )
    op.execute(
        "CREATE INDEX ix_resolutions_policy_id "
        "ON resolutions (cooperative_id, policy_id, id)"
    )
    op.execute(
        "CREATE INDEX ix_resolutions_status ON resolutions (cooperative_id, status, id)"
    )
    roles.enable_row_level_security(op, "resolutions")
    roles.grant(
        op,
        "resolutions",
        tenant="SELECT, INSERT, UPDATE (status, decided_by, decided_at)",
        hub="SELECT",
    )
