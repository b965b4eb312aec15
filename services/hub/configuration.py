"""What is this hub configured with, and which parts does it bring along itself?

Without DATABASE_URL and without any service's own connection, PostgreSQL is embedded;
without AMQP_URI the bus is. A hub of one machine may make its own master secret: an
embedded one, or one whose databases are about to be made. Databases that exist already
were made with a secret, and another one would lock everybody out of them.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.hub import provision, shared_server
from services.shared import settings as settings_module
from services.shared.persistence import database
from services.shared.persistence.database import Database
from services.shared.settings import SECRET_CHARACTERS_MIN, Settings, SettingsError

SECRET: Final = "HUB_SECRET_KEY"  # noqa: S105  a name
SECRET_FILE: Final = "secret"  # noqa: S105  a name

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The settings, and whether the database is ours to start and stop."""

    settings: Settings
    is_database_embedded: bool

    @property
    def secret_file(self) -> Path:
        """Where an embedded hub keeps the master secret that it made."""
        return self.settings.data_dir / SECRET_FILE


def load(
    environ: Mapping[str, str] | None = None, *, is_whole_hub: bool = True
) -> Configuration:
    """Read the settings; a hub of one machine makes its secret when it has none.

    A single service is no whole hub: it shares the secret with the others, so it must
    be given. Raises SettingsError, naming everything that is missing or wrong.
    """
    given = dict(os.environ if environ is None else environ)
    is_embedded = not given.get("DATABASE_URL") and not any(
        value for name, value in given.items() if name.endswith("_DATABASE_URL")
    )
    is_administered = is_whole_hub and bool(given.get("DATABASE_URL"))
    if not given.get(SECRET) and (is_embedded or is_administered):
        given[SECRET] = _secret_of_this_machine(given, is_embedded=is_embedded)
    return Configuration(
        settings=settings_module.load(given), is_database_embedded=is_embedded
    )


@contextmanager
def with_database(configuration: Configuration) -> Generator[Settings]:
    """The settings with a database that answers; an embedded one runs meanwhile."""
    settings = configuration.settings
    if not configuration.is_database_embedded:
        yield settings
        return
    with shared_server.running(settings.data_dir) as admin_url:
        yield settings_module.with_admin(settings, admin_url)


@contextmanager
def open_databases(settings: Settings) -> Generator[dict[str, Database]]:
    """The database of every service that has one and whose connection is known.

    Raises SettingsError when none is.
    """
    opened: dict[str, Database] = {}
    try:
        for service in provision.with_database():
            if settings.database_url or settings.database_urls.get(service):
                opened[service] = database.of_service(settings, service, pool_size=2)
        if not opened:
            raise SettingsError(
                "Set DATABASE_URL, or the <SERVICE>_DATABASE_URL of a service."
            )
        yield opened
    finally:
        for each in opened.values():
            each.dispose()


def _secret_of_this_machine(environ: Mapping[str, str], *, is_embedded: bool) -> str:
    """The secret in the data directory. Raises SettingsError where it may not be made.

    Whatever else is wrong with the settings is told first.
    """
    settings = settings_module.load({**environ, SECRET: "?" * SECRET_CHARACTERS_MIN})
    path = settings.data_dir / SECRET_FILE
    if not is_embedded:
        if not path.exists():
            _refuse_second_secret(settings, path)
        _log.warning(
            "HUB_SECRET_KEY is not set: using the secret in %s. Keep a copy of it, and "
            "set HUB_SECRET_KEY before a second machine takes part.",
            path.absolute(),
        )
    try:
        return _own_secret(path)
    except OSError as error:
        raise SettingsError(
            f"HUB_SECRET_KEY is not set, and {path.absolute()} cannot be used for one: "
            f"{error.strerror}."
        ) from error


def _refuse_second_secret(settings: Settings, path: Path) -> None:
    existing = provision.existing(settings)
    if existing:
        raise SettingsError(
            f"HUB_SECRET_KEY is not set, and there is none in {path.absolute()}, but "
            f"{', '.join(existing)} exist already: set the HUB_SECRET_KEY that they "
            "were made with (or another HUB_DATABASE_PREFIX for a new hub)."
        )


def _own_secret(path: Path) -> str:
    """The secret in ``path``, made at the first call and readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    # Two hubs may start at once: whoever links first has made it, the other reads it.
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{secrets.token_urlsafe(48)}\n")
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text().strip()
