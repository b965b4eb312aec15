"""Runs service classes in this process until it is told to stop.

``python -m services.shared.messaging.runner ledger`` is what a container image runs;
`hub up` uses `start` for all services at once.
"""

# eventlet must patch the standard library before anything else imports it.
import eventlet

eventlet.monkey_patch()

# ruff: noqa: E402
import importlib
import inspect
import logging
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any, Final

from eventlet.event import Event
from nameko.runners import ServiceRunner

from services.shared import clock, telemetry
from services.shared import settings as settings_module
from services.shared.messaging import health, memory
from services.shared.persistence import database
from services.shared.settings import Settings

log = logging.getLogger(__name__)

WORKERS_MAX: Final = 1000
"""Workers of one container. They are green threads: cheap, and bounded elsewhere by the
prefetch of the queues and the connections of the gateway."""


def service_class(name: str) -> type:
    """The class of the service called ``name``, found in its own package."""
    module = importlib.import_module(f"services.{name}.service")
    return next(
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if member.__module__ == module.__name__ and getattr(member, "name", "") == name
    )


def nameko_config(settings: Settings, names: list[str]) -> dict[str, Any]:
    """What every container of this process is configured with."""
    databases = {
        name: database.of_service(settings, name) for name in names if name != "gateway"
    }
    return {
        "AMQP_URI": settings.amqp_uri,
        "WEB_SERVER_ADDRESS": settings.http_address,
        "max_workers": WORKERS_MAX,
        "settings": settings,
        "databases": databases,
    }


def start(
    settings: Settings, names: list[str], more: Mapping[str, Any] | None = None
) -> ServiceRunner:
    """Start the services in this process and return at once when all of them run.

    ``more`` is added to what the containers are configured with.
    """
    memory.install()
    clock.simulate(settings.simulated_date_file)
    if settings.simulated_date_file is not None:
        log.warning("the business date is simulated; money here is not real")
    runner = ServiceRunner(nameko_config(settings, names) | dict(more or {}))
    for name in names:
        runner.add_service(service_class(name))
    runner.start()
    return runner


def run(
    settings: Settings, names: list[str], more: Mapping[str, Any] | None = None
) -> None:
    """Run the services until SIGTERM or SIGINT, then finish what is being worked on."""
    runner = start(settings, names, more)
    listener = health.listen(settings, runner)
    stop = Event()

    def on_signal(_number: int, _frame: object) -> None:
        # A signal handler may interrupt anything, so it only leaves a note.
        if not stop.ready():
            eventlet.spawn_n(stop.send, None)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    waiter = eventlet.spawn(runner.wait)
    waiter.link(lambda _: on_signal(0, None))
    log.info("running", extra={"services": names})
    stop.wait()
    log.info("stopping", extra={"services": names})
    listener.stop()
    runner.stop()
    waiter.wait()
    for opened in runner.config["databases"].values():
        opened.dispose()


def main() -> int:
    """Run the services named on the command line."""
    names = sys.argv[1:]
    if not names:
        sys.stderr.write("usage: python -m services.shared.messaging.runner SERVICE…\n")
        return 2
    settings = settings_module.load(os.environ)
    telemetry.configure(",".join(names), settings.log_level)
    run(settings, names)
    return 0


if __name__ == "__main__":
    sys.exit(main())
