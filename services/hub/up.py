"""How is the whole hub started on one machine, and what is printed when it is up?"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Final

from services.hub import addresses, bootstrap, catalogue, provision
from services.hub.configuration import Configuration, with_database
from services.hub.errors import HubError
from services.hub.supervisor import Child, Supervisor
from services.shared import settings as settings_module
from services.shared.settings import Settings

READY_SECONDS: Final = 90.0
REPLICAS_MAX: Final = 32
SUPERVISOR: Final = "HUB_SUPERVISOR_PID"

Emit = Callable[[str], None]


class ReplicasMisread(HubError):
    """``--replicas`` does not name services and numbers."""


def up(configuration: Configuration, replicas: Mapping[str, int], *, emit: Emit) -> int:
    """Run every service until a signal; the exit status."""
    settings = configuration.settings
    addresses.require_free(settings.http_address)
    is_one_process = settings.is_embedded_bus
    if is_one_process and any(number != 1 for number in replicas.values()):
        raise ReplicasMisread(
            "--replicas needs a message broker: set AMQP_URI. Without one all services "
            "run in this process, once."
        )
    emit("Starting PostgreSQL and bringing every schema to its newest version …")
    with with_database(configuration) as ready:
        urls = provision.provision(ready.database_url, ready)
        is_ours = configuration.is_database_embedded
        if is_ours or ready.operator_client_secret:
            # Otherwise `hub bootstrap` makes the client: it tells the secret, once.
            bootstrap.operator_client(ready)
        secret = ready.operator_secret if is_ours else None
        banner = _Banner(ready, secret, emit)
        if is_one_process:
            return _run_in_this_process(ready, banner)
        return _run_processes(ready, urls, replicas, banner)


class _Banner:
    """Tells the addresses as soon as the hub answers."""

    def __init__(self, settings: Settings, secret: str | None, emit: Emit) -> None:
        self.emit = emit
        self._url = addresses.url_of(settings.http_address)
        self._client_id = settings.operator_client_id
        self._secret = secret
        self.is_wanted = True

    def show_when_ready(self) -> None:
        """Wait for readiness; say so, or say that it did not come."""
        is_ready = addresses.wait_ready(
            self._url, READY_SECONDS, goes_on=lambda: self.is_wanted
        )
        if is_ready:
            self.emit(addresses.welcome(self._url, self._client_id, self._secret))
        elif self.is_wanted:
            self.emit(
                f"The hub did not become ready within {READY_SECONDS:g} s; "
                f"{self._url}/readyz and the lines above say why."
            )


def _run_in_this_process(settings: Settings, banner: _Banner) -> int:
    from services.hub import one_process  # noqa: PLC0415  patches the process

    one_process.run(settings, catalogue.names(), meanwhile=banner.show_when_ready)
    banner.is_wanted = False
    return 0


def _run_processes(
    settings: Settings,
    urls: Mapping[str, str],
    replicas: Mapping[str, int],
    banner: _Banner,
) -> int:
    children = list_children(settings, urls, replicas, os.environ)
    supervisor = Supervisor(children, emit=banner.emit)
    threading.Thread(target=banner.show_when_ready, daemon=True).start()
    try:
        return supervisor.run()
    finally:
        banner.is_wanted = False


def list_children(
    settings: Settings,
    urls: Mapping[str, str],
    replicas: Mapping[str, int],
    environ: Mapping[str, str],
) -> list[Child]:
    """One child per replica; each knows its own database's connection only."""
    children: list[Child] = []
    for service in catalogue.names():
        number = replicas.get(service, 1)
        for replica in range(1, number + 1):
            name = f"{service}.{replica}" if number > 1 else service
            children.append(
                Child(
                    name=name,
                    command=[sys.executable, "-m", "services.hub", "run", service],
                    environ=_environ(settings, service, urls, environ, len(children)),
                    stop_rank=catalogue.stop_rank(service),
                )
            )
    return children


def _environ(
    settings: Settings,
    service: str,
    urls: Mapping[str, str],
    environ: Mapping[str, str],
    position: int,
) -> dict[str, str]:
    own = {
        name: value
        for name, value in environ.items()
        if not name.endswith("DATABASE_URL")
    }
    own["HUB_SECRET_KEY"] = settings.secret_key
    own[SUPERVISOR] = str(os.getpid())
    if service in urls:
        own[f"{service.upper()}_DATABASE_URL"] = urls[service]
    if settings.metrics_address:
        # One listener per process: the ports follow each other.
        host, port = settings_module.split_address(settings.metrics_address)
        own["HUB_METRICS_ADDRESS"] = f"{host}:{port + position}"
    return own


def parse_replicas(text: str) -> dict[str, int]:
    """``ledger=2,gateway=2`` as numbers per service.

    Raises ReplicasMisread naming the part that is wrong.
    """
    known = catalogue.names()
    replicas = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = part.partition("=")
        if name not in known:
            raise ReplicasMisread(
                f"--replicas: {name!r} is not a service; there are {', '.join(known)}."
            )
        if not number.isdigit() or not 1 <= int(number) <= REPLICAS_MAX:
            raise ReplicasMisread(
                f"--replicas: {part!r} needs a number from 1 to {REPLICAS_MAX}."
            )
        replicas[name] = int(number)
    return replicas
