"""Where the story is performed: a fresh embedded hub in a process of its own.

The hub is started exactly as `make up` starts it, and talked to over HTTP only.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from services.hub import addresses, embedded, shared_server
from services.hub.demo.api import Client, Outside, StepFailed
from services.hub.demo.lending import LendingStory
from services.hub.demo.people import PeopleStory, Town
from services.hub.demo.screen import Screen
from services.hub.demo.story import Story, Tools
from services.shared import clock

READY_SECONDS: Final = 120.0
STOP_SECONDS: Final = 60.0
TOOL_SECONDS: Final = 300.0
LOG_LINES_SHOWN: Final = 12
OPERATOR_ID: Final = "operator"


def perform(*, payments: int, directory: Path | None = None) -> int:
    """Tell the story; 0 when every step was as it must be, 1 with the reason."""
    screen = Screen()
    place = (directory or Path(".hub") / "demo").absolute()
    started = time.monotonic()
    screen.title("A hub for cooperatives: one payment, from deposit to settlement")
    try:
        _clear(place)
        environ = _environ(os.environ, place)
        with _stand_ins(environ, place), _hub(environ, place, screen):
            _tell(environ, place, screen, payments)
    except (StepFailed, embedded.EmbeddedPostgresError) as failure:
        screen.failed(str(failure))
        screen.plain(_last_lines(place / "hub.log"))
        return 1
    except KeyboardInterrupt:
        screen.failed("Stopped.")
        return 130
    screen.title(
        f"Every step was as it must be ({time.monotonic() - started:.0f} s). "
        "Next: make up"
    )
    return 0


def _tell(
    environ: Mapping[str, str], place: Path, screen: Screen, payments: int
) -> None:
    """First what happens between cooperatives, then what happens inside of one."""
    address = environ["HUB_PUBLIC_URL"]
    operator = Client(address, OPERATOR_ID, environ["HUB_OPERATOR_CLIENT_SECRET"])
    clearing = Story(
        address=address,
        operator=operator,
        screen=screen,
        tools=Tools(run_hub=_HubCommand(environ), directory=place),
        payments=payments,
    )
    clearing.tell()
    # Dates only ever go forward: the books of today have been written already.
    today = clock.business_date()
    people = PeopleStory(
        address=address,
        operator=operator,
        screen=screen,
        town=Town(
            mail=Outside(environ["DEMO_MAIL_URL"]),
            ipaymu=Outside(environ["HUB_IPAYMU_URL"].removesuffix("/api/v2")),
            date_file=Path(environ["HUB_SIMULATED_DATE_FILE"]),
        ),
        begin=_month_after(today),
    )
    people.tell()
    lending = LendingStory(people=people, operator=operator, screen=screen)
    lending.tell(_month_after(_month_after(_month_after(people.begin))))
    clearing.verify()


def _month_after(day: date) -> date:
    """The first day of the next month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


class _HubCommand:
    """Runs `hub …` as a person would; its exit status and what it printed."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __call__(self, *arguments: str) -> tuple[int, str]:
        finished = subprocess.run(
            [sys.executable, "-m", "services.hub", *arguments],
            env=dict(self._environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TOOL_SECONDS,
            check=False,
        )
        return finished.returncode, finished.stdout


def _clear(place: Path) -> None:
    """Begin with nothing: the story's balances are counted from zero."""
    if shared_server.is_in_use(place):
        raise StepFailed(f"another demo is running in {place}")
    embedded.remove(place)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)


def _environ(given: Mapping[str, str], place: Path) -> dict[str, str]:
    """The environment of a hub of its own, whatever hub this shell is set up for."""
    environ = {
        name: value
        for name, value in given.items()
        if not name.startswith("HUB_")
        and not name.endswith("DATABASE_URL")
        and name != "AMQP_URI"
    }
    address = f"127.0.0.1:{addresses.find_free_port()}"
    return environ | {
        "HUB_DATA_DIR": str(place),
        "HUB_HTTP_ADDRESS": address,
        "HUB_PUBLIC_URL": f"http://{address}",
        "HUB_SMTP_URL": f"smtp://127.0.0.1:{addresses.find_free_port()}",
        "DEMO_MAIL_URL": f"http://127.0.0.1:{addresses.find_free_port()}",
        "HUB_IPAYMU_URL": f"http://127.0.0.1:{addresses.find_free_port()}/api/v2",
        "HUB_IPAYMU_VA": "0000001225665555",
        "HUB_IPAYMU_KEY": secrets.token_urlsafe(16),
        "HUB_KYC_VENDOR": "verihubs",
        "HUB_KYC_URL": f"http://127.0.0.1:{addresses.find_free_port()}",
        "HUB_KYC_APP_ID": "hub-demo",
        "HUB_KYC_KEY": secrets.token_urlsafe(16),
        "HUB_INSURER_URL": f"http://127.0.0.1:{addresses.find_free_port()}",
        "HUB_INSURER_KEY": secrets.token_urlsafe(16),
        "HUB_SIMULATED_DATE_FILE": str(place / "business-date"),
        "HUB_OPERATOR_CLIENT_ID": OPERATOR_ID,
        "HUB_OPERATOR_CLIENT_SECRET": secrets.token_urlsafe(32),
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def _stand_ins(environ: Mapping[str, str], place: Path) -> Generator[None]:
    """A mail server, a payment provider, a vendor of checks and an insurer."""
    commands = (
        ("mail", "--address", urlsplit(environ["HUB_SMTP_URL"]).netloc,
         "--http-address", urlsplit(environ["DEMO_MAIL_URL"]).netloc),
        ("ipaymu", "--address", urlsplit(environ["HUB_IPAYMU_URL"]).netloc,
         "--va", environ["HUB_IPAYMU_VA"], "--key", environ["HUB_IPAYMU_KEY"]),
        ("dukcapil", "--address", urlsplit(environ["HUB_KYC_URL"]).netloc,
         "--app-id", environ["HUB_KYC_APP_ID"], "--key", environ["HUB_KYC_KEY"]),
        ("insurer", "--address", urlsplit(environ["HUB_INSURER_URL"]).netloc,
         "--key", environ["HUB_INSURER_KEY"]),
    )  # fmt: skip
    with (place / "stand-ins.log").open("wb") as output, ExitStack() as stack:
        for command in commands:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.hub", "simulate", *command],
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            stack.callback(_end, process)
        yield


@contextmanager
def _hub(environ: Mapping[str, str], place: Path, screen: Screen) -> Generator[None]:
    """The hub, ready; stopped again at the end."""
    log = place / "hub.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.hub", "up"],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with screen.waiting("starting PostgreSQL and every service, all embedded"):
            url = addresses.url_of(environ["HUB_HTTP_ADDRESS"])
            is_ready = addresses.wait_ready(
                url, READY_SECONDS, goes_on=lambda: process.poll() is None
            )
        if not is_ready:
            raise StepFailed(f"the hub did not start; {log} says why")
        screen.say(f"The hub answers at {url}; its log is {log}")
        yield
        if process.poll() is not None:
            raise StepFailed(f"the hub ended with status {process.returncode}")
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_lines(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(["The end of the hub's log:", *lines[-LOG_LINES_SHOWN:]])
