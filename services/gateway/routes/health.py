"""Is the hub well: this process, what it depends on, and figures for Prometheus."""

from __future__ import annotations

import time
from typing import Any, Final

import eventlet
from amqp.exceptions import AMQPError
from eventlet.semaphore import Semaphore
from marshmallow import Schema, fields, validate
from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import insurance, kyc, ledger, loans, members, transfers
from services.shared.errors import ServiceError
from services.shared.messaging.bus import Bus

TAG = "Health"
CORE: Final = (members.SERVICE, ledger.SERVICE, transfers.SERVICE)
"""Without these nothing works, so that requests had better go elsewhere."""

SERVICES: Final = (*CORE, kyc.SERVICE, loans.SERVICE, insurance.SERVICE)
BATCHED: Final = (
    (transfers.SERVICE, "submit_transfers"),
    (transfers.SERVICE, "submit_bulk_transfers"),
    (ledger.SERVICE, "post_journals"),
    (ledger.SERVICE, "place_holds"),
    (ledger.SERVICE, "resolve_holds"),
)
PROBE_SECONDS: Final = 1.0
KEPT_SECONDS: Final = 1.0
"""How long a finding is given again: probes are public and must not become load."""

SERVICE_UP: Final = Gauge(
    "hub_service_up", "1 when the service answers and its database does.", ["service"]
)
SERVICE_GAUGE: Final = Gauge(
    "hub_service_gauge",
    "What a service measures of itself, such as outbox_lag_seconds.",
    ["service", "name"],
)
QUEUE_DEPTH: Final = Gauge(
    "hub_queue_messages", "Messages that wait in a queue of the bus.", ["queue"]
)
BUS_UP: Final = Gauge("hub_bus_up", "1 when the message bus can be used.")


class Live(Schema):
    """The process answers."""

    status = fields.String(
        required=True, validate=validate.Equal("up"), metadata={"example": "up"}
    )


class Ready(Schema):
    """Whether the bus and the core answer; the others are told of, and may be down."""

    status = fields.String(required=True, validate=validate.OneOf(("up", "down")))
    dependencies = fields.Dict(
        keys=fields.String(),
        values=fields.String(validate=validate.OneOf(("up", "down"))),
        required=True,
        metadata={
            "description": "`up` or `down` for the bus, each service and its database.",
            "example": {"bus": "up", "ledger": "up", "ledger.database": "up"},
        },
    )


class Probe:
    """Asks the bus and every service how they are, at most once a second."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._asked_at = 0.0
        self._asking = Semaphore()
        self._findings: dict[str, dict[str, Any] | None] = {}

    @property
    def is_bus_up(self) -> bool:
        """Whether messages can be sent right now."""
        return bool(self._bus.is_up)

    def services(self, peers: Peers) -> dict[str, dict[str, Any] | None]:
        """What each service's `get_health` says; None for one that does not answer."""
        # Those who come while one is asking wait for what it finds.
        with self._asking:
            if time.monotonic() - self._asked_at >= KEPT_SECONDS:
                threads = {
                    name: eventlet.spawn(_ask, getattr(peers, name))
                    for name in SERVICES
                }
                self._findings = {
                    name: thread.wait() for name, thread in threads.items()
                }
                self._asked_at = time.monotonic()
        return self._findings

    def queue_depths(self) -> dict[str, int]:
        """How many messages wait for each service, by queue; none without a broker."""
        if not self.is_bus_up:
            return {}
        topology = self._bus.topology
        queues = [topology.rpc_queue(name) for name in SERVICES]
        queues += [topology.batch_queue(*batched) for batched in BATCHED]
        try:
            return dict(self._bus.queue_depths(queues))
        except (OSError, AMQPError):
            return {}


def _ask(service: Any) -> dict[str, Any] | None:
    try:
        return dict(service.get_health({}, deadline=PROBE_SECONDS))
    except ServiceError:
        return None


class HealthProbe(DependencyProvider):  # type: ignore[misc]  # nameko has no types
    """Provides the probe, one for the process."""

    bus = Bus()

    def setup(self) -> None:
        """Make the probe."""
        self.probe = Probe(self.bus)

    def get_dependency(self, worker_ctx: WorkerContext) -> Probe:
        """The probe."""
        del worker_ctx
        return self.probe


class HealthRoutes(Peers):
    """Probes and figures."""

    health = HealthProbe()

    @route("GET", "/healthz", tag=TAG, rule=access.anyone, answer=Live, is_probe=True)
    def show_live(self, _request: Request) -> dict[str, Any]:
        """Say that this process answers, whatever else is down."""
        return {"status": "up"}

    @route(
        "GET",
        "/readyz",
        tag=TAG,
        rule=access.anyone,
        answer=Ready,
        other_statuses={503: "The bus, or a service of the core, is down."},
        key=Idempotency.NONE,
        is_probe=True,
    )
    def show_ready(self, _request: Request) -> tuple[int, dict[str, Any]]:
        """Say which dependencies are up and which are down."""
        found = {"bus": "up" if self.health.is_bus_up else "down"}
        for name, health in self.health.services(self).items():
            found[name] = "down" if health is None else "up"
            database = "down" if health is None else health["database"]
            found[f"{name}.database"] = database
        needed = ["bus", *CORE, *(f"{name}.database" for name in CORE)]
        is_ready = {found[name] for name in needed} == {"up"}
        status = "up" if is_ready else "down"
        return (
            200 if is_ready else 503,
            {"status": status, "dependencies": found},
        )

    @route(
        "GET",
        "/metrics",
        tag=TAG,
        rule=access.anyone,
        is_probe=True,
        is_described=False,
    )
    def show_metrics(self, _request: Request) -> Answer:
        """Figures of this process, of every service and of the bus."""
        _observe(self.health, self)
        return Answer(200, generate_latest(), CONTENT_TYPE_LATEST)


def _observe(probe: Probe, peers: Peers) -> None:
    BUS_UP.set(probe.is_bus_up)
    for name, health in probe.services(peers).items():
        is_up = health is not None and health["database"] == "up"
        SERVICE_UP.labels(name).set(is_up)
        for gauge, value in (health or {}).get("gauges", {}).items():
            # Null is what a service says of something that there is none of.
            SERVICE_GAUGE.labels(name, gauge).set(value or 0)
    QUEUE_DEPTH.clear()
    for queue, messages in probe.queue_depths().items():
        QUEUE_DEPTH.labels(queue).set(messages)
