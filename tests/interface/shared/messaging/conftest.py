"""Real containers on both buses: in-process, and RabbitMQ when one answers."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import eventlet
import pytest
from nameko.containers import ServiceContainer

from services.shared import identity, settings
from services.shared.identity import Identity
from services.shared.messaging import memory
from services.shared.messaging.batching import BatchedClient, BatchedRpc
from services.shared.messaging.bus import Bus
from services.shared.messaging.proxies import ServiceProxy
from services.shared.settings import Settings

SECRET = "a secret of the tests, long enough to be one"


def settings_for(uri: str) -> Settings:
    """Settings with a namespace of their own, so that tests share a broker."""
    return settings.load(
        {
            "HUB_SECRET_KEY": SECRET,
            "AMQP_URI": uri,
            "HUB_BUS_NAMESPACE": f"test-{uuid.uuid4().hex[:12]}.",
        }
    )


class Running:
    """Containers of one test and the ways to speak with them."""

    def __init__(self, given: Settings) -> None:
        self.settings = given
        self.containers: dict[str, ServiceContainer] = {}

    def start(self, service: type, databases: dict[str, Any] | None = None) -> Any:
        """Start one service and return its container."""
        container = ServiceContainer(
            service,
            {
                "AMQP_URI": self.settings.amqp_uri,
                "settings": self.settings,
                "databases": databases or {},
                "max_workers": 1000,
            },
        )
        container.start()
        self.containers[service.name] = container  # type: ignore[attr-defined]
        return container

    def bus(self, service: str) -> Bus:
        """The bus of a running service."""
        return next(
            extension
            for extension in self.containers[service].extensions
            if isinstance(extension, Bus)
        )

    def token(self, *scopes: str, service: str = "") -> str:
        """A bus token of a caller with these scopes."""
        caller = Identity(
            subject="cli_budi",
            cooperative_id="coop_maju",
            scopes=frozenset(scopes),
            service=service,
        )
        return identity.sign_for_bus(caller, self.settings.identity_key)

    def proxy(self, by: str, target: str, token: str = "") -> ServiceProxy:
        """A proxy of ``target`` as the service ``by`` has it."""
        return ServiceProxy(
            self.bus(by), target, {"identity": token, "request_id": "req-1"}
        )

    def batched(self, by: str, token: str = "") -> BatchedClient:
        """The batched client that the service ``by`` declares."""
        provider = next(
            dependency
            for dependency in self.containers[by].dependencies
            if isinstance(dependency, BatchedRpc)
        )
        return BatchedClient(
            provider.coalescer, provider.bus, {"identity": token, "request_id": "req-1"}
        )

    def stop(self) -> None:
        """Stop what still runs and remove its queues."""
        for container in self.containers.values():
            container.stop()


@pytest.fixture(params=["in-process", "rabbitmq"])
def bus_uri(request: pytest.FixtureRequest) -> str:
    """Each test runs on both buses."""
    if request.param == "in-process":
        return memory.URI
    uri: str = request.getfixturevalue("rabbitmq_uri")
    return uri


@pytest.fixture
def running(bus_uri: str) -> Iterator[Running]:
    """Containers on the bus of this test, stopped at its end."""
    hub = Running(settings_for(bus_uri))
    yield hub
    hub.stop()


class CuttableProxy:
    """A TCP relay in front of the broker whose wire a test can cut."""

    def __init__(self, uri: str) -> None:
        parts = urlsplit(uri)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 5672)
        self._pipes: list[Any] = []
        self._listener: Any = None
        self._port = 0
        self.resume()
        netloc = f"{parts.username}:{parts.password}@127.0.0.1:{self._port}"
        self.uri = f"amqp://{netloc}{parts.path or '//'}"

    def resume(self) -> None:
        """Accept connections (again)."""
        listener = eventlet.listen(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        self._listener = (listener, eventlet.spawn(self._accept, listener))

    def cut(self) -> None:
        """Refuse new connections and break those that stand."""
        listener, thread = self._listener
        thread.kill()
        listener.close()
        for side in self._pipes:
            # Not closed here: a green thread still waits for it, and eventlet must
            # not find that thread waiting when the number is used again.
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
        self._pipes.clear()

    def _accept(self, listener: Any) -> None:
        while True:
            client, _ = listener.accept()
            server = eventlet.connect(self._target)
            self._pipes += [client, server]
            eventlet.spawn_n(_relay, client, server)


def _relay(client: Any, server: Any) -> None:
    back = eventlet.spawn(_pump, server, client)
    _pump(client, server)
    back.wait()
    client.close()
    server.close()


def _pump(source: Any, sink: Any) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except (OSError, EOFError):
        pass
    finally:
        for side in (source, sink):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def cuttable(rabbitmq_uri: str) -> Iterator[CuttableProxy]:
    """A wire to RabbitMQ that can be cut."""
    proxy = CuttableProxy(rabbitmq_uri)
    yield proxy
    proxy.cut()


Eventually = Callable[[Callable[[], bool]], None]


@pytest.fixture
def eventually() -> Eventually:
    """Wait, for at most ten seconds, until something is true."""

    def wait(condition: Callable[[], bool]) -> None:
        for _ in range(400):
            if condition():
                return
            eventlet.sleep(0.025)
        pytest.fail("it did not come true in ten seconds")

    return wait
