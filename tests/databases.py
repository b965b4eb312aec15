"""Where tests get a database from: clones of a template, migrated once a run."""

from __future__ import annotations

import fcntl
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from services.hub import provision
from services.shared import settings
from services.shared.persistence import migrate
from services.shared.persistence.database import Database
from services.shared.settings import Settings

SECRET: Final = "a secret of the tests, long enough to be one"
PREFIX: Final = "koperasi_test_"
"""Roles are shared by all runs, so that runs at the same time do not collide."""

LEFTOVER_SECONDS: Final = 6 * 3600
RETIRED_MAX: Final = 20
"""Of about ten megabytes each, in every worker process."""

STAMP_DIGITS: Final = 10
"""A run's name begins with the second it started."""


_cloned: list[Database] = []


def hang_up() -> None:
    """Close the idle connections of all clones; they connect again when used."""
    for cloned in _cloned:
        cloned.dispose()


class RunDatabases:
    """The databases of one test run, on one server, shared by its worker processes."""

    def __init__(self, admin_url: str, folder: Path) -> None:
        self.admin_url = admin_url
        self._folder = folder
        self._retired: list[str] = []
        # The time comes first, so that another run can tell that this one was killed.
        self._prefix = f"{PREFIX}{folder.name.rpartition('-')[2]}_"

    def clone(self, service: str) -> Database:
        """A fresh database of ``service``, migrated and empty."""
        template = self._template(service)
        name = f"{self._prefix}{service}_{uuid.uuid4().hex[:8]}"
        with provision.connected(self.admin_url) as admin, self._turn():
            roles = provision.roles_in(self._url(service, name))
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                    sql.Identifier(name),
                    sql.Identifier(template),
                    sql.Identifier(roles.owner),
                )
            )
            provision.close_database(admin, name, roles)
        given = self.settings()
        cloned = Database(
            self._url(service, name),
            service=service,
            answer_key=given.derive(f"stored answers of {service}"),
        )
        _cloned.append(cloned)
        return cloned

    def url(self, cloned: Database) -> str:
        """The service's own connection to a clone, for a process of its own."""
        return self._url(cloned.service, cloned.name)

    def as_administrator(self, cloned: Database) -> psycopg.Connection:
        """A superuser's connection to the same database, in autocommit."""
        url = provision.admin_url_of(self.admin_url, f"postgresql:///{cloned.name}")
        return psycopg.connect(url, autocommit=True)

    def retire(self, cloned: Database) -> None:
        """Close a clone that nobody needs any more; it is removed with others.

        PostgreSQL writes a checkpoint for each database that is dropped, and everybody
        waits for it: one that follows upon another has little to write.
        """
        cloned.dispose()
        self._retired.append(cloned.name)
        if len(self._retired) >= RETIRED_MAX:
            with provision.connected(self.admin_url) as admin:
                while self._retired:
                    _drop(admin, self._retired.pop())

    def drop(self, cloned: Database) -> None:
        """Close and remove a clone that is too large to wait for others."""
        cloned.dispose()
        with provision.connected(self.admin_url) as admin:
            _drop(admin, cloned.name)

    def drop_all(self) -> None:
        """Remove what this run made, and what killed runs left behind."""
        with provision.connected(self.admin_url) as admin:
            for name in _names(admin):
                if name.startswith(self._prefix) or _is_leftover(name):
                    _drop(admin, name)

    def settings(self) -> Settings:
        """Settings that lead to this server."""
        return settings_for(DATABASE_URL=self.admin_url)

    def _template(self, service: str) -> str:
        name = f"{self._prefix}{service}_template"
        made = self._folder / name
        with self._turn():
            if made.exists():
                return name
            url = self._url(service, name)
            with provision.connected(self.admin_url) as admin:
                admin.execute("SELECT pg_advisory_lock(%s)", (migrate.LOCK,))
                provision.ensure_roles(admin, url)
                # Only a server that crashes could tell, and no test crashes it.
                admin.execute(
                    sql.SQL("ALTER ROLE {} SET synchronous_commit = off").format(
                        sql.Identifier(provision.roles_in(url).login)
                    )
                )
            with provision.connected(self.admin_url) as admin:
                provision.ensure_database(admin, url)
            migrate.upgrade(
                provision.admin_url_of(self.admin_url, url),
                service,
                given_roles=provision.roles_in(url),
            )
            made.touch()
        return name

    def _url(self, service: str, name: str) -> str:
        given = self.settings()
        return settings.replace_login(
            self.admin_url,
            user=f"{PREFIX}{service}",
            password=given.derive(f"database password of {service}").hex(),
            database=name,
        )

    @contextmanager
    def _turn(self) -> Generator[None]:
        """One worker process at a time."""
        with (self._folder / "turn").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield


def settings_for(**environ: str) -> Settings:
    """Settings of a test, with ``environ`` added."""
    return settings.load(
        {"HUB_SECRET_KEY": SECRET, "HUB_DATABASE_PREFIX": PREFIX} | environ
    )


def _names(admin: psycopg.Connection) -> list[str]:
    rows = admin.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (PREFIX,)
    )
    return [str(row[0]) for row in rows]


def _is_leftover(name: str) -> bool:
    started_at = name.removeprefix(PREFIX)[:STAMP_DIGITS]
    if not started_at.isdigit():
        return False
    return int(started_at) < time.time() - LEFTOVER_SECONDS


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    )
