"""Savings products, dues, interest, tax and the jobs that post them."""

from __future__ import annotations

from alembic import op

from services.shared.persistence import jobs, roles

revision = "0006_savings"
down_revision = "0005_membership"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    _products()
    _contributions()
    _interest()
    _rights()
    jobs.add_tables(op)


def _products() -> None:
    # A cooperative names its products itself; `sukarela` is one of them.
    op.execute("ALTER TABLE accounts DROP CONSTRAINT ck_accounts_product")
    op.execute(
        "ALTER TABLE accounts ADD CONSTRAINT ck_accounts_product "
        "CHECK (product ~ '^[a-z][a-z0-9_]{0,29}$')"
    )
    op.execute(
        """
        CREATE TABLE savings_products (
            cooperative_id text NOT NULL,
            code text NOT NULL,
            name text NOT NULL,
            digits text NOT NULL,
            interest_method text NOT NULL,
            minimum_balance bigint NOT NULL,
            status text NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_savings_products PRIMARY KEY (cooperative_id, code),
            CONSTRAINT fk_savings_products_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT uq_savings_products_cooperative_id_digits
                UNIQUE (cooperative_id, digits),
            CONSTRAINT ck_savings_products_code
                CHECK (code ~ '^[a-z][a-z0-9_]{0,29}$'),
            CONSTRAINT ck_savings_products_digits CHECK (digits ~ '^[1-3][0-9]$'),
            CONSTRAINT ck_savings_products_interest_method
                CHECK (interest_method IN ('lowest', 'average', 'daily')),
            CONSTRAINT ck_savings_products_minimum_balance
                CHECK (minimum_balance >= 0),
            CONSTRAINT ck_savings_products_status CHECK (status IN ('open', 'retired'))
        )
        """
    )
    # R113: at most 9 % a year, which PostgreSQL says as well as the domain.
    op.execute(
        """
        CREATE TABLE savings_rates (
            cooperative_id text NOT NULL,
            product text NOT NULL,
            valid_from date NOT NULL,
            rate_bps integer NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_savings_rates
                PRIMARY KEY (cooperative_id, product, valid_from),
            CONSTRAINT fk_savings_rates_cooperative_id_product
                FOREIGN KEY (cooperative_id, product)
                REFERENCES savings_products (cooperative_id, code),
            CONSTRAINT ck_savings_rates_rate_bps CHECK (rate_bps BETWEEN 0 AND 900),
            CONSTRAINT ck_savings_rates_valid_from
                CHECK (extract(day FROM valid_from) = 1)
        )
        """
    )


def _contributions() -> None:
    op.execute(
        """
        CREATE TABLE contribution_terms (
            cooperative_id text NOT NULL,
            kind text NOT NULL,
            valid_from date NOT NULL,
            amount bigint NOT NULL,
            due_day integer NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_contribution_terms
                PRIMARY KEY (cooperative_id, kind, valid_from),
            CONSTRAINT fk_contribution_terms_cooperative_id
                FOREIGN KEY (cooperative_id) REFERENCES cooperatives (id),
            CONSTRAINT ck_contribution_terms_kind CHECK (kind IN ('pokok', 'wajib')),
            CONSTRAINT ck_contribution_terms_amount CHECK (amount >= 0),
            CONSTRAINT ck_contribution_terms_due_day CHECK (due_day BETWEEN 1 AND 28),
            CONSTRAINT ck_contribution_terms_valid_from
                CHECK (extract(day FROM valid_from) = 1)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE contributions (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            member_id text NOT NULL,
            kind text NOT NULL,
            amount bigint NOT NULL,
            source_account text NOT NULL,
            channel text NOT NULL,
            reference text,
            business_date date NOT NULL,
            journal_id text NOT NULL,
            state text NOT NULL,
            refusal text,
            recorded_at timestamptz NOT NULL,
            recorded_by text NOT NULL,
            cancelling_journal_id text,
            CONSTRAINT pk_contributions PRIMARY KEY (id),
            CONSTRAINT uq_contributions_cooperative_id_id UNIQUE (cooperative_id, id),
            CONSTRAINT uq_contributions_journal_id UNIQUE (journal_id),
            CONSTRAINT fk_contributions_cooperative_id_member_id
                FOREIGN KEY (cooperative_id, member_id)
                REFERENCES members (cooperative_id, id),
            CONSTRAINT ck_contributions_kind CHECK (kind IN ('pokok', 'wajib')),
            CONSTRAINT ck_contributions_amount CHECK (amount > 0),
            CONSTRAINT ck_contributions_state
                CHECK (state IN
                    ('posting', 'posted', 'refused', 'cancelling', 'cancelled')),
            CONSTRAINT ck_contributions_cancelling_journal_id
                CHECK (state NOT IN ('cancelling', 'cancelled')
                    OR cancelling_journal_id IS NOT NULL),
            CONSTRAINT ck_contributions_refusal
                CHECK ((state = 'refused') = (refusal IS NOT NULL))
        )
        """
    )
    # R108: the principal saving is paid once, and not twice by two tellers at once.
    op.execute(
        "CREATE UNIQUE INDEX uq_contributions_pokok_once "
        "ON contributions (cooperative_id, member_id) "
        "WHERE kind = 'pokok' AND state IN ('posting', 'posted', 'cancelling')"
    )
    op.execute(
        "CREATE INDEX ix_contributions_cooperative_id_member_id "
        "ON contributions (cooperative_id, member_id, id)"
    )
    op.execute(
        "CREATE INDEX ix_contributions_posting ON contributions (recorded_at) "
        "WHERE state = 'posting'"
    )
    op.execute(
        "CREATE INDEX ix_contributions_cancelling ON contributions (id) "
        "WHERE state = 'cancelling'"
    )
    op.execute(
        """
        CREATE TABLE dues (
            cooperative_id text NOT NULL,
            member_id text NOT NULL,
            month date NOT NULL,
            amount bigint NOT NULL,
            due_on date NOT NULL,
            state text NOT NULL,
            contribution_id text,
            reminded_on date,
            overdue_told_on date,
            CONSTRAINT pk_dues PRIMARY KEY (cooperative_id, member_id, month),
            CONSTRAINT fk_dues_cooperative_id_member_id
                FOREIGN KEY (cooperative_id, member_id)
                REFERENCES members (cooperative_id, id),
            CONSTRAINT fk_dues_cooperative_id_contribution_id
                FOREIGN KEY (cooperative_id, contribution_id)
                REFERENCES contributions (cooperative_id, id),
            CONSTRAINT ck_dues_amount CHECK (amount > 0),
            CONSTRAINT ck_dues_month CHECK (extract(day FROM month) = 1),
            CONSTRAINT ck_dues_due_on CHECK (due_on >= month),
            CONSTRAINT ck_dues_state CHECK (state IN ('open', 'paid', 'waived')),
            CONSTRAINT ck_dues_contribution_id
                CHECK ((state = 'paid') = (contribution_id IS NOT NULL))
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_dues_open ON dues (cooperative_id, member_id, month) "
        "WHERE state = 'open'"
    )
    op.execute(
        "CREATE INDEX ix_dues_contribution_id ON dues (contribution_id) "
        "WHERE contribution_id IS NOT NULL"
    )

    op.execute(
        """
        CREATE TABLE contribution_payouts (
            cooperative_id text NOT NULL,
            member_id text NOT NULL,
            kind text NOT NULL,
            amount bigint NOT NULL,
            target_account text NOT NULL,
            journal_id text NOT NULL,
            decided_at timestamptz NOT NULL,
            CONSTRAINT pk_contribution_payouts
                PRIMARY KEY (cooperative_id, member_id, kind),
            CONSTRAINT fk_contribution_payouts_cooperative_id_member_id
                FOREIGN KEY (cooperative_id, member_id)
                REFERENCES members (cooperative_id, id),
            CONSTRAINT ck_contribution_payouts_kind
                CHECK (kind IN ('pokok', 'wajib')),
            CONSTRAINT ck_contribution_payouts_amount CHECK (amount > 0)
        )
        """
    )


def _interest() -> None:
    op.execute(
        """
        CREATE TABLE interest_postings (
            cooperative_id text NOT NULL,
            month date NOT NULL,
            account text NOT NULL,
            member_id text NOT NULL,
            method text NOT NULL,
            rate_bps integer NOT NULL,
            basis numeric(30) NOT NULL,
            gross bigint NOT NULL,
            withheld bigint NOT NULL,
            chunk text NOT NULL,
            journal_id text NOT NULL,
            state text NOT NULL,
            CONSTRAINT pk_interest_postings
                PRIMARY KEY (cooperative_id, month, account),
            CONSTRAINT fk_interest_postings_account
                FOREIGN KEY (account) REFERENCES accounts (number),
            CONSTRAINT fk_interest_postings_cooperative_id_member_id
                FOREIGN KEY (cooperative_id, member_id)
                REFERENCES members (cooperative_id, id),
            CONSTRAINT ck_interest_postings_rate_bps
                CHECK (rate_bps BETWEEN 0 AND 900),
            CONSTRAINT ck_interest_postings_gross CHECK (gross > 0),
            CONSTRAINT ck_interest_postings_withheld
                CHECK (withheld BETWEEN 0 AND gross),
            CONSTRAINT ck_interest_postings_month
                CHECK (extract(day FROM month) = 1),
            CONSTRAINT ck_interest_postings_state
                CHECK (state IN ('planned', 'posted', 'skipped'))
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_interest_postings_chunk "
        "ON interest_postings (cooperative_id, month, chunk)"
    )
    # PP 15/2009: one total per member and calendar month, over all kinds of savings.
    op.execute(
        """
        CREATE TABLE withholdings (
            cooperative_id text NOT NULL,
            member_id text NOT NULL,
            month date NOT NULL,
            number text NOT NULL,
            gross bigint NOT NULL,
            tax bigint NOT NULL,
            withheld bigint NOT NULL,
            updated_at timestamptz NOT NULL,
            CONSTRAINT pk_withholdings PRIMARY KEY (cooperative_id, member_id, month),
            CONSTRAINT uq_withholdings_cooperative_id_number
                UNIQUE (cooperative_id, number),
            CONSTRAINT fk_withholdings_cooperative_id_member_id
                FOREIGN KEY (cooperative_id, member_id)
                REFERENCES members (cooperative_id, id),
            CONSTRAINT ck_withholdings_month CHECK (extract(day FROM month) = 1),
            CONSTRAINT ck_withholdings_gross CHECK (gross >= 0),
            CONSTRAINT ck_withholdings_tax
                CHECK (tax = CASE WHEN gross > 240000 THEN gross / 10 ELSE 0 END),
            CONSTRAINT ck_withholdings_withheld CHECK (withheld >= 0)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_withholdings_cooperative_id_month "
        "ON withholdings (cooperative_id, month, member_id)"
    )
    op.execute(
        """
        CREATE TABLE passbooks (
            account text NOT NULL,
            cooperative_id text NOT NULL,
            printed_before timestamptz NOT NULL,
            lines bigint NOT NULL,
            CONSTRAINT pk_passbooks PRIMARY KEY (account),
            CONSTRAINT fk_passbooks_account
                FOREIGN KEY (account) REFERENCES accounts (number),
            CONSTRAINT ck_passbooks_lines CHECK (lines >= 0)
        )
        """
    )


def _rights() -> None:
    tables = {
        "savings_products": "SELECT, INSERT, UPDATE (name, minimum_balance, status)",
        "savings_rates": "SELECT, INSERT, UPDATE (rate_bps)",
        "contribution_terms": "SELECT, INSERT, UPDATE (amount, due_day)",
        "contributions": "SELECT, INSERT, "
        "UPDATE (state, refusal, cancelling_journal_id)",
        "contribution_payouts": "SELECT, INSERT, UPDATE (amount, journal_id), DELETE",
        "dues": "SELECT, INSERT, "
        "UPDATE (state, contribution_id, reminded_on, overdue_told_on)",
        "interest_postings": "SELECT, INSERT, UPDATE (withheld, journal_id, state)",
        "withholdings": "SELECT, INSERT, UPDATE (gross, tax, withheld, updated_at)",
        "passbooks": "SELECT, INSERT, UPDATE (printed_before, lines)",
    }
    for table, rights in tables.items():
        roles.enable_row_level_security(op, table)
        roles.grant(op, table, tenant=rights, hub="SELECT")
