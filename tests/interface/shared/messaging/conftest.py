"""Real containers on both buses: in-process, and RabbitMQ when one answers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import eventlet
import pytest
from kombu import Connection
from nameko.containers import ServiceContainer

from services.shared import identity, settings
from services.shared.identity import Identity
from services.shared.messaging import memory
from services.shared.messaging.batching import BatchedClient, BatchedRpc
from services.shared.messaging.bus import Bus
from services.shared.messaging.proxies import ServiceProxy
from services.shared.messaging.topology import Topology
from services.shared.settings import Settings
from tests.fakes.wire import CuttableProxy

SECRET = "a secret of the tests, long enough to be one"


def settings_for(uri: str, **environ: str) -> Settings:
    """Settings with a namespace of their own, so that tests share a broker."""
    return settings.load(
        {
            "HUB_SECRET_KEY": SECRET,
            "AMQP_URI": uri,
            "HUB_BUS_NAMESPACE": f"test-{uuid.uuid4().hex[:12]}.",
            **environ,
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
        queues = {
            subscription.queue.name
            for service in self.containers
            for subscription in self.bus(service).subscriptions
        }
        for container in self.containers.values():
            container.stop()
        with Connection(self.settings.amqp_uri, connect_timeout=5) as connection:
            channel = connection.channel()
            for name in queues:
                channel.queue_delete(name)
            topology = Topology(namespace=self.settings.bus_namespace)
            for service in self.containers:
                channel.exchange_delete(topology.event_exchange(service).name)
            channel.exchange_delete(topology.rpc_exchange.name)


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


@pytest.fixture
def cuttable(rabbitmq_uri: str) -> Iterator[CuttableProxy]:
    """A wire to RabbitMQ that can be cut."""
    proxy = CuttableProxy(rabbitmq_uri, 5672)
    yield proxy
    proxy.close()


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
