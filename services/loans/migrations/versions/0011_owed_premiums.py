"""Premium that came back to who has no savings any more is owed."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one


def upgrade() -> None:
    """Know of a refund whether its savings account is gone."""
    op.execute("ALTER TABLE premium_refunds ADD is_owed boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE premium_refunds ALTER is_owed DROP DEFAULT")
    roles.grant(op, "premium_refunds", tenant="UPDATE (is_owed)", hub="SELECT")
