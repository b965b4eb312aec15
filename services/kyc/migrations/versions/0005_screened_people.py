"""Who was looked for on the lists, to be looked for again when a list has changed."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0005_screened_people"
down_revision = "0004_screening"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one


def upgrade() -> None:
    """Keep who was screened, under the cooperative's key, and by which lists."""
    op.execute(
        """
        CREATE TABLE screened_people (
            cooperative_id text NOT NULL,
            member_id text NOT NULL,
            person bytea,
            generation bigint NOT NULL,
            screened_at timestamptz,
            CONSTRAINT pk_screened_people PRIMARY KEY (cooperative_id, member_id),
            CONSTRAINT ck_screened_people_generation CHECK (generation >= 0),
            CONSTRAINT ck_screened_people_screened_at
                CHECK (screened_at IS NULL OR person IS NOT NULL)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_screened_people_generation "
        "ON screened_people (cooperative_id, generation, member_id)"
    )
    roles.enable_row_level_security(op, "screened_people")
    roles.grant(
        op,
        "screened_people",
        tenant="SELECT, INSERT, UPDATE (person, generation, screened_at)",
        hub="SELECT, INSERT",
    )
