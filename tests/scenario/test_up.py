"""`hub up` on a real broker: one process per service, and none of them matters."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Generator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from services.hub import addresses, catalogue
from services.hub.demo.api import Client

ROOT = Path(__file__).parents[2]
READY_SECONDS = 90
SECRET = "operator-secret-of-this-test-run-only"


class Hub:
    """A hub under its supervisor."""

    def __init__(self, environ: dict[str, str], log: Path) -> None:
        self.url = addresses.url_of(environ["HUB_HTTP_ADDRESS"])
        self._log = log
        self._output = log.open("wb")
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "services.hub", "up",
                "--replicas", "gateway=2,ledger=2",
            ],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_ready(self) -> None:
        is_ready = addresses.wait_ready(
            self.url, READY_SECONDS, goes_on=lambda: self.process.poll() is None
        )
        assert is_ready, self.log

    def children(self) -> dict[int, str]:
        """The service that each child process runs, by process id."""
        own = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        found = {}
        for pid in Path(own).read_text().split():
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            found[int(pid)] = command[-2].decode()
        return found

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(60)
        self._output.close()


@pytest.fixture(scope="module")
def hub(
    postgres_admin_url: str,
    rabbitmq_uri: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[Hub]:
    if not Path("/proc/self/task").exists():
        pytest.skip("processes are looked at through /proc")
    name = f"t_up_{uuid.uuid4().hex[:8]}_"
    folder = tmp_path_factory.mktemp("up")
    environ = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("HUB_") and not key.endswith("DATABASE_URL")
    } | {
        "AMQP_URI": rabbitmq_uri,
        "DATABASE_URL": postgres_admin_url,
        "HUB_SECRET_KEY": uuid.uuid4().hex * 2,
        "HUB_DATABASE_PREFIX": name,
        "HUB_BUS_NAMESPACE": f"{name}.",
        "HUB_DATA_DIR": str(folder),
        "HUB_HTTP_ADDRESS": f"127.0.0.1:{addresses.find_free_port()}",
        "HUB_OPERATOR_CLIENT_SECRET": SECRET,
        "HUB_LOG_LEVEL": "WARNING",
    }
    running = Hub(environ, folder / "hub.log")
    try:
        running.wait_ready()
        yield running
    finally:
        running.close()
        forget(postgres_admin_url, name)


def forget(admin_url: str, prefix: str) -> None:
    """Drop the databases and roles that start with ``prefix``."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        for kind, query in (
            (
                "DATABASE",
                "SELECT datname FROM pg_database WHERE starts_with(datname,%s)",
            ),
            ("ROLE", "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)"),
        ):
            for (name,) in admin.execute(query.encode(), (prefix,)).fetchall():
                force = " WITH (FORCE)" if kind == "DATABASE" else ""
                admin.execute(
                    sql.SQL(f"DROP {kind} {{}}{force}").format(sql.Identifier(name))
                )


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def test_every_service_runs_in_processes_of_its_own(hub: Hub) -> None:
    running = sorted(hub.children().values())
    assert running == sorted([*catalogue.names(), "gateway", "ledger"])


def test_the_operator_that_was_given_can_sign_in(hub: Hub) -> None:
    operator = Client(hub.url, "operator", SECRET)
    assert operator.get("/v1/cooperatives")["items"] == []


def test_a_service_that_is_killed_is_back_in_seconds(hub: Hub) -> None:
    [victim] = [pid for pid, name in hub.children().items() if name == "members"]
    os.kill(victim, signal.SIGKILL)
    until(lambda: "was ended by SIGKILL; starting again" in hub.log)
    until(
        lambda: any(
            name == "members" and pid != victim for pid, name in hub.children().items()
        )
    )
    hub.wait_ready()
    # A fresh client: the token cannot come from before.
    assert Client(hub.url, "operator", SECRET).get("/v1/cooperatives")["items"] == []


def test_a_second_hub_on_the_same_address_is_refused(hub: Hub) -> None:
    address = hub.url.removeprefix("http://")
    second = subprocess.run(
        [sys.executable, "-m", "services.hub", "up"],
        cwd=ROOT,
        env=dict(os.environ) | {"HUB_HTTP_ADDRESS": address},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert address in second.stderr


def test_no_service_outlives_a_supervisor_that_is_killed(hub: Hub) -> None:
    children = hub.children()
    assert len(children) == len(catalogue.names()) + 2
    os.kill(hub.process.pid, signal.SIGKILL)
    hub.process.wait()
    until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in children))
