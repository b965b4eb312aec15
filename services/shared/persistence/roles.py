"""Which PostgreSQL roles a service works under, and the statements that bind tables.

A service logs in as one role that owns nothing and has no rights of its own. Each
transaction then takes one of two: ``…_tenant`` sees one cooperative's rows,
``…_hub`` spans cooperatives for the few operations that must. Tables belong to
``…_owner``, which nobody can log in as.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Protocol, cast

from alembic.runtime.migration import MigrationContext

DEFAULT_PREFIX: Final = "koperasi_"
_NAME: Final = re.compile(r"^[a-z_][a-z0-9_]{0,55}$")


class Operations(Protocol):
    """What is used here of ``alembic.op``, which is a module."""

    def execute(self, sqltext: str) -> None:
        """Run one statement of the migration."""

    def get_context(self) -> MigrationContext:
        """The migration that is running."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The four roles of one service, named after the one it logs in as."""

    login: str

    def __post_init__(self) -> None:
        if not _NAME.match(self.login):
            message = (
                f"The role name {self.login!r} must be small letters, digits and _, "
                "at most 56."
            )
            raise ValueError(message)

    @property
    def tenant(self) -> str:
        """Sees the rows of one cooperative, and nothing when none is set."""
        return f"{self.login}_tenant"

    @property
    def hub(self) -> str:
        """Sees the rows of all cooperatives."""
        return f"{self.login}_hub"

    @property
    def owner(self) -> str:
        """Owns the tables; migrations run as it."""
        return f"{self.login}_owner"


def of_service(service: str, prefix: str = DEFAULT_PREFIX) -> Roles:
    """The roles of ``service`` in an installation with this name prefix."""
    return Roles(f"{prefix}{service}")


def of_migration(op: Operations) -> Roles:
    """The roles of the service whose migration is running."""
    config = op.get_context().config
    if config is None:
        message = "Migrations run through services.shared.persistence.migrate."
        raise RuntimeError(message)
    return cast("Roles", config.attributes["roles"])


def grant(op: Operations, table: str, *, tenant: str = "", hub: str = "") -> None:
    """Give the two working roles rights such as ``"SELECT, INSERT"`` on ``table``.

    Columns may be named: ``"SELECT, UPDATE (status, closed_at)"``.
    """
    roles = of_migration(op)
    for role, rights in ((roles.tenant, tenant), (roles.hub, hub)):
        if rights:
            op.execute(f'GRANT {rights} ON {table} TO "{role}"')


def enable_row_level_security(
    op: Operations, table: str, column: str = "cooperative_id"
) -> None:
    """Let a tenant see and write only the rows that carry its own id in ``column``.

    Forced, so that the owner is bound too. ``current_setting`` without a default
    raises when no cooperative was set: forgetting it fails instead of leaking.
    """
    roles = of_migration(op)
    own = f"{column} = current_setting('app.cooperative_id')"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f'CREATE POLICY {table}_tenant ON {table} TO "{roles.tenant}" '
        f"USING ({own}) WITH CHECK ({own})"
    )
    op.execute(
        f'CREATE POLICY {table}_hub ON {table} TO "{roles.hub}" '
        "USING (true) WITH CHECK (true)"
    )


def append_only(op: Operations, table: str) -> None:
    """Refuse UPDATE, DELETE and TRUNCATE of ``table``, even to its owner.

    Call it after `grant`. The trigger fires ALWAYS, so that pretending to be a
    replica does not switch it off.
    """
    roles = of_migration(op)
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger "
        "LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% of % refused: rows are only ever added', "
        "TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; "
        "END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only "
        f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")
    for role in ("PUBLIC", f'"{roles.tenant}"', f'"{roles.hub}"', f'"{roles.owner}"'):
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}")
