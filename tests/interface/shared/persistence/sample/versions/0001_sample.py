"""Tables that stand for those of any service."""

from __future__ import annotations

from alembic import op

from services.shared.persistence import deadletters, idempotency, inbox, outbox, roles

revision = "0001_sample"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.execute(
        "CREATE TABLE notes ("
        " id text NOT NULL, cooperative_id text NOT NULL, body text NOT NULL,"
        " CONSTRAINT pk_notes PRIMARY KEY (id),"
        " CONSTRAINT uq_notes_body UNIQUE (cooperative_id, body)"
        "  DEFERRABLE INITIALLY DEFERRED)"
    )
    rights = "SELECT, INSERT, UPDATE, DELETE"
    roles.grant(op, "notes", tenant=rights, hub=rights)
    roles.enable_row_level_security(op, "notes")
    op.execute(
        "CREATE TABLE facts (id text NOT NULL, CONSTRAINT pk_facts PRIMARY KEY (id))"
    )
    roles.grant(op, "facts", tenant="SELECT, INSERT", hub=rights)
    roles.append_only(op, "facts")
    _slow()
    for module in (outbox, inbox, deadletters, idempotency):
        module.add_tables(op)


def _slow() -> None:
    """A table whose rows make COMMIT take its time."""
    op.execute("CREATE TABLE slow (id text NOT NULL)")
    roles.grant(op, "slow", hub="SELECT, INSERT")
    op.execute(
        "CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_sleep(20); RETURN NULL; END $$"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER slow_at_commit AFTER INSERT ON slow "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION take_time()"
    )
