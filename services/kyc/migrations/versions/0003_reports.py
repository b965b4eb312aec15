"""Reports that members hand in: of the credit bureau, and of BPJSTK."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0003_reports"
down_revision = "0002_checks"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    op.execute(
        """
        CREATE TABLE bureau_reports (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            member_id text NOT NULL,
            report_date date NOT NULL,
            summary bytea NOT NULL,
            content bytea NOT NULL,
            content_hash bytea NOT NULL,
            uploaded_by text NOT NULL,
            uploaded_at timestamptz NOT NULL,
            CONSTRAINT pk_bureau_reports PRIMARY KEY (id),
            CONSTRAINT uq_bureau_reports_member_id_content_hash
                UNIQUE (cooperative_id, member_id, content_hash)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_bureau_reports_member_id "
        "ON bureau_reports (cooperative_id, member_id, report_date, id)"
    )
    op.execute(
        """
        CREATE TABLE income_statements (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            member_id text NOT NULL,
            source text NOT NULL,
            month date NOT NULL,
            content bytea NOT NULL,
            recorded_by text NOT NULL,
            recorded_at timestamptz NOT NULL,
            CONSTRAINT pk_income_statements PRIMARY KEY (id),
            CONSTRAINT ck_income_statements_source
                CHECK (source IN ('upload', 'vendor'))
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_income_statements_member_id "
        "ON income_statements (cooperative_id, member_id, month, id)"
    )
    # What was handed in stays; only a new key makes its columns anew.
    for table, encrypted in (
        ("bureau_reports", "summary, content"),
        ("income_statements", "content"),
    ):
        roles.enable_row_level_security(op, table)
        roles.grant(op, table, tenant=f"SELECT, INSERT, UPDATE ({encrypted})")
