"""What every test can ask for: a broker, databases, settings."""

# Before anything else imports the standard library's sockets, locks and threads.
from tests import greening

greening.patch()

# ruff: noqa: E402
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Final

# The package sets PSYCOPG_WAIT_FUNC, which psycopg reads when it is first imported.
import services  # isort: skip  # noqa: F401
import psycopg
import pytest
from kombu import Connection
from kombu.exceptions import OperationalError

from services.hub import provision, shared_server
from services.shared.persistence.database import Database
from services.shared.settings import Settings
from tests import databases
from tests.databases import RunDatabases, settings_for

LOCAL_POSTGRES: Final = "postgresql://postgres@127.0.0.1:5432/postgres"
LOCAL_RABBITMQ: Final = "amqp://guest:guest@127.0.0.1:5672//"
NO_BROKER: Final = "no RabbitMQ answers"
RUN_FOLDER: Final = "HUB_TEST_RUN_FOLDER"
ADMIN_URL_FILE: Final = "admin-url"
LONG: Final = {"scenario", "stress"}
"""The folders whose tests start processes."""


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a folder that all its worker processes share."""
    if not hasattr(config, "workerinput"):
        prefix = f"koperasi-test-{int(time.time())}"
        os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}x")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker waits for another at the end."""
    items.sort(key=lambda item: not set(item.path.parts).intersection(LONG))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the run's databases and folder."""
    if hasattr(config, "workerinput"):
        return
    folder = Path(os.environ.pop(RUN_FOLDER))
    used = folder / ADMIN_URL_FILE
    if used.exists():
        RunDatabases(used.read_text(), folder).drop_all()
    shutil.rmtree(folder, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not tested."""
    skipped = [
        report.nodeid
        for report in terminalreporter.stats.get("skipped", [])
        if NO_BROKER in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.section("not tested for want of a broker", yellow=True)
        for name in sorted(skipped):
            terminalreporter.write_line(name)
        terminalreporter.write_line(
            f"{len(skipped)} skipped: {NO_BROKER}. Start one, or set AMQP_URI."
        )


@pytest.fixture(scope="session")
def run_folder() -> Path:
    """The folder that the worker processes of this run share."""
    return Path(os.environ[RUN_FOLDER])


@pytest.fixture(scope="session")
def postgres_admin_url(run_folder: Path) -> Generator[str]:
    """An administrator's connection: DATABASE_URL, the local server, or our own."""
    given = os.environ.get("DATABASE_URL", "")
    url = given or LOCAL_POSTGRES
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError as fault:
        if given:
            pytest.fail(f"DATABASE_URL is set but does not answer: {fault}")
    else:
        (run_folder / ADMIN_URL_FILE).write_text(url)
        yield url
        return
    with shared_server.running(run_folder) as embedded_url:
        yield embedded_url


@pytest.fixture(scope="session")
def rabbitmq_uri() -> str:
    """A RabbitMQ that answers: AMQP_URI, or the local one. In CI there must be one."""
    given = os.environ.get("AMQP_URI", "")
    uri = given if given.startswith("amqp") else LOCAL_RABBITMQ
    try:
        Connection(uri, connect_timeout=5).connect().close()
    except (OSError, OperationalError) as fault:
        if given or os.environ.get("CI") == "true":
            pytest.fail(f"{NO_BROKER} at {uri.rpartition('@')[2]}: {fault}")
        pytest.skip(NO_BROKER)
    return uri


@pytest.fixture(scope="session")
def run_databases(postgres_admin_url: str, run_folder: Path) -> RunDatabases:
    """The databases of this run."""
    return RunDatabases(postgres_admin_url, run_folder)


@pytest.fixture(scope="module", autouse=True)
def idle_connections_are_given_back() -> Generator[None]:
    """A server has a hundred connections; a module that is done needs none of them."""
    yield
    databases.hang_up()


@pytest.fixture(scope="session")
def database_factory(
    run_databases: RunDatabases,
) -> Callable[[str], Database]:
    """Makes a fresh, migrated database of a service; dropped at the end of the run."""

    def make(service: str) -> Database:
        if service not in provision.with_database():
            pytest.skip(f"{service} keeps no database")
        return run_databases.clone(service)

    return make


def _of_a_module(service: str) -> Callable[[RunDatabases], Generator[Database]]:
    """One per module: its tests keep apart by cooperatives of their own."""

    @pytest.fixture(scope="module", name=f"{service}_database")
    def made(run_databases: RunDatabases) -> Generator[Database]:
        database = run_databases.clone(service)
        yield database
        run_databases.retire(database)

    return made


ledger_database = _of_a_module("ledger")
transfers_database = _of_a_module("transfers")
members_database = _of_a_module("members")
loans_database = _of_a_module("loans")
kyc_database = _of_a_module("kyc")
insurance_database = _of_a_module("insurance")


@pytest.fixture
def settings() -> Settings:
    """Settings of a hub on the in-process bus, without a database."""
    return settings_for()
