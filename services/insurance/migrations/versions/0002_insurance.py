"""Insurers and what they offer, policies, claims with their papers, subrogation."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0002_insurance"
down_revision = "0001"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    _catalogue()
    _policies()
    _claims()
    _documents()
    _subrogations()
    _rights()


def _catalogue() -> None:
    op.execute(
        """
        CREATE TABLE insurers (
            id text NOT NULL,
            code text NOT NULL,
            name text NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_insurers PRIMARY KEY (id),
            CONSTRAINT uq_insurers_code UNIQUE (code)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE insurance_products (
            id text NOT NULL,
            insurer_id text NOT NULL,
            code text NOT NULL,
            name text NOT NULL,
            kind text NOT NULL,
            rate_bps integer NOT NULL,
            rounds_years_up boolean NOT NULL,
            coverage_bps integer NOT NULL,
            refund_bps integer NOT NULL,
            waiting_days integer NOT NULL,
            claim_days integer NOT NULL,
            documents jsonb NOT NULL,
            is_offered boolean NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_insurance_products PRIMARY KEY (id),
            CONSTRAINT uq_insurance_products_code UNIQUE (code),
            CONSTRAINT fk_insurance_products_insurer_id
                FOREIGN KEY (insurer_id) REFERENCES insurers (id),
            CONSTRAINT ck_insurance_products_kind
                CHECK (kind IN ('credit_life', 'credit_guarantee')),
            CONSTRAINT ck_insurance_products_rate_bps
                CHECK (rate_bps BETWEEN 1 AND 10000),
            CONSTRAINT ck_insurance_products_coverage_bps
                CHECK (coverage_bps BETWEEN 1 AND 10000),
            CONSTRAINT ck_insurance_products_refund_bps
                CHECK (refund_bps BETWEEN 0 AND 10000),
            CONSTRAINT ck_insurance_products_days
                CHECK (waiting_days >= 0 AND claim_days >= 0)
        )
        """
    )


def _policies() -> None:
    op.execute(
        """
        CREATE TABLE policies (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            reference text NOT NULL,
            product_id text NOT NULL,
            number text,
            member_id text NOT NULL,
            insured bytea NOT NULL,
            principal bigint NOT NULL,
            months integer NOT NULL,
            charged_months integer NOT NULL,
            rate_bps integer NOT NULL,
            coverage_bps integer NOT NULL,
            refund_bps integer NOT NULL,
            premium bigint NOT NULL,
            premium_fee_reference text,
            starts_on date NOT NULL,
            ends_on date NOT NULL,
            status text NOT NULL,
            held_until date,
            ended_on date,
            end_reason text,
            refund_amount bigint NOT NULL,
            is_insurer_told boolean NOT NULL,
            attempts integer NOT NULL,
            fault text,
            due_at timestamptz NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_policies PRIMARY KEY (id),
            CONSTRAINT uq_policies_cooperative_id_id UNIQUE (cooperative_id, id),
            CONSTRAINT fk_policies_product_id
                FOREIGN KEY (product_id) REFERENCES insurance_products (id),
            CONSTRAINT ck_policies_principal CHECK (principal > 0),
            CONSTRAINT ck_policies_months
                CHECK (months > 0 AND charged_months >= months),
            CONSTRAINT ck_policies_coverage_bps
                CHECK (coverage_bps BETWEEN 1 AND 10000),
            CONSTRAINT ck_policies_refund_bps
                CHECK (refund_bps BETWEEN 0 AND 10000),
            CONSTRAINT ck_policies_premium CHECK (premium >= 0),
            CONSTRAINT ck_policies_refund_amount
                CHECK (refund_amount BETWEEN 0 AND premium),
            CONSTRAINT ck_policies_ends_on CHECK (ends_on > starts_on),
            CONSTRAINT ck_policies_status CHECK (status IN
                ('reserving', 'reserved', 'refused', 'releasing', 'activating',
                 'active', 'cancelling', 'cancelled', 'expired', 'claimed')),
            CONSTRAINT ck_policies_premium_fee_reference CHECK
                (status NOT IN
                    ('activating', 'active', 'cancelling', 'expired', 'claimed')
                 OR premium_fee_reference IS NOT NULL),
            CONSTRAINT ck_policies_refunded
                CHECK (refund_amount = 0 OR status IN ('cancelling', 'cancelled')),
            CONSTRAINT ck_policies_held_until
                CHECK (status <> 'reserved' OR held_until IS NOT NULL),
            CONSTRAINT ck_policies_ended_on CHECK
                (status NOT IN ('cancelling', 'expired', 'claimed')
                 OR ended_on IS NOT NULL)
        )
        """
    )
    # A loan has one cover at a time, however often it is asked for.
    op.execute(
        "CREATE UNIQUE INDEX uq_policies_living ON policies "
        "(cooperative_id, reference) WHERE status IN "
        "('reserving', 'reserved', 'activating', 'active')"
    )
    op.execute(
        "CREATE INDEX ix_policies_reference ON policies (cooperative_id, reference, id)"
    )
    op.execute(
        "CREATE INDEX ix_policies_member_id ON policies (cooperative_id, member_id, id)"
    )
    op.execute(
        "CREATE INDEX ix_policies_due ON policies (due_at) WHERE status IN "
        "('reserving', 'releasing', 'activating', 'cancelling')"
    )
    op.execute(
        "CREATE INDEX ix_policies_ends_on ON policies (ends_on) WHERE status = 'active'"
    )
    op.execute(
        "CREATE INDEX ix_policies_held_until ON policies (held_until) "
        "WHERE status = 'reserved'"
    )


def _claims() -> None:
    op.execute(
        """
        CREATE TABLE claims (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            number text NOT NULL,
            policy_id text NOT NULL,
            cause text NOT NULL,
            occurred_on date NOT NULL,
            outstanding_principal bigint,
            outstanding_interest bigint,
            claimed_amount bigint,
            approved_amount bigint,
            paid_amount bigint,
            paid_on date,
            status text NOT NULL,
            reason text,
            deadline_on date NOT NULL,
            reminded_days integer,
            reported_by text NOT NULL,
            opened_at timestamptz NOT NULL,
            submitted_at timestamptz,
            attempts integer NOT NULL,
            due_at timestamptz NOT NULL,
            CONSTRAINT pk_claims PRIMARY KEY (id),
            CONSTRAINT uq_claims_cooperative_id_id UNIQUE (cooperative_id, id),
            CONSTRAINT uq_claims_cooperative_id_number
                UNIQUE (cooperative_id, number),
            CONSTRAINT fk_claims_policy_id FOREIGN KEY (cooperative_id, policy_id)
                REFERENCES policies (cooperative_id, id),
            CONSTRAINT ck_claims_cause
                CHECK (cause IN ('death', 'default', 'force_majeure')),
            CONSTRAINT ck_claims_outstanding CHECK
                (outstanding_principal >= 0 AND outstanding_interest >= 0),
            CONSTRAINT ck_claims_claimed_amount CHECK (claimed_amount BETWEEN 0 AND
                outstanding_principal + outstanding_interest),
            CONSTRAINT ck_claims_approved_amount
                CHECK (approved_amount BETWEEN 1 AND claimed_amount),
            CONSTRAINT ck_claims_paid_amount
                CHECK (paid_amount BETWEEN 1 AND claimed_amount),
            CONSTRAINT ck_claims_status CHECK (status IN
                ('draft', 'submitting', 'submitted', 'in_review', 'approved',
                 'disputed', 'withdrawing', 'paid', 'rejected', 'withdrawn',
                 'lapsed')),
            CONSTRAINT ck_claims_submitted_at CHECK
                (status IN ('draft', 'withdrawn', 'lapsed')
                 OR (submitted_at IS NOT NULL AND claimed_amount > 0)),
            CONSTRAINT ck_claims_paid CHECK
                ((status = 'paid') = (paid_amount IS NOT NULL)
                 AND (status = 'paid') = (paid_on IS NOT NULL))
        )
        """
    )
    # One claim at a time, and none after one was paid.
    op.execute(
        "CREATE UNIQUE INDEX uq_claims_open ON claims (cooperative_id, policy_id) "
        "WHERE status NOT IN ('rejected', 'withdrawn', 'lapsed')"
    )
    op.execute(
        "CREATE INDEX ix_claims_policy_id ON claims (cooperative_id, policy_id, id)"
    )
    op.execute(
        "CREATE INDEX ix_claims_due ON claims (due_at) WHERE status IN "
        "('submitting', 'submitted', 'in_review', 'approved', 'disputed', "
        "'withdrawing')"
    )
    op.execute(
        "CREATE INDEX ix_claims_deadline_on ON claims (deadline_on) "
        "WHERE status = 'draft'"
    )


def _documents() -> None:
    op.execute(
        """
        CREATE TABLE claim_documents (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            claim_id text NOT NULL,
            kind text NOT NULL,
            media_type text NOT NULL,
            size_bytes integer NOT NULL,
            content bytea NOT NULL,
            uploaded_by text NOT NULL,
            uploaded_at timestamptz NOT NULL,
            CONSTRAINT pk_claim_documents PRIMARY KEY (id),
            CONSTRAINT fk_claim_documents_claim_id
                FOREIGN KEY (cooperative_id, claim_id)
                REFERENCES claims (cooperative_id, id),
            CONSTRAINT ck_claim_documents_media_type CHECK
                (media_type IN ('image/jpeg', 'image/png', 'application/pdf')),
            CONSTRAINT ck_claim_documents_size_bytes
                CHECK (size_bytes BETWEEN 1 AND 5242880)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_claim_documents_claim_id "
        "ON claim_documents (cooperative_id, claim_id, id)"
    )


def _subrogations() -> None:
    op.execute(
        """
        CREATE TABLE subrogations (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            claim_id text NOT NULL,
            amount bigint NOT NULL,
            recovered_amount bigint NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_subrogations PRIMARY KEY (id),
            CONSTRAINT uq_subrogations_cooperative_id_id UNIQUE (cooperative_id, id),
            CONSTRAINT uq_subrogations_cooperative_id_claim_id
                UNIQUE (cooperative_id, claim_id),
            CONSTRAINT fk_subrogations_claim_id FOREIGN KEY (cooperative_id, claim_id)
                REFERENCES claims (cooperative_id, id),
            CONSTRAINT ck_subrogations_amount CHECK (amount > 0),
            CONSTRAINT ck_subrogations_recovered_amount
                CHECK (recovered_amount BETWEEN 0 AND amount)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE recoveries (
            cooperative_id text NOT NULL,
            reference text NOT NULL,
            subrogation_id text NOT NULL,
            amount bigint NOT NULL,
            recovered_on date NOT NULL,
            recorded_at timestamptz NOT NULL,
            CONSTRAINT pk_recoveries PRIMARY KEY (cooperative_id, reference),
            CONSTRAINT fk_recoveries_subrogation_id
                FOREIGN KEY (cooperative_id, subrogation_id)
                REFERENCES subrogations (cooperative_id, id),
            CONSTRAINT ck_recoveries_amount CHECK (amount > 0)
        )
        """
    )


def _rights() -> None:
    """What each role may do; the sweeps look at all tenants."""
    for table in (
        "policies",
        "claims",
        "claim_documents",
        "subrogations",
        "recoveries",
    ):
        roles.enable_row_level_security(op, table)
    # The catalogue is the hub's own: every cooperative reads all of it.
    roles.grant(op, "insurers", tenant="SELECT", hub="SELECT, INSERT")
    roles.grant(
        op,
        "insurance_products",
        tenant="SELECT",
        hub="SELECT, INSERT, UPDATE (is_offered)",
    )
    roles.grant(
        op,
        "policies",
        tenant="SELECT, INSERT, UPDATE (number, insured, premium_fee_reference, "
        "starts_on, ends_on, status, held_until, ended_on, end_reason, "
        "refund_amount, is_insurer_told, attempts, fault, due_at)",
        hub="SELECT, UPDATE (status, ended_on, end_reason, due_at)",
    )
    roles.grant(
        op,
        "claims",
        tenant="SELECT, INSERT, UPDATE (occurred_on, outstanding_principal, "
        "outstanding_interest, claimed_amount, approved_amount, paid_amount, "
        "paid_on, status, reason, deadline_on, reminded_days, reported_by, "
        "submitted_at, attempts, due_at)",
        hub="SELECT, UPDATE (status, reminded_days, due_at)",
    )
    roles.grant(
        op,
        "claim_documents",
        tenant="SELECT, INSERT, UPDATE (content)",
        hub="SELECT",
    )
    roles.grant(
        op,
        "subrogations",
        tenant="SELECT, INSERT, UPDATE (recovered_amount)",
        hub="SELECT",
    )
    roles.grant(op, "recoveries", tenant="SELECT, INSERT", hub="SELECT")
    roles.append_only(op, "recoveries")
