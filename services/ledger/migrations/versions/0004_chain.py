"""The hash chain over the journals, and how far it has come.

Revision: 0004
"""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one

CHAIN_LINKS = """
CREATE TABLE chain_links (
    position bigint NOT NULL,
    first_serial bigint NOT NULL,
    last_serial bigint NOT NULL,
    journals bigint NOT NULL,
    postings bigint NOT NULL,
    amount_total numeric(40) NOT NULL,
    digest bytea NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_chain_links PRIMARY KEY (position),
    CONSTRAINT uq_chain_links_first_serial UNIQUE (first_serial),
    CONSTRAINT uq_chain_links_previous_hash UNIQUE (previous_hash),
    CONSTRAINT ck_chain_links_serials CHECK (first_serial <= last_serial)
)
"""

# One row. `candidate_*` is the horizon being waited for, `decided_through` the last
# one reached, `verified_*` how far the links were compared with their journals, and
# `journals`, `postings` are counted up to the newest link.
CHAIN_PROGRESS = """
CREATE TABLE chain_progress (
    is_only boolean NOT NULL DEFAULT true,
    candidate_serial bigint NOT NULL DEFAULT 0,
    candidate_writers text[] NOT NULL DEFAULT '{}',
    decided_through bigint NOT NULL DEFAULT 0,
    verified_position bigint NOT NULL DEFAULT 0,
    verified_serial bigint NOT NULL DEFAULT 0,
    journals bigint NOT NULL DEFAULT 0,
    postings bigint NOT NULL DEFAULT 0,
    CONSTRAINT pk_chain_progress PRIMARY KEY (is_only),
    CONSTRAINT ck_chain_progress_is_only CHECK (is_only)
);
INSERT INTO chain_progress DEFAULT VALUES
"""


def upgrade() -> None:
    """Create the chain; it belongs to no tenant."""
    for statement in (CHAIN_LINKS, CHAIN_PROGRESS):
        op.execute(statement)
    roles.grant(op, "chain_links", hub="SELECT, INSERT")
    roles.append_only(op, "chain_links")
    roles.grant(op, "chain_progress", hub="SELECT, UPDATE")
    names = roles.of_migration(op)
    op.execute(f'GRANT SELECT ON SEQUENCE journals_serial_seq TO "{names.hub}"')
