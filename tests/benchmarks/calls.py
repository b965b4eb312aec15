"""How many batched calls a second two processes exchange over the real broker."""

from __future__ import annotations

# eventlet must patch the standard library before anything else imports it.
import eventlet

eventlet.monkey_patch()

# ruff: noqa: E402
import json
import os
import sys
import time
from typing import Any

from nameko.containers import ServiceContainer

from services.shared import access, settings
from services.shared.messaging import BatchedRpc, Call, Outcome, batched_rpc
from services.shared.messaging.batching import BatchedClient


class Echo:
    """Answers what it is asked: the bus alone is measured."""

    name = "bench-echo"

    @batched_rpc(access.service("bench-caller"))
    def echo(self, calls: list[Call]) -> list[Outcome]:
        """The payloads."""
        return [call.payload for call in calls]


class Caller:
    """Calls it."""

    name = "bench-caller"
    echo = BatchedRpc("bench-echo", "echo")


def _container(service: type) -> ServiceContainer:
    given = settings.load(os.environ)
    container = ServiceContainer(
        service,
        {"AMQP_URI": given.amqp_uri, "settings": given, "databases": {}},
    )
    container.start()
    return container


def serve() -> None:
    """Answer until terminated."""
    container = _container(Echo)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    container.wait()


def measure(in_flight: int, seconds: float) -> dict[str, Any]:
    """Calls a second with ``in_flight`` callers."""
    container = _container(Caller)
    provider = next(
        dependency
        for dependency in container.dependencies
        if isinstance(dependency, BatchedRpc)
    )
    client = BatchedClient(provider.coalescer, provider.bus, {})
    client.call({"n": 0})
    latencies: list[float] = []
    until = time.perf_counter() + seconds

    def call() -> None:
        while (started := time.perf_counter()) < until:
            client.call({"n": 1})
            latencies.append(time.perf_counter() - started)

    for thread in [eventlet.spawn(call) for _ in range(in_flight)]:
        thread.wait()
    container.stop()
    latencies.sort()
    return {
        "in_flight": in_flight,
        "per_second": round(len(latencies) / seconds),
        "p99_ms": round(latencies[int(len(latencies) * 0.99)] * 1000, 1),
    }


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        json.dump(measure(int(sys.argv[2]), float(sys.argv[3])), sys.stdout)
