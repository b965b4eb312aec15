"""How a service is called: `@rpc` for plain calls, `@on_event` and `@timer`.

Every entrypoint names the rule that says who may call it, and the rule is checked
against the verified identity before the method runs.
"""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar, cast

import eventlet
from eventlet.event import Event as Signal
from eventlet.semaphore import Semaphore
from kombu.message import Message
from nameko.containers import WorkerContext
from nameko.exceptions import ContainerBeingKilled, IncorrectSignature
from nameko.extensions import Entrypoint, ProviderCollector, SharedExtension
from nameko.timer import Timer

from services.shared import access, telemetry
from services.shared.contracts.envelope import Event
from services.shared.errors import BusUnavailable, ServiceError
from services.shared.messaging import context
from services.shared.messaging.bus import Bus, Subscription
from services.shared.messaging.errors import to_wire
from services.shared.persistence import deadletters

log = logging.getLogger(__name__)

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

PREFETCH: Final = 64
EVENT_PREFETCH: Final = 32
PARKING_PAUSE_SECONDS: Final = 2.0


class RpcServer(SharedExtension, ProviderCollector):  # type: ignore[misc]  # nameko has no types
    """Reads the one queue of a service's plain calls for all its `@rpc` methods."""

    bus = Bus()

    def setup(self) -> None:
        """Subscribe to the service's queue."""
        self.bus.setup()
        queue = self.bus.topology.rpc_queue(self.container.service_name)
        self.subscription = Subscription(
            queue=queue, on_message=self._on_message, prefetch=PREFETCH
        )
        self.bus.subscribe(self.subscription)
        self._is_stopping = False

    def stop_reading(self) -> None:
        """Take no further calls; the first entrypoint to stop does it for all."""
        if not self._is_stopping:
            self._is_stopping = True
            self.bus.cancel(self.subscription)

    def _on_message(self, message: Message) -> None:
        if self._is_stopping:
            self.bus.requeue(message)
            return
        # The reader of the connection must never wait for a free worker: that worker
        # may itself be waiting for an answer which only the reader can bring.
        eventlet.spawn(self._dispatch, message)

    def _dispatch(self, message: Message) -> None:
        method = message.delivery_info["routing_key"].rsplit(".", 1)[-1]
        for provider in self._providers:
            if provider.method_name == method:
                provider.handle_message(message)
                return
        if self._is_stopping:
            # The method has gone while the message was handed over: it is another's.
            self.bus.requeue(message)
            return
        fault = {"exc_type": "MethodNotFound", "value": method}
        self.answer(message, {"result": None, "error": fault})

    def answer(self, message: Message, body: dict[str, Any]) -> None:
        """Reply, then acknowledge. A reply that cannot be sent is the caller's loss."""
        reply_to = message.properties.get("reply_to")
        if reply_to:
            try:
                self.bus.publish(
                    body,
                    key=reply_to,
                    correlation_id=message.properties.get("correlation_id"),
                )
            except ServiceError as error:
                log.warning("reply not sent: %s", error)
        self.bus.ack(message)


class Rpc(Entrypoint):  # type: ignore[misc]  # nameko has no types
    """A method that other services may call."""

    server = RpcServer()

    def __init__(self, rule: access.Rule, **kwargs: Any) -> None:
        self.rule = rule
        super().__init__(expected_exceptions=(ServiceError,), **kwargs)

    def setup(self) -> None:
        """Offer the method."""
        self.server.register_provider(self)

    def stop(self) -> None:
        """Take no further calls; those being worked on finish."""
        self.server.stop_reading()
        self.server.unregister_provider(self)

    def handle_message(self, message: Message) -> None:
        """Check who calls and run the method in a worker of its own."""
        settings = self.container.config["settings"]
        caller = context.from_headers(message.headers or {})
        started = time.monotonic()
        try:
            body = json.loads(message.body)
            args, kwargs = body["args"], body["kwargs"]
            self.check_signature(args, kwargs)
            self.rule(context.verified(caller.get(context.IDENTITY), settings))
        except ServiceError as error:
            self._answer(message, error)
            return
        except (ValueError, KeyError, TypeError, IncorrectSignature) as error:
            fault = {"exc_type": type(error).__name__, "value": str(error)}
            self.server.answer(message, {"result": None, "error": fault})
            return
        try:
            self.container.spawn_worker(
                self,
                args,
                kwargs,
                context_data=caller,
                handle_result=partial(self._handle_result, message, started),
            )
        except ContainerBeingKilled:
            self.server.bus.requeue(message)

    def _handle_result(
        self,
        message: Message,
        started: float,
        worker_ctx: WorkerContext,
        result: Any,
        exc_info: Any,
    ) -> tuple[Any, Any]:
        error = exc_info[1] if exc_info else None
        self._answer(message, error if error is not None else result)
        outcome = getattr(error, "code", "internal_error") if error else "ok"
        telemetry.CALL_SECONDS.labels(
            worker_ctx.service_name, self.method_name, outcome
        ).observe(time.monotonic() - started)
        return result, exc_info

    def _answer(self, message: Message, outcome: Any) -> None:
        if isinstance(outcome, BaseException):
            body = {"result": None, "error": to_wire(outcome)}
        else:
            body = {"result": outcome, "error": None}
        self.server.answer(message, body)


class OnEvent(Entrypoint):  # type: ignore[misc]  # nameko has no types
    """A method that is told what happened in another service.

    The message is acknowledged when the handler has returned, or when the event it
    failed on is parked in the service's own database, to be tried again later.
    """

    bus = Bus()

    def __init__(self, source: str, event: str, **kwargs: Any) -> None:
        self.source = source
        self.event = event
        super().__init__(**kwargs)

    def setup(self) -> None:
        """Subscribe to the event's queue."""
        self.bus.setup()
        service = self.container.service_name
        self.consumer = f"{service}.{self.method_name}"
        self._waiting: deque[Message] = deque()
        self._arrived = Semaphore(0)
        self._is_stopping = False
        self.subscription = Subscription(
            queue=self.bus.topology.event_queue(
                self.source, self.event, service, self.method_name
            ),
            on_message=self._on_message,
            on_lost=self._waiting.clear,
            prefetch=EVENT_PREFETCH,
        )
        self.bus.subscribe(self.subscription)

    def start(self) -> None:
        """Begin to handle events, one after the other."""
        self._dispatcher = self.container.spawn_managed_thread(self._run)

    def stop(self) -> None:
        """Finish the event at hand and give the others back."""
        self._is_stopping = True
        self.bus.cancel(self.subscription)
        self._arrived.release()
        self._dispatcher.wait()

    def _on_message(self, message: Message) -> None:
        self._waiting.append(message)
        self._arrived.release()

    def _run(self) -> None:
        while True:
            self._arrived.acquire()
            if self._is_stopping:
                break
            if self._waiting:
                self._handle(self._waiting.popleft())
        for message in self._waiting:
            self.bus.requeue(message)

    def _handle(self, message: Message) -> None:
        body = message.body
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        try:
            error = self.deliver(Event.from_json(text))
        except (ValueError, KeyError, TypeError) as malformed:
            # Poison: it can never be handled, but it is kept for a person to look at.
            error = malformed
        if error is not None and not self._park(text, error):
            eventlet.sleep(PARKING_PAUSE_SECONDS)
            self.bus.requeue(message)
            return
        self.bus.ack(message)

    def deliver(self, event: Event) -> BaseException | None:
        """Run the handler for ``event`` and wait for it; what it failed with, if so."""
        finished = Signal()

        def handle_result(_worker: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
            finished.send(exc_info[1] if exc_info else None)
            return result, exc_info

        self.container.spawn_worker(
            self,
            (event,),
            {},
            context_data={context.REQUEST_ID: event.request_id},
            handle_result=handle_result,
        )
        error = cast("BaseException | None", finished.wait())
        outcome = "failed" if error else "handled"
        telemetry.EVENTS_HANDLED.labels(
            self.container.service_name, self.consumer, outcome
        ).inc()
        return error

    def _park(self, text: str, error: BaseException) -> bool:
        """Keep an event that failed; whether that worked."""
        try:
            with context.database_of(self.container).hub() as session:
                deadletters.park(
                    session, consumer=self.consumer, body=text, error=repr(error)
                )
        except (ServiceError, BusUnavailable):
            log.exception("event neither handled nor parked; it goes back to the queue")
            return False
        return True


class EveryFewSeconds(Timer):  # type: ignore[misc]  # nameko has no types
    """nameko's timer; a tick that fails is logged, and the next one comes."""

    def __init__(self, seconds: float, **kwargs: Any) -> None:
        super().__init__(
            interval=seconds, expected_exceptions=(ServiceError,), **kwargs
        )

    def handle_result(
        self, worker_ctx: WorkerContext, result: Any, exc_info: Any
    ) -> tuple[Any, Any]:
        """Say in one line that something the tick needs is away."""
        if exc_info and isinstance(exc_info[1], ServiceError):
            log.warning("%s: %s", self.method_name, exc_info[1])
        handled: tuple[Any, Any] = super().handle_result(worker_ctx, result, exc_info)
        return handled


def rpc(rule: access.Rule) -> Callable[[Decorated], Decorated]:
    """Offer the decorated method to callers that ``rule`` admits.

    The method takes one ``command`` (JSON primitives) and returns a dict of the same.
    """
    return cast("Callable[[Decorated], Decorated]", Rpc.decorator(rule=rule))


def on_event(source: str, event: str) -> Callable[[Decorated], Decorated]:
    """Call the decorated method ``on_<source>_<event>`` for each such event.

    It must take the effect and `inbox.first_time` in one transaction of its own.
    """
    return cast("Callable[[Decorated], Decorated]", OnEvent.decorator(source, event))


def timer(seconds: float) -> Callable[[Decorated], Decorated]:
    """Call the decorated method every ``seconds``, never twice at the same time."""
    return cast(
        "Callable[[Decorated], Decorated]",
        EveryFewSeconds.decorator(seconds=seconds),
    )
