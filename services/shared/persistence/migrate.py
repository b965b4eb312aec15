"""How one service's database is brought to the present schema."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Final

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from services.shared.persistence import roles
from services.shared.persistence.roles import Roles

LOCK: Final = 0x6B6F_7065_7261_7369
"""Advisory lock of migrations: two migrators take turns."""

_LIMITS: Final = "SET LOCAL lock_timeout = '4s'; SET LOCAL statement_timeout = '60s'"


def folder(service: str) -> Path:
    """Where the migrations of ``service`` are."""
    package = importlib.import_module(f"services.{service}")
    return Path(str(package.__file__)).parent / "migrations"


def has_migrations(service: str) -> bool:
    """Whether ``service`` has a database at all."""
    return any((folder(service) / "versions").glob("[0-9]*.py"))


def upgrade(url: str, service: str, *, given_roles: Roles | None = None) -> bool:
    """Apply what is missing, in one transaction; whether anything was.

    ``url`` is an administrator's connection to the service's own database. A table
    that is in use makes a migration give up after four seconds rather than queue
    every later request behind it.
    """
    config = _config(service, given_roles or roles.of_service(service))
    script = ScriptDirectory.from_config(config)
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool
    )
    try:
        with engine.connect() as connection:
            if _is_current(connection, script):
                return False
            # Before the time limits: the second migrator waits for the first.
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK}
            )
            connection.execute(text(_LIMITS))
            owner = config.attributes["roles"].owner
            connection.execute(text(f'SET LOCAL ROLE "{owner}"'))
            _run(connection, config, script)
            connection.commit()
            return True
    finally:
        engine.dispose()


def is_current(url: str, service: str) -> bool:
    """Whether nothing is missing, for `hub doctor` and readiness."""
    script = ScriptDirectory.from_config(_config(service, roles.of_service(service)))
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool
    )
    try:
        with engine.connect() as connection:
            return _is_current(connection, script)
    finally:
        engine.dispose()


def _config(service: str, given_roles: Roles) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder(service)).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["roles"] = given_roles
    return config


def _is_current(connection: Connection, script: ScriptDirectory) -> bool:
    present = MigrationContext.configure(connection).get_current_heads()
    connection.rollback()
    return set(present) == set(script.get_heads())


def _run(connection: Connection, config: Config, script: ScriptDirectory) -> None:
    def steps(revision: Any, _context: MigrationContext) -> Any:
        return script._upgrade_revs("head", revision)  # noqa: SLF001  as its own CLI does

    with EnvironmentContext(config, script, fn=steps) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()
