"""Plain calls to another service: nameko's RPC, with a deadline and typed errors.

On the wire it is nameko's own RPC (exchange, routing key, body). Messages are transient
and unconfirmed on kept channels, which is what makes it fast enough.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from eventlet.event import Event
from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider

from services.shared import identity as identities
from services.shared.errors import DeadlinePassed
from services.shared.messaging import context, topology
from services.shared.messaging.bus import Bus
from services.shared.messaging.errors import from_wire

Method = Callable[..., dict[str, Any]]


class ServiceRpc(DependencyProvider):  # type: ignore[misc]  # nameko has no types
    """Provides a proxy of another service to a service method.

    ``self.members.get_member(command, deadline=2.0)`` returns the answer or raises the
    ServiceError that the other side raised, DeadlinePassed after ``deadline`` seconds,
    BusUnavailable when nothing was sent, or OutcomeUnknown when the connection broke.
    """

    bus = Bus()

    def __init__(self, target: str) -> None:
        self.target = target

    def get_dependency(self, worker_ctx: WorkerContext) -> ServiceProxy:
        """A proxy that speaks in the name of this worker's caller."""
        return ServiceProxy(self.bus, self.target, worker_ctx.data)


class ServiceProxy:
    """The methods of one service, called on behalf of one caller."""

    def __init__(self, bus: Bus, target: str, caller: dict[str, Any]) -> None:
        self._bus = bus
        self._target = target
        self._caller = caller

    def __getattr__(self, method: str) -> Method:
        return partial(self._call, method)

    def on_behalf_of(self, cooperative_id: str) -> ServiceProxy:
        """The same service, asked by this one of its own accord for one cooperative.

        For timers and event handlers, which nobody called, and which do for a tenant
        what it has asked for before.
        """
        speaker = replace(
            identities.of_service(self._bus.service), cooperative_id=cooperative_id
        )
        token = identities.sign_for_bus(speaker, self._bus.settings.identity_key)
        caller = self._caller | {context.IDENTITY: token}
        return ServiceProxy(self._bus, self._target, caller)

    def _call(
        self, method: str, command: dict[str, Any], *, deadline: float | None = None
    ) -> dict[str, Any]:
        bus = self._bus
        seconds = deadline or bus.settings.call_seconds
        correlation_id = uuid.uuid4().hex
        answered = Event()
        bus.expect(correlation_id, answered.send)
        try:
            bus.publish(
                {"args": [command], "kwargs": {}},
                key=topology.call_key(self._target, method),
                headers=context.to_headers(
                    context.outgoing_token(self._caller, bus.service, bus.settings),
                    str(self._caller.get(context.REQUEST_ID, "")),
                ),
                correlation_id=correlation_id,
                reply_to=bus.reply_to,
                expires_seconds=seconds,
            )
            answer = answered.wait(seconds)
        finally:
            bus.forget(correlation_id)
        if answer is None:
            raise DeadlinePassed
        if isinstance(answer, Exception):
            raise answer
        if answer.get("error"):
            raise from_wire(answer["error"])
        result: dict[str, Any] = answer["result"]
        return result
