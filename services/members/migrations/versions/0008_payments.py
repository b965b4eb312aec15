"""Payments in: virtual accounts, what the provider called back, webhooks."""

from __future__ import annotations

from alembic import op

from services.shared.persistence import roles

revision = "0008_payments"
down_revision = "0007_counter"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    _payments()
    _payment_callbacks()
    _webhooks()
    _webhook_deliveries()
    _notifications()
    _rights()


def _payments() -> None:
    op.execute(
        """
        CREATE TABLE payments (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            purpose text NOT NULL,
            member_id text,
            account_number text,
            amount bigint NOT NULL,
            principal bigint NOT NULL,
            credited bigint NOT NULL,
            channel text NOT NULL,
            state text NOT NULL,
            payer bytea,
            transaction_id text,
            payment_number text,
            payment_name text,
            fee bigint,
            total bigint,
            attempts integer NOT NULL,
            due_at timestamptz,
            requested_by text NOT NULL,
            requested_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            paid_at timestamptz,
            credited_at timestamptz,
            journal_id text,
            fault text,
            CONSTRAINT pk_payments PRIMARY KEY (id),
            CONSTRAINT uq_payments_transaction_id UNIQUE (transaction_id),
            CONSTRAINT fk_payments_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT fk_payments_cooperative_id_member_id
                FOREIGN KEY (cooperative_id, member_id)
                REFERENCES members (cooperative_id, id),
            CONSTRAINT fk_payments_account_number
                FOREIGN KEY (account_number) REFERENCES accounts (number),
            CONSTRAINT ck_payments_purpose
                CHECK (purpose IN ('deposit', 'contributions', 'wallet')),
            CONSTRAINT ck_payments_member
                CHECK ((purpose = 'wallet') = (member_id IS NULL)),
            CONSTRAINT ck_payments_account
                CHECK (purpose <> 'deposit' OR account_number IS NOT NULL),
            CONSTRAINT ck_payments_amount
                CHECK (amount BETWEEN 1 AND 1000000000000000),
            CONSTRAINT ck_payments_principal
                CHECK (principal BETWEEN 0 AND amount),
            CONSTRAINT ck_payments_credited
                CHECK (credited BETWEEN 0 AND amount),
            CONSTRAINT ck_payments_credited_whole
                CHECK (state <> 'credited' OR credited = amount),
            CONSTRAINT ck_payments_state
                CHECK (state IN ('requesting', 'pending', 'paid', 'received',
                    'credited', 'unallocated', 'expired', 'failed', 'disputed')),
            CONSTRAINT ck_payments_transaction
                CHECK (state IN ('requesting', 'failed')
                    OR transaction_id IS NOT NULL),
            CONSTRAINT ck_payments_unfinished
                CHECK (due_at IS NOT NULL OR state NOT IN
                    ('requesting', 'pending', 'paid', 'received')),
            CONSTRAINT ck_payments_paid_at
                CHECK (paid_at IS NOT NULL OR state NOT IN
                    ('paid', 'received', 'credited', 'unallocated')),
            CONSTRAINT ck_payments_credited_at
                CHECK ((state = 'credited') = (credited_at IS NOT NULL)),
            CONSTRAINT ck_payments_attempts CHECK (attempts >= 0)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_payments_cooperative_id_id ON payments (cooperative_id, id)"
    )
    op.execute(
        "CREATE INDEX ix_payments_cooperative_id_member_id "
        "ON payments (cooperative_id, member_id, id)"
    )
    op.execute(
        "CREATE INDEX ix_payments_to_decide ON payments (cooperative_id, id) "
        "WHERE state IN ('unallocated', 'disputed')"
    )
    op.execute(
        "CREATE INDEX ix_payments_due_at ON payments (due_at) WHERE due_at IS NOT NULL"
    )


def _payment_callbacks() -> None:
    # Not of a cooperative: a lie may name one that it has nothing to do with.
    op.execute(
        """
        CREATE TABLE payment_callbacks (
            id text NOT NULL,
            received_at timestamptz NOT NULL,
            address text NOT NULL,
            reference text,
            transaction_id text,
            amount bigint,
            status text,
            is_signed boolean NOT NULL,
            verdict text NOT NULL,
            CONSTRAINT pk_payment_callbacks PRIMARY KEY (id),
            CONSTRAINT ck_payment_callbacks_verdict
                CHECK (verdict IN ('accepted', 'repeated', 'unreadable',
                    'unknown_reference', 'wrong_transaction', 'wrong_amount'))
        )
        """
    )


def _webhooks() -> None:
    op.execute(
        """
        CREATE TABLE webhooks (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            url text NOT NULL,
            events text[] NOT NULL,
            secret bytea NOT NULL,
            status text NOT NULL,
            created_at timestamptz NOT NULL,
            disabled_at timestamptz,
            CONSTRAINT pk_webhooks PRIMARY KEY (id),
            CONSTRAINT uq_webhooks_cooperative_id_id UNIQUE (cooperative_id, id),
            CONSTRAINT fk_webhooks_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT ck_webhooks_events CHECK (cardinality(events) > 0),
            CONSTRAINT ck_webhooks_status CHECK (status IN ('active', 'disabled')),
            CONSTRAINT ck_webhooks_disabled_at
                CHECK ((status = 'disabled') = (disabled_at IS NOT NULL))
        )
        """
    )


def _webhook_deliveries() -> None:
    op.execute(
        """
        CREATE TABLE webhook_deliveries (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            webhook_id text NOT NULL,
            event_id text NOT NULL,
            event text NOT NULL,
            body text NOT NULL,
            state text NOT NULL,
            attempts integer NOT NULL,
            next_attempt_at timestamptz NOT NULL,
            deadline timestamptz NOT NULL,
            created_at timestamptz NOT NULL,
            delivered_at timestamptz,
            last_status integer,
            last_error text,
            CONSTRAINT pk_webhook_deliveries PRIMARY KEY (id),
            CONSTRAINT uq_webhook_deliveries_webhook_id_event_id
                UNIQUE (webhook_id, event_id),
            CONSTRAINT uq_webhook_deliveries_cooperative_id_id
                UNIQUE (cooperative_id, id),
            CONSTRAINT fk_webhook_deliveries_cooperative_id
                FOREIGN KEY (cooperative_id, webhook_id)
                REFERENCES webhooks (cooperative_id, id),
            CONSTRAINT ck_webhook_deliveries_state
                CHECK (state IN ('due', 'delivered', 'given_up')),
            CONSTRAINT ck_webhook_deliveries_delivered_at
                CHECK ((state = 'delivered') = (delivered_at IS NOT NULL)),
            CONSTRAINT ck_webhook_deliveries_attempts CHECK (attempts >= 0)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_webhook_deliveries_due ON webhook_deliveries "
        "(next_attempt_at) WHERE state = 'due'"
    )
    op.execute(
        "CREATE INDEX ix_webhook_deliveries_list ON webhook_deliveries "
        "(cooperative_id, webhook_id, id)"
    )
    op.execute(
        """
        CREATE TABLE webhook_attempts (
            id bigint GENERATED ALWAYS AS IDENTITY,
            cooperative_id text NOT NULL,
            delivery_id text NOT NULL,
            at timestamptz NOT NULL,
            status integer,
            error text,
            milliseconds integer NOT NULL,
            CONSTRAINT pk_webhook_attempts PRIMARY KEY (id),
            CONSTRAINT fk_webhook_attempts_cooperative_id
                FOREIGN KEY (cooperative_id, delivery_id)
                REFERENCES webhook_deliveries (cooperative_id, id),
            CONSTRAINT ck_webhook_attempts_outcome
                CHECK ((status IS NULL) <> (error IS NULL))
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_webhook_attempts_delivery_id "
        "ON webhook_attempts (delivery_id, id)"
    )


def _notifications() -> None:
    # Messages of a channel that has no sender yet must not stand in the others' way.
    op.execute("DROP INDEX ix_notifications_due")
    op.execute(
        "CREATE INDEX ix_notifications_due ON notifications (channel, due_at) "
        "WHERE status = 'waiting'"
    )


def _rights() -> None:
    """A tenant cannot change what was asked for, only what became of it."""
    for table in ("payments", "webhooks", "webhook_deliveries", "webhook_attempts"):
        roles.enable_row_level_security(op, table)
    roles.grant(
        op,
        "payments",
        tenant="SELECT, INSERT, UPDATE (state, account_number, credited, payer, "
        "transaction_id, payment_number, payment_name, fee, total, attempts, due_at, "
        "paid_at, credited_at, journal_id, fault)",
        hub="SELECT, UPDATE (attempts, due_at)",
    )
    roles.grant(op, "payment_callbacks", hub="SELECT, INSERT, DELETE")
    roles.grant(
        op,
        "webhooks",
        tenant="SELECT, INSERT, UPDATE (secret, status, disabled_at)",
        hub="SELECT",
    )
    roles.grant(
        op,
        "webhook_deliveries",
        tenant="SELECT, UPDATE (state, next_attempt_at, deadline, delivered_at)",
        hub="SELECT, INSERT, UPDATE (state, attempts, next_attempt_at, delivered_at, "
        "last_status, last_error), DELETE",
    )
    roles.grant(op, "webhook_attempts", tenant="SELECT", hub="SELECT, INSERT, DELETE")
