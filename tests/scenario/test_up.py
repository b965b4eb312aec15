"""`hub up` on a real broker: one process per service, and none of them matters."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Generator
from pathlib import Path

import psycopg
import pytest
from rich.console import Console

from services.hub import addresses, catalogue
from services.hub.demo.api import Client
from services.hub.demo.screen import Screen
from services.hub.demo.story import Story, Tools
from services.shared.settings import replace_login
from tests import leftovers

ROOT = Path(__file__).parents[2]
READY_SECONDS = 90
SECRET = "operator-secret-of-this-test-run-only"


class Hub:
    """A hub under its supervisor."""

    def __init__(self, environ: dict[str, str], log: Path) -> None:
        self.url = addresses.url_of(environ["HUB_HTTP_ADDRESS"])
        self.environ = environ
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

    def command(self, *arguments: str) -> tuple[int, str]:
        """Run a command of the hub beside it."""
        done = subprocess.run(
            [sys.executable, "-m", "services.hub", *arguments],
            cwd=ROOT,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout

    def administrator(self, service: str) -> psycopg.Connection:
        """A superuser's connection to the database of one service."""
        url = replace_login(
            self.environ["DATABASE_URL"],
            user="postgres",
            password=None,
            database=f"{self.environ['HUB_DATABASE_PREFIX']}{service}",
        )
        return psycopg.connect(url, autocommit=True)

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
        leftovers.forget_databases(postgres_admin_url, name)
        leftovers.forget_queues(rabbitmq_uri, f"{name}.")


@pytest.fixture(scope="module")
def story(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The demo's story, told on this hub."""
    told = Story(
        address=hub.url,
        operator=Client(hub.url, "operator", SECRET),
        screen=Screen(Console(file=io.StringIO())),
        tools=Tools(run_hub=hub.command, directory=tmp_path_factory.mktemp("story")),
        payments=200,
    )
    told.tell()
    return told


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
    assert "items" in operator.get("/v1/cooperatives")


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
    assert "items" in Client(hub.url, "operator", SECRET).get("/v1/cooperatives")


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


def test_the_story_of_the_demo_is_the_same_on_a_broker(story: Story) -> None:
    story.check_everything()
    assert story.cleared_payments == 203


def test_verify_agrees_beside_a_hub_at_work(hub: Hub, story: Story) -> None:
    is_over = threading.Event()

    def pay() -> None:
        while not is_over.is_set():
            story.pay("Siti", "Dewi", 1_000, "Sayur")

    payer = threading.Thread(target=pay)
    payer.start()
    try:
        for _ in range(3):
            status, output = hub.command("verify")
            assert status == 0, output
    finally:
        is_over.set()
        payer.join()
    story.check_everything()


SABOTAGE = [
    pytest.param(
        "ledger",
        "UPDATE accounts SET credits_posted = credits_posted {} 1 "
        "WHERE code = '2-1000' AND credits_posted > 1000",
        "posted",
        id="a balance",
    ),
    pytest.param(
        "transfers",
        "UPDATE transfers SET amount = amount {} 1 WHERE id = "
        "(SELECT min(id) FROM transfers WHERE state = 'committed')",
        "in the clearing, but Rp",
        id="an amount",
    ),
    pytest.param(
        "transfers",
        "UPDATE window_nets SET net = net {} 1 WHERE window_id = "
        "(SELECT min(window_id) FROM window_nets)",
        "the nets were",
        id="a settled net",
    ),
]


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(("service", "change", "told"), SABOTAGE)
def test_verify_names_what_was_changed_behind_the_hubs_back(
    hub: Hub, service: str, change: str, told: str
) -> None:
    table = change.split()[1]
    with hub.administrator(service) as admin:
        admin.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        admin.execute(change.format("+").encode())
        try:
            status, output = hub.command("verify")
        finally:
            admin.execute(change.format("-").encode())
            admin.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())
    assert status == 1
    assert told in output
    assert hub.command("verify")[0] == 0


def test_no_service_outlives_a_supervisor_that_is_killed(hub: Hub) -> None:
    children = hub.children()
    assert len(children) == len(catalogue.names()) + 2
    os.kill(hub.process.pid, signal.SIGKILL)
    hub.process.wait()
    until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in children))
