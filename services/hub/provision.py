"""How an administrator's connection becomes one closed database per service.

Run as often as you like: what is there already stays as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, LiteralString
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

import services
from services.shared import settings as settings_module
from services.shared.errors import DatabaseUnavailable
from services.shared.persistence import migrate
from services.shared.persistence.roles import Roles
from services.shared.settings import Settings

SERVER_VERSION_MIN: Final = 150_000
_LOGIN_SETTINGS: Final = {
    # For every connection of a service, and safe behind PgBouncer, which start-up
    # options are not.
    "statement_timeout": "30s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
    # Compiling a query costs more than running one of ours.
    "jit": "off",
}

_log = logging.getLogger(__name__)


def with_database() -> list[str]:
    """The services that keep a database: those with migrations."""
    root = Path(services.__path__[0])
    folders = sorted(path.parent.name for path in root.glob("*/migrations"))
    return [name for name in folders if migrate.has_migrations(name)]


def provision(admin_url: str, settings: Settings) -> dict[str, str]:
    """Roles, passwords, databases and tables of every service; their connections.

    Raises DatabaseUnavailable when the server cannot be reached.
    """
    given = settings_module.with_admin(settings, admin_url)
    urls = {name: given.service_database_url(name) for name in with_database()}
    with connected(admin_url) as admin:
        # Two hubs that start at once must not both create the same role.
        admin.execute("SELECT pg_advisory_lock(%s)", (migrate.LOCK,))
        for name, url in urls.items():
            ensure_roles(admin, url)
            ensure_database(admin, url)
            upgraded = migrate.upgrade(
                admin_url_of(admin_url, url), name, given_roles=roles_in(url)
            )
            if upgraded:
                _log.info("migrated", extra={"service_database": name})
    return urls


def existing(settings: Settings) -> list[str]:
    """Those of this hub's databases that the server has already.

    Raises DatabaseUnavailable.
    """
    urls = [settings.service_database_url(name) for name in with_database()]
    names = [urlsplit(url).path.removeprefix("/") for url in urls]
    with connected(settings.database_url) as admin:
        rows = admin.execute(
            "SELECT datname FROM pg_database WHERE datname = ANY(%s) ORDER BY datname",
            (names,),
        ).fetchall()
    return [str(name) for (name,) in rows]


@contextmanager
def connected(admin_url: str) -> Generator[psycopg.Connection]:
    """An administrator's session. Raises DatabaseUnavailable."""
    try:
        admin = psycopg.connect(admin_url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as fault:
        # The server's own sentence says which of the many reasons it is.
        raise DatabaseUnavailable(str(fault).strip()) from fault
    with admin:
        if admin.info.server_version < SERVER_VERSION_MIN:
            message = "PostgreSQL 15 or newer is needed."
            raise DatabaseUnavailable(message)
        yield admin


def roles_in(url: str) -> Roles:
    """The roles that belong to the login of a service's connection."""
    return Roles(unquote(urlsplit(url).username or ""))


def admin_url_of(admin_url: str, url: str) -> str:
    """The administrator's connection to the database that ``url`` leads to."""
    admin = urlsplit(admin_url)
    return settings_module.replace_login(
        admin_url,
        user=unquote(admin.username or ""),
        password=None if admin.password is None else unquote(admin.password),
        database=urlsplit(url).path.removeprefix("/"),
    )


def ensure_roles(admin: psycopg.Connection, url: str) -> None:
    """The four roles of the service, and the password that ``url`` has."""
    roles = roles_in(url)
    # The owner inherits: PostgreSQL gives a database's owner its schema that way.
    for role in (roles.owner, roles.tenant, roles.hub):
        if not _exists(admin, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
            _do(admin, "CREATE ROLE {} NOLOGIN", role)
    if not _exists(admin, "SELECT 1 FROM pg_roles WHERE rolname = %s", roles.login):
        _do(admin, "CREATE ROLE {} LOGIN NOINHERIT", roles.login)
        _do(admin, "GRANT {}, {} TO {}", roles.tenant, roles.hub, roles.login)
    # An administrator who is no superuser may become only what he is a member of.
    if not _exists(admin, "SELECT pg_has_role(%s, 'USAGE')", roles.owner):
        _do(admin, "GRANT {} TO CURRENT_USER", roles.owner)
    for name, value in _LOGIN_SETTINGS.items():
        admin.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(
                sql.Identifier(roles.login), sql.Identifier(name), value
            )
        )
    _set_password(admin, roles.login, unquote(urlsplit(url).password or ""))


def ensure_database(admin: psycopg.Connection, url: str) -> None:
    """The service's database, which nobody but its own login role may enter."""
    name = urlsplit(url).path.removeprefix("/")
    roles = roles_in(url)
    if _exists(admin, "SELECT 1 FROM pg_database WHERE datname = %s", name):
        return
    _do(
        admin,
        "CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0",
        name,
        roles.owner,
    )
    close_database(admin, name, roles)


def close_database(admin: psycopg.Connection, name: str, roles: Roles) -> None:
    """Let only the service's login role enter its database."""
    _do(admin, "REVOKE ALL ON DATABASE {} FROM PUBLIC", name)
    _do(admin, "GRANT CONNECT ON DATABASE {} TO {}", name, roles.login)


def _set_password(admin: psycopg.Connection, role: str, password: str) -> None:
    if not password:
        return
    # Hashed here, so that the server's log never holds the password itself.
    verifier = admin.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    )
    admin.execute(
        sql.SQL("ALTER ROLE {} PASSWORD {}").format(
            sql.Identifier(role), verifier.decode()
        )
    )


def _exists(admin: psycopg.Connection, query: LiteralString, name: str) -> bool:
    row = admin.execute(query, (name,)).fetchone()
    return row is not None and bool(row[0])


def _do(admin: psycopg.Connection, statement: LiteralString, *names: str) -> None:
    identifiers = [sql.Identifier(name) for name in names]
    admin.execute(sql.SQL(statement).format(*identifiers))
