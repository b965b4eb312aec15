"""The counter: cash drawers, slips, document numbers and time deposits."""

from __future__ import annotations

from alembic import op

from services.shared.persistence import roles

revision = "0007_counter"
down_revision = "0006_savings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    _drawers()
    _shifts()
    _slips()
    _deposit_products()
    _deposits()
    _payouts()
    _rights()


def _drawers() -> None:
    op.execute(
        """
        CREATE TABLE counter_settings (
            cooperative_id text NOT NULL,
            drawer_required boolean NOT NULL,
            step_up_amount bigint,
            CONSTRAINT pk_counter_settings PRIMARY KEY (cooperative_id),
            CONSTRAINT fk_counter_settings_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT ck_counter_settings_step_up_amount CHECK (step_up_amount > 0)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE cash_drawers (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            name text NOT NULL,
            branch_id text,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_cash_drawers PRIMARY KEY (id),
            CONSTRAINT uq_cash_drawers_cooperative_id_id UNIQUE (cooperative_id, id),
            CONSTRAINT uq_cash_drawers_cooperative_id_name
                UNIQUE (cooperative_id, name),
            CONSTRAINT fk_cash_drawers_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT fk_cash_drawers_branch_id
                FOREIGN KEY (cooperative_id, branch_id)
                REFERENCES branches (cooperative_id, id)
        )
        """
    )


def _shifts() -> None:
    op.execute(
        """
        CREATE TABLE cash_shifts (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            drawer_id text NOT NULL,
            teller text NOT NULL,
            status text NOT NULL,
            float_amount bigint NOT NULL,
            counted_amount bigint,
            expected_amount bigint,
            denominations jsonb,
            note text,
            approver text,
            opened_at timestamptz NOT NULL,
            counted_at timestamptz,
            closed_at timestamptz,
            CONSTRAINT pk_cash_shifts PRIMARY KEY (id),
            CONSTRAINT uq_cash_shifts_cooperative_id_id UNIQUE (cooperative_id, id),
            CONSTRAINT fk_cash_shifts_drawer_id
                FOREIGN KEY (cooperative_id, drawer_id)
                REFERENCES cash_drawers (cooperative_id, id),
            CONSTRAINT ck_cash_shifts_status CHECK (status IN
                ('opening', 'open', 'counted', 'closing', 'closed', 'refused')),
            CONSTRAINT ck_cash_shifts_float_amount CHECK (float_amount >= 0),
            CONSTRAINT ck_cash_shifts_counted_amount CHECK (counted_amount >= 0),
            CONSTRAINT ck_cash_shifts_counted CHECK
                (status NOT IN ('counted', 'closing', 'closed')
                 OR (counted_amount IS NOT NULL AND counted_at IS NOT NULL)),
            CONSTRAINT ck_cash_shifts_approver CHECK
                ((status IN ('closing', 'closed')) = (approver IS NOT NULL)),
            CONSTRAINT ck_cash_shifts_expected_amount CHECK
                (approver IS NULL OR expected_amount IS NOT NULL),
            CONSTRAINT ck_cash_shifts_duties CHECK (approver <> teller),
            CONSTRAINT ck_cash_shifts_closed_at CHECK
                ((status = 'closed') = (closed_at IS NOT NULL))
        )
        """
    )
    # One teller answers for one drawer at a time, and a drawer for one teller.
    for column in ("drawer_id", "teller"):
        op.execute(
            f"CREATE UNIQUE INDEX uq_cash_shifts_unfinished_{column} "
            f"ON cash_shifts (cooperative_id, {column}) "
            "WHERE status IN ('opening', 'open', 'counted', 'closing')"
        )
    op.execute(
        "CREATE INDEX ix_cash_shifts_moving ON cash_shifts (opened_at) "
        "WHERE status IN ('opening', 'closing')"
    )


def _slips() -> None:
    op.execute(
        """
        CREATE TABLE slips (
            journal_id text NOT NULL,
            cooperative_id text NOT NULL,
            kind text NOT NULL,
            description text NOT NULL,
            account text NOT NULL,
            debit_account text NOT NULL,
            credit_account text NOT NULL,
            amount bigint NOT NULL,
            channel text NOT NULL,
            reference text,
            teller text NOT NULL,
            shift_id text,
            branch_code text NOT NULL,
            status text NOT NULL,
            attempts integer NOT NULL,
            number text,
            balance bigint,
            created_at timestamptz NOT NULL,
            due_at timestamptz NOT NULL,
            posted_at timestamptz,
            CONSTRAINT pk_slips PRIMARY KEY (journal_id),
            CONSTRAINT uq_slips_cooperative_id_number
                UNIQUE (cooperative_id, number),
            CONSTRAINT fk_slips_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT fk_slips_shift_id FOREIGN KEY (cooperative_id, shift_id)
                REFERENCES cash_shifts (cooperative_id, id),
            CONSTRAINT ck_slips_amount CHECK (amount > 0),
            CONSTRAINT ck_slips_accounts CHECK (debit_account <> credit_account),
            CONSTRAINT ck_slips_attempts CHECK (attempts > 0),
            CONSTRAINT ck_slips_status
                CHECK (status IN ('pending', 'posted', 'refused', 'void')),
            CONSTRAINT ck_slips_posted CHECK
                ((status = 'posted') = (number IS NOT NULL)
                 AND (status = 'posted') = (posted_at IS NOT NULL)
                 AND (status = 'posted') = (balance IS NOT NULL))
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_slips_account ON slips (cooperative_id, account, journal_id)"
    )
    op.execute(
        "CREATE INDEX ix_slips_shift_id ON slips (cooperative_id, shift_id, status) "
        "WHERE shift_id IS NOT NULL"
    )
    op.execute("CREATE INDEX ix_slips_due ON slips (due_at) WHERE status = 'pending'")


def _deposit_products() -> None:
    op.execute(
        """
        CREATE TABLE deposit_products (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            code text NOT NULL,
            name text NOT NULL,
            minimum_amount bigint NOT NULL,
            penalty_bps integer NOT NULL,
            is_offered boolean NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_deposit_products PRIMARY KEY (id),
            CONSTRAINT uq_deposit_products_cooperative_id_id
                UNIQUE (cooperative_id, id),
            CONSTRAINT uq_deposit_products_cooperative_id_code
                UNIQUE (cooperative_id, code),
            CONSTRAINT fk_deposit_products_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT ck_deposit_products_minimum_amount CHECK (minimum_amount > 0),
            CONSTRAINT ck_deposit_products_penalty_bps
                CHECK (penalty_bps BETWEEN 0 AND 10000)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE deposit_rates (
            cooperative_id text NOT NULL,
            product_id text NOT NULL,
            valid_from date NOT NULL,
            term_months integer NOT NULL,
            amount_from bigint NOT NULL,
            rate_bps integer NOT NULL,
            CONSTRAINT pk_deposit_rates PRIMARY KEY
                (cooperative_id, product_id, valid_from, term_months, amount_from),
            CONSTRAINT fk_deposit_rates_product_id
                FOREIGN KEY (cooperative_id, product_id)
                REFERENCES deposit_products (cooperative_id, id),
            CONSTRAINT ck_deposit_rates_term_months
                CHECK (term_months BETWEEN 1 AND 120),
            CONSTRAINT ck_deposit_rates_amount_from CHECK (amount_from > 0),
            CONSTRAINT ck_deposit_rates_rate_bps CHECK (rate_bps BETWEEN 0 AND 900)
        )
        """
    )


def _deposits() -> None:
    op.execute(
        """
        CREATE TABLE deposits (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            certificate_number text,
            member_id text NOT NULL,
            product_id text NOT NULL,
            savings_account text NOT NULL,
            source text NOT NULL,
            journal_id text NOT NULL,
            schedule text NOT NULL,
            rollover text NOT NULL,
            penalty_bps integer NOT NULL,
            status text NOT NULL,
            term_number integer NOT NULL,
            next_due_on date,
            created_at timestamptz NOT NULL,
            ended_on date,
            CONSTRAINT pk_deposits PRIMARY KEY (id),
            CONSTRAINT uq_deposits_cooperative_id_id UNIQUE (cooperative_id, id),
            CONSTRAINT uq_deposits_cooperative_id_certificate_number
                UNIQUE (cooperative_id, certificate_number),
            CONSTRAINT fk_deposits_member_id FOREIGN KEY (cooperative_id, member_id)
                REFERENCES members (cooperative_id, id),
            CONSTRAINT fk_deposits_product_id FOREIGN KEY (cooperative_id, product_id)
                REFERENCES deposit_products (cooperative_id, id),
            CONSTRAINT fk_deposits_savings_account
                FOREIGN KEY (savings_account) REFERENCES accounts (number),
            CONSTRAINT ck_deposits_source
                CHECK (source IN ('savings', 'cash', 'bank')),
            CONSTRAINT ck_deposits_schedule CHECK (schedule IN ('monthly', 'maturity')),
            CONSTRAINT ck_deposits_rollover CHECK
                (rollover IN ('none', 'principal', 'principal_and_interest')),
            CONSTRAINT ck_deposits_capitalised CHECK
                (schedule = 'maturity' OR rollover <> 'principal_and_interest'),
            CONSTRAINT ck_deposits_penalty_bps
                CHECK (penalty_bps BETWEEN 0 AND 10000),
            CONSTRAINT ck_deposits_status CHECK (status IN
                ('opening', 'active', 'closing', 'matured', 'broken', 'refused')),
            CONSTRAINT ck_deposits_term_number CHECK (term_number > 0),
            CONSTRAINT ck_deposits_certificate_number CHECK
                ((status IN ('opening', 'refused')) = (certificate_number IS NULL)),
            CONSTRAINT ck_deposits_ended_on CHECK
                ((status IN ('matured', 'broken')) = (ended_on IS NOT NULL))
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_deposits_member_id ON deposits (cooperative_id, member_id, id)"
    )
    op.execute(
        "CREATE INDEX ix_deposits_savings_account ON deposits (savings_account) "
        "WHERE status IN ('opening', 'active', 'closing')"
    )
    op.execute(
        "CREATE INDEX ix_deposits_due ON deposits (cooperative_id, id, next_due_on) "
        "WHERE next_due_on IS NOT NULL"
    )
    op.execute(
        "CREATE INDEX ix_deposits_opening ON deposits (created_at) "
        "WHERE status = 'opening'"
    )
    op.execute(
        """
        CREATE TABLE deposit_terms (
            cooperative_id text NOT NULL,
            deposit_id text NOT NULL,
            number integer NOT NULL,
            principal bigint NOT NULL,
            rate_bps integer NOT NULL,
            months integer NOT NULL,
            starts_on date NOT NULL,
            matures_on date NOT NULL,
            CONSTRAINT pk_deposit_terms
                PRIMARY KEY (cooperative_id, deposit_id, number),
            CONSTRAINT fk_deposit_terms_deposit_id
                FOREIGN KEY (cooperative_id, deposit_id)
                REFERENCES deposits (cooperative_id, id),
            CONSTRAINT ck_deposit_terms_number CHECK (number > 0),
            CONSTRAINT ck_deposit_terms_principal CHECK (principal > 0),
            CONSTRAINT ck_deposit_terms_rate_bps CHECK (rate_bps BETWEEN 0 AND 900),
            CONSTRAINT ck_deposit_terms_months CHECK (months BETWEEN 1 AND 120),
            CONSTRAINT ck_deposit_terms_matures_on CHECK (matures_on > starts_on)
        )
        """
    )


def _payouts() -> None:
    op.execute(
        """
        CREATE TABLE deposit_payouts (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            deposit_id text NOT NULL,
            term_number integer NOT NULL,
            kind text NOT NULL,
            month integer NOT NULL,
            gross bigint NOT NULL,
            tax bigint NOT NULL,
            penalty bigint NOT NULL,
            principal bigint NOT NULL,
            is_capitalised boolean NOT NULL,
            savings_account text NOT NULL,
            business_date date NOT NULL,
            next_rate_bps integer,
            status text NOT NULL,
            attempt integer NOT NULL,
            fault text,
            due_at timestamptz NOT NULL,
            posted_at timestamptz,
            CONSTRAINT pk_deposit_payouts PRIMARY KEY (id),
            CONSTRAINT uq_deposit_payouts_deposit_id
                UNIQUE (cooperative_id, deposit_id, term_number, kind, month),
            CONSTRAINT fk_deposit_payouts_term_number
                FOREIGN KEY (cooperative_id, deposit_id, term_number)
                REFERENCES deposit_terms (cooperative_id, deposit_id, number),
            CONSTRAINT fk_deposit_payouts_savings_account
                FOREIGN KEY (savings_account) REFERENCES accounts (number),
            CONSTRAINT ck_deposit_payouts_kind
                CHECK (kind IN ('interest', 'maturity', 'break')),
            CONSTRAINT ck_deposit_payouts_month CHECK (month >= 0),
            CONSTRAINT ck_deposit_payouts_amounts CHECK
                (gross >= 0 AND tax >= 0 AND penalty >= 0 AND principal >= 0),
            CONSTRAINT ck_deposit_payouts_next_rate_bps
                CHECK (next_rate_bps BETWEEN 0 AND 900),
            CONSTRAINT ck_deposit_payouts_status
                CHECK (status IN ('pending', 'posted')),
            CONSTRAINT ck_deposit_payouts_attempt CHECK (attempt > 0),
            CONSTRAINT ck_deposit_payouts_posted_at
                CHECK ((status = 'posted') = (posted_at IS NOT NULL))
        )
        """
    )
    # A deposit ends once: by its last maturity or by being broken.
    op.execute(
        "CREATE UNIQUE INDEX uq_deposit_payouts_end "
        "ON deposit_payouts (cooperative_id, deposit_id) WHERE principal > 0"
    )
    op.execute(
        "CREATE INDEX ix_deposit_payouts_due ON deposit_payouts (due_at) "
        "WHERE status = 'pending'"
    )


def _rights() -> None:
    """What each role may do; the sweep of what is unfinished looks at all tenants."""
    tables = (
        "counter_settings",
        "cash_drawers",
        "cash_shifts",
        "slips",
        "deposit_products",
        "deposit_rates",
        "deposits",
        "deposit_terms",
        "deposit_payouts",
    )
    for table in tables:
        roles.enable_row_level_security(op, table)
    both = "SELECT, INSERT, UPDATE"
    roles.grant(
        op,
        "counter_settings",
        tenant=f"{both} (drawer_required, step_up_amount)",
        hub="SELECT",
    )
    roles.grant(op, "cash_drawers", tenant="SELECT, INSERT", hub="SELECT")
    roles.grant(
        op,
        "cash_shifts",
        tenant=f"{both} (status, counted_amount, expected_amount, denominations, "
        "note, approver, counted_at, closed_at)",
        hub="SELECT",
    )
    roles.grant(
        op,
        "slips",
        tenant=f"{both} (status, debit_account, credit_account, teller, shift_id, "
        "branch_code, attempts, number, balance, due_at, posted_at)",
        hub="SELECT, UPDATE (due_at, attempts)",
    )
    roles.grant(op, "deposit_products", tenant=f"{both} (is_offered)", hub="SELECT")
    roles.grant(op, "deposit_rates", tenant="SELECT, INSERT", hub="SELECT")
    roles.grant(
        op,
        "deposits",
        tenant=f"{both} (certificate_number, savings_account, rollover, status, "
        "term_number, next_due_on, ended_on)",
        hub="SELECT",
    )
    roles.grant(op, "deposit_terms", tenant="SELECT, INSERT", hub="SELECT")
    roles.grant(
        op,
        "deposit_payouts",
        tenant=f"{both} (status, savings_account, attempt, fault, due_at, posted_at)",
        hub="SELECT, UPDATE (due_at)",
    )
