"""Batched calls: how many small calls travel, and are worked on, as one.

A batch is what arrived while the previous one was being worked on; nothing ever waits
for a timer. On the caller's side calls made at the same moment leave as one message,
and while a few messages are unanswered further calls gather for the next. On the
server's side everything that has arrived becomes one call of the method, which gets a
list and returns a list of outcomes in the same order.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

import eventlet
from eventlet.event import Event as Signal
from eventlet.semaphore import Semaphore
from kombu.message import Message
from nameko.containers import WorkerContext
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import DependencyProvider, Entrypoint

from services.shared import access, telemetry
from services.shared.errors import (
    BusUnavailable,
    DeadlinePassed,
    OutcomeUnknown,
    ServiceBusy,
    ServiceError,
)
from services.shared.identity import Identity
from services.shared.messaging import context, topology
from services.shared.messaging.bus import Bus, Subscription
from services.shared.messaging.errors import from_wire, to_wire

log = logging.getLogger(__name__)

Outcome = dict[str, Any] | ServiceError
"""What became of one call: its result, or the fault that befell it alone."""

Method = TypeVar("Method", bound=Callable[[Any, list["Call"]], list[Outcome]])

PREFETCH: Final = 64
"""Messages read ahead; with `CALLS_PER_MESSAGE` it bounds what a process holds."""

CALLS_PER_MESSAGE: Final = 500
MESSAGES_IN_FLIGHT: Final = 4
PENDING_MAX: Final = 4000
"""Calls that may wait in one process for one target before others are refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a batch, as the method sees it."""

    payload: dict[str, Any]
    identity: Identity
    request_id: str


# --- The server's side ----------------------------------------------------------------


@dataclass(slots=True)
class _Arrived:
    """One call as it came in, and what became of it."""

    payload: Any
    token: str
    request_id: str
    expires_at: float
    outcome: Outcome | None = None


@dataclass(slots=True)
class _Parcel:
    """One message: its calls are answered together, then it is acknowledged."""

    message: Message
    calls: list[_Arrived]


class BatchedRpcEntrypoint(Entrypoint):  # type: ignore[misc]  # nameko has no types
    """A method that is called with everything that has arrived."""

    bus = Bus()

    def __init__(
        self, *, rule: access.Rule, max_batch: int, workers: int, **kwargs: Any
    ) -> None:
        self.rule = rule
        self.max_batch = max_batch
        self.workers = workers
        super().__init__(**kwargs)

    def setup(self) -> None:
        """Subscribe to the method's own queue."""
        self.bus.setup()
        self._parcels: deque[_Parcel] = deque()
        self._arrived = Semaphore(0)
        self._is_stopping = False
        self.subscription = Subscription(
            queue=self.bus.topology.batch_queue(
                self.container.service_name, self.method_name
            ),
            on_message=self._on_message,
            on_lost=self._parcels.clear,
            prefetch=PREFETCH,
        )
        self.bus.subscribe(self.subscription)

    def start(self) -> None:
        """Begin to work, with as many batches at a time as ``workers`` says."""
        self._dispatchers = [
            self.container.spawn_managed_thread(self._run) for _ in range(self.workers)
        ]

    def stop(self) -> None:
        """Finish the batches at hand and give everything else back to the broker."""
        self._is_stopping = True
        self.bus.cancel(self.subscription)
        for _ in self._dispatchers:
            self._arrived.release()
        for dispatcher in self._dispatchers:
            dispatcher.wait()
        while self._parcels:
            self.bus.requeue(self._parcels.popleft().message)

    def _on_message(self, message: Message) -> None:
        try:
            body = json.loads(message.body)
            tokens, now = body["identities"], time.monotonic()
            calls = [
                _Arrived(payload, tokens[who], request_id, now + ttl_ms / 1000)
                for payload, who, request_id, ttl_ms in body["calls"]
            ]
        except (ValueError, KeyError, TypeError, IndexError):
            log.exception("a batched call that cannot be read was dropped")
            self.bus.ack(message)
            return
        self._parcels.append(_Parcel(message, calls))
        self._arrived.release()

    def _run(self) -> None:
        while True:
            self._arrived.acquire()
            if self._is_stopping:
                return
            parcels = self._take()
            if parcels:
                self._work(parcels)

    def _take(self) -> list[_Parcel]:
        """Whole messages, up to ``max_batch`` calls but never none."""
        parcels: list[_Parcel] = []
        size = 0
        while self._parcels:
            size += len(self._parcels[0].calls)
            if parcels and size > self.max_batch:
                break
            parcels.append(self._parcels.popleft())
        return parcels

    def _work(self, parcels: list[_Parcel]) -> None:
        self._admit([call for parcel in parcels for call in parcel.calls])
        open_calls = [
            call for parcel in parcels for call in parcel.calls if call.outcome is None
        ]
        try:
            if open_calls:
                self._decide(open_calls)
        except ContainerBeingKilled:
            for parcel in parcels:
                self.bus.requeue(parcel.message)
            return
        for parcel in parcels:
            self._answer(parcel)

    def _admit(self, calls: list[_Arrived]) -> None:
        """Refuse who may not call, and what nobody waits for any more."""
        settings = self.container.config["settings"]
        now = time.monotonic()
        verdicts: dict[str, ServiceError | None] = {}
        for call in calls:
            if call.token not in verdicts:
                try:
                    self.rule(context.verified(call.token, settings))
                    verdicts[call.token] = None
                except ServiceError as error:
                    verdicts[call.token] = error
            call.outcome = verdicts[call.token]
            if call.outcome is None and call.expires_at < now:
                call.outcome = DeadlinePassed()

    def _decide(self, calls: list[_Arrived]) -> None:
        outcomes = self._invoke(calls)
        if outcomes is None and len(calls) > 1:
            # Something unforeseen in one call must not fail the others with it. The
            # methods are idempotent, so each call can be tried alone.
            for call in calls:
                alone = self._invoke([call])
                call.outcome = alone[0] if alone else to_service_error(None)
            return
        for call, outcome in zip(
            calls, outcomes or [to_service_error(None)] * len(calls), strict=True
        ):
            call.outcome = outcome

    def _invoke(self, calls: list[_Arrived]) -> list[Outcome] | None:
        """The method's outcomes; None when it failed in a way it did not foresee."""
        settings = self.container.config["settings"]
        arguments = []
        for call in calls:
            identity = context.verified(call.token, settings)
            assert identity is not None or self.rule is access.anyone  # noqa: S101
            arguments.append(
                Call(
                    payload=call.payload,
                    identity=cast("Identity", identity),
                    request_id=call.request_id,
                )
            )
        finished = Signal()

        def handle_result(_worker: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
            finished.send((result, exc_info[1] if exc_info else None))
            return result, exc_info

        started = time.monotonic()
        self.container.spawn_worker(
            self, (arguments,), {}, context_data={}, handle_result=handle_result
        )
        outcomes, error = finished.wait()
        labels = (self.container.service_name, self.method_name)
        telemetry.BATCH_SIZE.labels(*labels).observe(len(calls))
        telemetry.BATCH_SECONDS.labels(*labels).observe(time.monotonic() - started)
        if isinstance(error, ServiceError):
            return [error] * len(calls)
        if error is not None:
            return None
        if len(outcomes) != len(calls):
            log.error("%s returned %d of %d", labels, len(outcomes), len(calls))
            return None
        return cast("list[Outcome]", outcomes)

    def _answer(self, parcel: _Parcel) -> None:
        """Reply, then acknowledge: a message is done when its answer is on its way."""
        body = {
            "outcomes": [
                [None, to_wire(call.outcome)]
                if isinstance(call.outcome, Exception)
                else [call.outcome, None]
                for call in parcel.calls
            ]
        }
        properties = parcel.message.properties
        try:
            self.bus.publish(
                body,
                key=properties["reply_to"],
                correlation_id=properties["correlation_id"],
            )
        except (ServiceError, KeyError) as error:
            log.warning("answers not sent: %r", error)
        self.bus.ack(parcel.message)


def to_service_error(error: BaseException | None) -> ServiceError:
    """What a caller is told of a fault nobody foresaw: nothing but that it happened."""
    return from_wire(to_wire(error or RuntimeError()))


def batched_rpc(
    rule: access.Rule, *, max_batch: int = 1000, workers: int = 1
) -> Callable[[Method], Method]:
    """Offer the decorated method to batched callers that ``rule`` admits.

    The method takes a list of `Call` and returns a list of outcomes of the same length
    and order, each a dict of JSON primitives or a ServiceError. It must be idempotent.
    At most ``max_batch`` calls make a batch and ``workers`` batches run at a time.
    """
    return cast(
        "Callable[[Method], Method]",
        BatchedRpcEntrypoint.decorator(rule=rule, max_batch=max_batch, workers=workers),
    )


# --- The caller's side ----------------------------------------------------------------


@dataclass(slots=True)
class _Group:
    """The calls that one green thread made together and waits for."""

    outcomes: list[Outcome | None]
    missing: int
    answered: Signal = field(default_factory=Signal)

    def settle(self, position: int, outcome: Outcome) -> None:
        """Note one outcome; wake the caller when it was the last."""
        if self.outcomes[position] is None:
            self.outcomes[position] = outcome
            self.missing -= 1
            if self.missing == 0:
                self.answered.send(None)


@dataclass(slots=True)
class _Waiting:
    """One call that has not left yet."""

    group: _Group
    position: int
    payload: dict[str, Any]
    token: str
    request_id: str
    expires_at: float


class Coalescer:
    """Sends the calls of one process to one method, as few messages as it can."""

    def __init__(
        self, bus: Bus, service: str, method: str, calls_per_message: int
    ) -> None:
        self._bus = bus
        self._calls_per_message = calls_per_message
        self._key = topology.batch_key(service, method)
        self._target = (service, method)
        self._buffer: deque[_Waiting] = deque()
        self._wanted = Semaphore(0)
        self._in_flight = 0
        self._pending = 0

    def submit(
        self,
        payloads: list[dict[str, Any]],
        token: str,
        request_id: str,
        seconds: float,
    ) -> list[Outcome]:
        """Make the calls and wait for all outcomes, in order.

        What has no outcome after ``seconds`` is DeadlinePassed. Raises ServiceBusy when
        too many calls wait already, BusUnavailable when the broker is away.
        """
        if self._pending + len(payloads) > PENDING_MAX and self._pending:
            telemetry.CALLS_REFUSED.labels(*self._target).inc(len(payloads))
            raise ServiceBusy
        if not self._bus.is_up:
            raise BusUnavailable
        group = _Group([None] * len(payloads), len(payloads))
        expires_at = time.monotonic() + seconds
        self._count(len(payloads))
        try:
            self._buffer.extend(
                _Waiting(group, position, payload, token, request_id, expires_at)
                for position, payload in enumerate(payloads)
            )
            self._wanted.release()
            group.answered.wait(seconds)
        finally:
            self._count(-len(payloads))
        return [
            DeadlinePassed() if outcome is None else outcome
            for outcome in group.outcomes
        ]

    def run(self) -> None:
        """Send what has gathered, for ever."""
        while True:
            self._wanted.acquire()
            # Let every green thread that is ready to call do so first: their calls then
            # share the message. It costs nothing when nobody else is ready.
            eventlet.sleep(0)
            while self._buffer and self._in_flight < MESSAGES_IN_FLIGHT:
                self._send(self._take())

    def _count(self, calls: int) -> None:
        self._pending += calls
        telemetry.CALLS_PENDING.labels(*self._target).inc(calls)

    def _take(self) -> list[_Waiting]:
        now = time.monotonic()
        calls: list[_Waiting] = []
        while self._buffer and len(calls) < self._calls_per_message:
            call = self._buffer.popleft()
            if call.expires_at > now:
                calls.append(call)
        return calls

    def _send(self, calls: list[_Waiting]) -> None:
        if not calls:
            return
        now = time.monotonic()
        tokens = {call.token: None for call in calls}
        index = {token: position for position, token in enumerate(tokens)}
        body = {
            "identities": list(tokens),
            "calls": [
                [
                    call.payload,
                    index[call.token],
                    call.request_id,
                    int((call.expires_at - now) * 1000),
                ]
                for call in calls
            ],
        }
        longest = max(call.expires_at for call in calls) - now
        correlation_id = uuid.uuid4().hex
        flight = _Flight(self, calls)
        self._in_flight += 1
        self._bus.expect(correlation_id, flight.land)
        # A lost answer must not keep its place among the messages in flight for ever.
        flight.overdue = eventlet.spawn_after(longest, self._give_up, correlation_id)
        try:
            self._bus.publish(
                body,
                key=self._key,
                correlation_id=correlation_id,
                reply_to=self._bus.reply_to,
                expires_seconds=longest,
            )
        except ServiceError as error:
            self._bus.forget(correlation_id)
            flight.land(error)

    def _give_up(self, correlation_id: str) -> None:
        self._bus.fail(correlation_id, DeadlinePassed())

    def landed(self) -> None:
        """A message was answered: what has gathered may leave."""
        self._in_flight -= 1
        self._wanted.release()


class _Flight:
    """One message on its way, until its answer is here."""

    overdue: Any = None

    def __init__(self, coalescer: Coalescer, calls: list[_Waiting]) -> None:
        self._coalescer = coalescer
        self._calls = calls

    def land(self, answer: Any) -> None:
        """Give every call its outcome: ``answer`` is a body, or a fault for all."""
        self.overdue.cancel()
        for call, outcome in zip(self._calls, self._outcomes(answer), strict=True):
            call.group.settle(call.position, outcome)
        self._coalescer.landed()

    def _outcomes(self, answer: Any) -> list[Outcome]:
        if isinstance(answer, ServiceError):
            return [answer] * len(self._calls)
        outcomes = answer.get("outcomes", ())
        if len(outcomes) != len(self._calls):
            return [OutcomeUnknown()] * len(self._calls)
        return [from_wire(error) if error else result for result, error in outcomes]


class BatchedClient:
    """Calls one batched method on behalf of one caller."""

    def __init__(self, coalescer: Coalescer, bus: Bus, caller: dict[str, Any]) -> None:
        self._coalescer = coalescer
        self._bus = bus
        self._caller = caller

    def call(
        self, payload: dict[str, Any], *, deadline: float | None = None
    ) -> dict[str, Any]:
        """One call. Raises the ServiceError that the other side decided on."""
        outcome = self.call_many([payload], deadline=deadline)[0]
        if isinstance(outcome, ServiceError):
            raise outcome
        return outcome

    def call_many(
        self, payloads: list[dict[str, Any]], *, deadline: float | None = None
    ) -> list[Outcome]:
        """Many calls at once; their outcomes in order, faults as values.

        Raises ServiceBusy or BusUnavailable when nothing was sent.
        """
        settings = self._bus.settings
        return self._coalescer.submit(
            payloads,
            context.outgoing_token(self._caller, self._bus.service, settings),
            str(self._caller.get(context.REQUEST_ID, "")),
            deadline or settings.call_seconds,
        )


class BatchedRpc(DependencyProvider):  # type: ignore[misc]  # nameko has no types
    """Provides a client of one batched method to a service method.

    ``calls_per_message`` is lower for methods whose calls are large in themselves.
    """

    bus = Bus()

    def __init__(
        self, target: str, method: str, *, calls_per_message: int = CALLS_PER_MESSAGE
    ) -> None:
        self.target = target
        self.method = method
        self.calls_per_message = calls_per_message

    def setup(self) -> None:
        """Make the coalescer that all workers of this process share."""
        self.bus.setup()
        self.coalescer = Coalescer(
            self.bus, self.target, self.method, self.calls_per_message
        )

    def start(self) -> None:
        """Begin to send."""
        self._sender = self.container.spawn_managed_thread(self.coalescer.run)

    def stop(self) -> None:
        """Stop sending; no worker is left that could call."""
        self._sender.kill()

    def get_dependency(self, worker_ctx: WorkerContext) -> BatchedClient:
        """A client that speaks in the name of this worker's caller."""
        return BatchedClient(self.coalescer, self.bus, worker_ctx.data)
