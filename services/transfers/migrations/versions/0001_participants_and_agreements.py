"""Who takes part in clearing, and who may deal with whom.

Revision ID: 0001
"""

from __future__ import annotations

from alembic import op

from services.shared.persistence import deadletters, idempotency, inbox, outbox, roles

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the participants, the agreements and what every service needs."""
    for shared in (outbox, inbox, deadletters, idempotency):
        shared.add_tables(op)
    _create_participants()
    _create_agreements()


def _create_participants() -> None:
    op.execute(
        """
        CREATE TABLE participants (
            cooperative_id text NOT NULL,
            code text NOT NULL,
            status text NOT NULL DEFAULT 'active',
            mode text NOT NULL DEFAULT 'hosted',
            net_debit_cap bigint NOT NULL DEFAULT 0,
            callback_url text,
            callback_secret bytea,
            alarm_percent integer NOT NULL DEFAULT 80,
            is_alarmed boolean NOT NULL DEFAULT false,
            created_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_participants PRIMARY KEY (cooperative_id),
            CONSTRAINT uq_participants_code UNIQUE (code),
            CONSTRAINT ck_participants_code CHECK (code ~ '^[0-9]{4}$'),
            CONSTRAINT ck_participants_status CHECK (status IN ('active', 'suspended')),
            CONSTRAINT ck_participants_mode CHECK (mode IN ('hosted', 'connected')),
            CONSTRAINT ck_participants_net_debit_cap CHECK (net_debit_cap >= 0),
            CONSTRAINT ck_participants_alarm_percent
                CHECK (alarm_percent BETWEEN 1 AND 100),
            CONSTRAINT ck_participants_callback CHECK (
                mode = 'hosted'
                OR (callback_url IS NOT NULL AND callback_secret IS NOT NULL)
            )
        )
        """
    )
    # Not the secret: even encrypted it is nothing a tenant's query needs.
    readable = "cooperative_id, code, status, mode, net_debit_cap, alarm_percent"
    roles.grant(
        op,
        "participants",
        tenant=f"SELECT ({readable}, callback_url, created_at)",
        hub="SELECT, INSERT, UPDATE",
    )
    roles.enable_row_level_security(op, "participants")


def _create_agreements() -> None:
    # Two agreements of one pair may not be in force on the same day. The constraint
    # wants an operator that the pair's index knows; a range of one hash is one
    # without needing an extension that not every PostgreSQL ships.
    op.execute(
        """
        CREATE TABLE agreements (
            id text NOT NULL,
            cooperative_a text NOT NULL,
            cooperative_b text NOT NULL,
            valid_from date NOT NULL,
            valid_until date NOT NULL,
            last_day date NOT NULL,
            transfer_limit bigint,
            daily_limit bigint,
            created_at timestamptz NOT NULL DEFAULT now(),
            ended_at timestamptz,
            CONSTRAINT pk_agreements PRIMARY KEY (id),
            CONSTRAINT ck_agreements_order CHECK (cooperative_a < cooperative_b),
            CONSTRAINT ck_agreements_days CHECK (valid_from <= valid_until),
            CONSTRAINT ck_agreements_last_day CHECK (last_day <= valid_until),
            CONSTRAINT ck_agreements_transfer_limit CHECK (transfer_limit > 0),
            CONSTRAINT ck_agreements_daily_limit CHECK (daily_limit > 0),
            CONSTRAINT ex_agreements_overlap EXCLUDE USING gist (
                numrange(
                    hashtextextended(cooperative_a || ' ' || cooperative_b, 0),
                    hashtextextended(cooperative_a || ' ' || cooperative_b, 0),
                    '[]'
                ) WITH &&,
                daterange(valid_from, greatest(last_day + 1, valid_from)) WITH &&
            )
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_agreements_cooperative_a ON agreements (cooperative_a, id)"
    )
    op.execute(
        "CREATE INDEX ix_agreements_cooperative_b ON agreements (cooperative_b, id)"
    )
    roles.grant(
        op,
        "agreements",
        tenant="SELECT",
        hub="SELECT, INSERT, UPDATE (last_day, ended_at)",
    )
    _allow_both_sides()
    op.execute(
        """
        CREATE TABLE agreement_usage (
            agreement_id text NOT NULL,
            business_date date NOT NULL,
            used bigint NOT NULL,
            daily_limit bigint NOT NULL,
            CONSTRAINT pk_agreement_usage PRIMARY KEY (agreement_id, business_date),
            CONSTRAINT fk_agreement_usage_agreement_id
                FOREIGN KEY (agreement_id) REFERENCES agreements (id),
            CONSTRAINT ck_agreement_usage_used CHECK (used BETWEEN 0 AND daily_limit)
        )
        """
    )
    roles.grant(op, "agreement_usage", hub="SELECT, INSERT, UPDATE")


def _allow_both_sides() -> None:
    """Either cooperative of an agreement may read it."""
    working = roles.of_migration(op)
    me = "current_setting('app.cooperative_id')"
    op.execute("ALTER TABLE agreements ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE agreements FORCE ROW LEVEL SECURITY")
    op.execute(
        f'CREATE POLICY agreements_tenant ON agreements TO "{working.tenant}" '
        f"USING ({me} IN (cooperative_a, cooperative_b))"
    )
    op.execute(
        f'CREATE POLICY agreements_hub ON agreements TO "{working.hub}" '
        "USING (true) WITH CHECK (true)"
    )
