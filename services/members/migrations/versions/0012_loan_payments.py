"""Payments into virtual accounts that pay loans, and loans that are taken over."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

revision = "0012_loan_payments"
down_revision = "0011_platform"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one


def upgrade() -> None:
    """Let a payment name a loan, and an import have a stage for its loans."""
    op.execute(
        """
        ALTER TABLE payments
            ADD loan_id text,
            DROP CONSTRAINT ck_payments_purpose,
            ADD CONSTRAINT ck_payments_purpose
                CHECK (purpose IN ('deposit', 'contributions', 'loan', 'wallet')),
            ADD CONSTRAINT ck_payments_loan
                CHECK ((purpose = 'loan') = (loan_id IS NOT NULL))
        """
    )
    op.execute(
        """
        ALTER TABLE imports
            DROP CONSTRAINT ck_imports_stage,
            ADD CONSTRAINT ck_imports_stage
                CHECK (stage IN ('reading', 'checking', 'reserving', 'numbering',
                    'opening', 'posting', 'lending', 'writing'))
        """
    )
