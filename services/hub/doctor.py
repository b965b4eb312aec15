"""Is this installation fit to run? What is looked at, and what was found.

Each look is a function that yields findings; `examine` prints them all and fails when
one of them is a problem. A look that cannot be taken (no broker, no administrator's
connection) says so and does not stop the others.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import socket
import stat
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from services.hub import catalogue, configuration, provision
from services.hub.configuration import Configuration
from services.hub.embedded import EmbeddedPostgresError
from services.shared import settings as settings_module
from services.shared.contracts import transfers as contract
from services.shared.errors import InvariantViolated, ServiceError
from services.shared.persistence import deadletters, migrate, outbox
from services.shared.persistence.database import Database
from services.shared.settings import Settings, SettingsError
from services.transfers.operations import health as transfers

PYTHON_MIN: Final = (3, 11)
RABBITMQ_MIN: Final = (3, 10)
CONNECT_SECONDS: Final = 5
SMTP_PORTS: Final = {"smtp": 587, "smtps": 465}
PRIVATE_MODE: Final = 0o600
OUTBOX_LAG_SECONDS_MAX: Final = 60.0
TRANSFER_SECONDS_MAX: Final = 120.0
PACKAGES: Final = (
    "nameko", "eventlet", "kombu", "amqp", "psycopg", "SQLAlchemy", "marshmallow",
)  # fmt: skip

Verdict = Literal["ok", "problem", "not checked"]
COLOURS: Final[dict[Verdict, str]] = {
    "ok": "green",
    "problem": "bold red",
    "not checked": "yellow",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the report."""

    subject: str
    verdict: Verdict
    detail: str


def judge(subject: str, detail: str, *, is_ok: bool) -> Finding:
    """A finding that is either as it should be or not."""
    return Finding(subject=subject, verdict="ok" if is_ok else "problem", detail=detail)


def examine(console: Console | None = None) -> int:
    """Look at everything and print the findings; 1 when one is a problem."""
    shown = console or Console(highlight=False)
    table = Table("What", "", "Found")
    findings = list(look())
    for finding in findings:
        colour = COLOURS[finding.verdict]
        table.add_row(
            finding.subject, f"[{colour}]{finding.verdict}[/]", finding.detail
        )
    shown.print(table)
    problems = sum(finding.verdict == "problem" for finding in findings)
    shown.print(
        f"[bold red]{problems} to be put right.[/]"
        if problems
        else "[bold green]Nothing wrong was found.[/]"
    )
    return 1 if problems else 0


def look() -> Iterator[Finding]:
    """Every finding, in the order in which a newcomer would look."""
    yield from look_at_machine()
    try:
        found = configuration.load()
    except (SettingsError, ServiceError) as error:
        for line in str(error).splitlines():
            yield judge("settings", line, is_ok=False)
        return
    yield from look_at_settings(found, os.environ)
    yield from look_at_broker(found.settings)
    yield from look_at_outside(found.settings)
    with ExitStack() as stack:
        try:
            settings = stack.enter_context(configuration.with_database(found))
        except EmbeddedPostgresError as error:
            yield judge("embedded PostgreSQL", str(error), is_ok=False)
            return
        yield from look_at_databases(settings)


# --- This machine ---------------------------------------------------------------------


def look_at_machine() -> Iterator[Finding]:
    """Python, the packages that matter, and how psycopg waits."""
    yield judge(
        "Python",
        platform.python_version(),
        is_ok=sys.version_info >= PYTHON_MIN,
    )
    versions = {name: _version(name) for name in PACKAGES}
    missing = [name for name, version in versions.items() if not version]
    yield judge(
        "packages",
        f"missing: {', '.join(missing)}"
        if missing
        else ", ".join(f"{name} {version}" for name, version in versions.items()),
        is_ok=not missing,
    )
    is_green = psycopg.waiting.wait is psycopg.waiting.wait_selector
    yield judge(
        "PSYCOPG_WAIT_FUNC",
        "wait_selector is in use"
        if is_green
        else "another one is in use: every query would stop the "
        "whole process. Unset the variable or set it to wait_selector.",
        is_ok=is_green,
    )
    names = catalogue.names()
    yield judge("services", ", ".join(names) or "none", is_ok=bool(names))


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def look_at_settings(
    found: Configuration, environ: os._Environ[str] | dict[str, str]
) -> Iterator[Finding]:
    """What differs from the defaults; names that look like ours but are not."""
    known = {row.name for row in settings_module.TABLE}
    secrets = {row.name for row in settings_module.TABLE if row.is_secret}
    given = {name: value for name, value in environ.items() if name in known and value}
    shown = [
        f"{name}=…" if name in secrets else f"{name}={value}"
        for name, value in sorted(given.items())
    ]
    yield judge("settings", ", ".join(shown) or "all defaults", is_ok=True)
    unknown = sorted(
        name for name in environ if name.startswith("HUB_") and name not in known
    )
    if unknown:
        yield judge(
            "settings",
            f"not known, misspelt? {', '.join(unknown)}",
            is_ok=False,
        )
    simulated = found.settings.simulated_date_file
    if simulated is not None:
        yield judge(
            "business date",
            f"simulated by {simulated}: for demos and tests only",
            is_ok=found.is_database_embedded,
        )
    secret_file = found.secret_file
    if found.is_database_embedded and secret_file.exists():
        mode = stat.S_IMODE(secret_file.stat().st_mode)
        yield judge(
            "master secret",
            f"{secret_file}, readable by its owner only"
            if mode == PRIVATE_MODE
            else f"{secret_file} has mode {mode:o}: chmod 600 it",
            is_ok=mode == PRIVATE_MODE,
        )


# --- The broker -----------------------------------------------------------------------


def look_at_broker(settings: Settings) -> Iterator[Finding]:
    """Whether RabbitMQ answers and is new enough."""
    if settings.is_embedded_bus:
        yield judge("bus", "in this process (AMQP_URI is unset)", is_ok=True)
        return
    # Not through shared.messaging: importing that makes the whole process green.
    kombu: Any = importlib.import_module("kombu")
    try:
        with kombu.Connection(
            settings.amqp_uri, connect_timeout=CONNECT_SECONDS
        ) as connection:
            connection.connect()
            properties = connection.connection.server_properties
            connection.channel().close()
    except (OSError, kombu.exceptions.OperationalError) as error:
        place = settings.amqp_uri.rpartition("@")[2]
        yield judge("broker", f"{place} does not answer: {error}", is_ok=False)
        return
    product, version = properties.get("product", "?"), properties.get("version", "?")
    yield judge(
        "broker",
        f"{product} {version}",
        is_ok=product != "RabbitMQ" or _numbers(version) >= RABBITMQ_MIN,
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


# --- What is outside of the hub -------------------------------------------------------


def look_at_outside(settings: Settings) -> Iterator[Finding]:
    """How people reach the hub, whether e-mails leave it, and who takes payments."""
    address = urlsplit(settings.public_url)
    is_here = address.hostname in {"localhost", "127.0.0.1", "::1"}
    yield judge(
        "public URL",
        settings.public_url
        if is_here or address.scheme == "https"
        else f"{settings.public_url}: links in e-mails must be https",
        is_ok=is_here or address.scheme == "https",
    )
    yield _look_at_mail(settings)
    if not settings.ipaymu_url:
        detail = "HUB_IPAYMU_URL is not set: no virtual accounts"
        yield Finding(subject="payments", verdict="not checked", detail=detail)
        return
    is_whole = bool(settings.ipaymu_va and settings.ipaymu_key)
    yield judge(
        "payments",
        f"iPaymu at {urlsplit(settings.ipaymu_url).hostname}"
        if is_whole
        else "HUB_IPAYMU_URL is set, so HUB_IPAYMU_VA and HUB_IPAYMU_KEY must be",
        is_ok=is_whole,
    )


def _look_at_mail(settings: Settings) -> Finding:
    if not settings.smtp_url:
        detail = "HUB_SMTP_URL is not set: e-mails wait"
        return Finding(subject="mail server", verdict="not checked", detail=detail)
    parts = urlsplit(settings.smtp_url)
    host, port = parts.hostname or "", parts.port or SMTP_PORTS[parts.scheme]
    try:
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        detail = f"{host}:{port} does not answer: {error}"
        return judge("mail server", detail, is_ok=False)
    return judge("mail server", f"{host}:{port} answers", is_ok=True)


# --- The databases --------------------------------------------------------------------


def look_at_databases(settings: Settings) -> Iterator[Finding]:
    """Each service's database: reached, closed to others, current, and keeping up."""
    for service in provision.with_database():
        subject = f"database of {service}"
        try:
            url = settings.service_database_url(service)
        except SettingsError:
            yield Finding(
                subject=subject,
                verdict="not checked",
                detail=f"neither {service.upper()}_DATABASE_URL nor DATABASE_URL is "
                "set",
            )
            continue
        try:
            with _connected(url) as connection:
                yield from _look_at_server(subject, connection)
                yield from _look_at_rights(subject, connection, settings, service)
                yield from _look_at_tables(subject, connection)
            yield _look_at_schema(subject, settings, service, url)
            yield from _look_at_events(settings, service)
        except (psycopg.Error, ServiceError, InvariantViolated) as error:
            advice = "; run hub migrate" if "does not exist" in str(error) else ""
            yield judge(subject, f"{_first_line(error)}{advice}", is_ok=False)


@contextmanager
def _connected(url: str) -> Generator[psycopg.Connection]:
    with psycopg.connect(
        url, autocommit=True, connect_timeout=CONNECT_SECONDS
    ) as connection:
        yield connection


def _look_at_server(subject: str, connection: psycopg.Connection) -> Iterator[Finding]:
    version = connection.info.server_version
    yield judge(
        subject,
        f"PostgreSQL {version // 10_000}.{version % 10_000} answers",
        is_ok=version >= provision.SERVER_VERSION_MIN,
    )
    unsafe = [
        name
        for name in ("fsync", "full_page_writes", "synchronous_commit")
        if _value(connection, "SELECT current_setting(%s)", name) == "off"
    ]
    if unsafe:
        yield judge(
            subject,
            f"{', '.join(unsafe)} is off: payments answered with committed can be "
            "lost in a crash",
            is_ok=False,
        )


def _look_at_rights(
    subject: str, connection: psycopg.Connection, settings: Settings, service: str
) -> Iterator[Finding]:
    [(is_super, bypasses, inherits, name)] = connection.execute(
        "SELECT rolsuper, rolbypassrls, rolinherit, rolname FROM pg_roles "
        "WHERE rolname = session_user"
    ).fetchall()
    wrong = [
        words
        for is_wrong, words in (
            (is_super, "is a superuser"),
            (bypasses, "bypasses row-level security"),
            (inherits, "has rights without taking a role"),
        )
        if is_wrong
    ]
    yield judge(
        subject,
        f"its role {name} {' and '.join(wrong)}"
        if wrong
        else f"its role {name} may do nothing by itself",
        is_ok=not wrong,
    )
    others = [
        other
        for other in provision.with_database()
        if other != service
        and _value(
            connection,
            "SELECT bool_or(has_database_privilege(session_user, oid, 'CONNECT')) "
            "FROM pg_database WHERE datname = %s",
            f"{settings.database_prefix}{other}",
        )
    ]
    if others:
        yield judge(
            subject,
            f"its role may also enter the database of {', '.join(others)}",
            is_ok=False,
        )


def _look_at_tables(subject: str, connection: psycopg.Connection) -> Iterator[Finding]:
    """Row-level security stands, forced, on every table that carries a tenant."""
    rows = connection.execute(
        "SELECT relname, relrowsecurity AND relforcerowsecurity "
        "FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid "
        "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
        "AND attname = 'cooperative_id' AND NOT attisdropped ORDER BY relname"
    ).fetchall()
    bare = [name for name, is_forced in rows if not is_forced]
    yield judge(
        subject,
        f"without row-level security: {', '.join(bare)}"
        if bare
        else f"row-level security is forced on {len(rows)} tables",
        is_ok=not bare and bool(rows),
    )


def _look_at_schema(
    subject: str, settings: Settings, service: str, url: str
) -> Finding:
    if not settings.database_url:
        return Finding(
            subject=subject,
            verdict="not checked",
            detail="its version: only an administrator (DATABASE_URL) may read it",
        )
    admin_url = provision.admin_url_of(settings.database_url, url)
    is_current = migrate.is_current(admin_url, service)
    return judge(
        subject,
        "its schema is the newest"
        if is_current
        else "its schema is not the newest: run hub migrate",
        is_ok=is_current,
    )


def _look_at_events(settings: Settings, service: str) -> Iterator[Finding]:
    subject = f"events of {service}"
    is_clearing = service == contract.SERVICE
    database = Database(
        settings.service_database_url(service), service=service, pool_size=1
    )
    try:
        with database.hub() as session:
            has_outbox = session.execute(
                text("SELECT to_regclass('outbox') IS NOT NULL")
            ).scalar_one()
            if not has_outbox:
                return
            waiting, seconds = outbox.lag(session)
            dead = deadletters.count_dead(session)
        gauges = transfers.get_health(database)["gauges"] if is_clearing else {}
    finally:
        database.dispose()
    yield judge(
        subject,
        f"{waiting} wait to be told, the oldest for {seconds:.0f} s; "
        f"{dead} dead letters",
        is_ok=seconds <= OUTBOX_LAG_SECONDS_MAX and not dead,
    )
    if gauges:
        oldest = gauges["oldest_nonterminal_transfer_seconds"]
        yield judge(
            "payments",
            f"{gauges['nonterminal_transfers']} without an outcome, the oldest for "
            f"{oldest:.0f} s",
            is_ok=oldest <= TRANSFER_SECONDS_MAX,
        )


def _value(connection: psycopg.Connection, query: str, name: str) -> object:
    row = connection.execute(query.encode(), (name,)).fetchone()
    return row[0] if row else None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
