"""The two kept connections of one service process and all that flows over them.

Everything is read on one connection (``inbound``) and written on the other
(``outbound``), because a broker short of memory or disk stops reading from connections
that publish: replies and acknowledgements to be read must not be stuck behind that.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from eventlet.event import Event
from kombu import Connection, Consumer, Queue
from kombu.message import Message
from nameko.extensions import SharedExtension

from services.shared import telemetry
from services.shared.errors import BusUnavailable, OutcomeUnknown, UnavailableError
from services.shared.messaging import link, topology
from services.shared.settings import Settings

log = logging.getLogger(__name__)

CONTENT_TYPE: Final = "application/json"
START_SECONDS: Final = 5.0

Handler = Callable[[Message], None]
Reply = Callable[[Any], None]
"""Takes the decoded body of an answer, or the ServiceError that came instead."""


@dataclass(eq=False, slots=True, kw_only=True)
class Subscription:
    """One queue that is read: by whom, and how many messages ahead."""

    queue: Queue
    on_message: Handler
    prefetch: int
    on_lost: Callable[[], None] = lambda: None
    no_ack: bool = False
    consumer: Consumer | None = field(default=None, init=False)

    def open(self, connection: Connection) -> None:
        """Declare the queue and begin to read it, on a channel of its own."""
        channel = connection.channel()
        channel.basic_qos(0, self.prefetch, False)  # noqa: FBT003 AMQP's own signature
        queue = self.queue(channel)
        queue.declare()
        self.consumer = Consumer(
            channel, [queue], on_message=self.on_message, no_ack=self.no_ack
        )
        self.consumer.consume()


class Bus(SharedExtension):  # type: ignore[misc]  # nameko has no types
    """The connections of one container, shared by all its extensions."""

    _is_set_up = False

    def setup(self) -> None:
        """Read the settings; nothing is connected yet.

        nameko sets extensions up in any order, so those that subscribe call it first.
        """
        if self._is_set_up:
            return
        self._is_set_up = True
        settings: Settings = self.container.config["settings"]
        self.settings = settings
        self.service: str = self.container.service_name
        self.topology = topology.Topology(
            namespace=settings.bus_namespace,
            event_queue_type=settings.event_queue_type,
        )
        self.reply_to = uuid.uuid4().hex
        self.subscriptions: list[Subscription] = []
        self._cancelled: set[Subscription] = set()
        self._awaited: dict[str, Reply] = {}
        self._blocked = False
        self._calls: Any = None
        self._events: Any = None
        self._confirms: dict[int, Event] = {}
        self.subscribe(
            Subscription(
                queue=self.topology.reply_queue(self.service, self.reply_to),
                on_message=self._on_reply,
                prefetch=0,
                no_ack=True,
            )
        )
        self.inbound = link.Link(
            settings.amqp_uri,
            name=f"{self.service} inbound",
            prepare=self._prepare_inbound,
            lost=self._lost_inbound,
        )
        self.outbound = link.Link(
            settings.amqp_uri,
            name=f"{self.service} outbound",
            prepare=self._prepare_outbound,
            lost=self._lost_outbound,
            transport_options=self._blocking_notices(),
        )

    def start(self) -> None:
        """Connect; a broker that is down does not keep the service from starting."""
        self.inbound.start()
        self.outbound.start()
        for one in (self.inbound, self.outbound):
            if not one.wait_up(START_SECONDS):
                log.warning("%s: started without a broker", one.name)

    def stop(self) -> None:
        """Disconnect. Called by nameko after the last worker has finished."""
        self._fail_awaited(OutcomeUnknown("The service is stopping."))
        self.inbound.stop()
        self.outbound.stop()

    kill = stop

    @property
    def is_up(self) -> bool:
        """Whether messages can be sent and received right now."""
        return self.inbound.is_up and self.outbound.is_up and not self._blocked

    # Reading

    def subscribe(self, subscription: Subscription) -> None:
        """Read a queue from the next connection on; call it in ``setup``."""
        self.subscriptions.append(subscription)

    def cancel(self, subscription: Subscription) -> None:
        """Stop reading a queue; messages already handed over stay ours."""
        self._cancelled.add(subscription)
        consumer = subscription.consumer
        if consumer is not None and self.inbound.is_up:
            for tag in list(consumer._active_tags.values()):  # noqa: SLF001
                # kombu's own cancel waits for an answer that only the reader may read.
                _quietly(consumer.channel.basic_cancel, tag, nowait=True)

    def ack(self, message: Message) -> None:
        """Tell the broker that ``message`` is done with."""
        _quietly(message.ack)

    def requeue(self, message: Message) -> None:
        """Give ``message`` back to the broker."""
        _quietly(message.requeue)

    def queue_depths(self, queues: list[Queue]) -> dict[str, int]:
        """How many messages wait in each of ``queues``, asked over a short connection.

        A queue that nobody has declared yet is left out.
        """
        depths = {}
        with Connection(self.settings.amqp_uri, connect_timeout=1) as connection:
            for queue in queues:
                try:
                    with connection.channel() as channel:
                        found = queue(channel).queue_declare(passive=True)
                except connection.channel_errors:
                    continue
                depths[queue.name] = found.message_count
        return depths

    # Writing

    def publish(
        self,
        body: Any,
        *,
        key: str,
        headers: dict[str, str] | None = None,
        correlation_id: str | None = None,
        reply_to: str | None = None,
        expires_seconds: float | None = None,
    ) -> None:
        """Send a transient message on the exchange of calls.

        Raises BusUnavailable when nothing was sent, OutcomeUnknown when it broke off.
        """
        if not self.outbound.is_up or self._blocked:
            raise BusUnavailable
        properties: dict[str, Any] = {"delivery_mode": 1}
        if correlation_id:
            properties["correlation_id"] = correlation_id
        if reply_to:
            properties["reply_to"] = reply_to
        if expires_seconds:
            properties["expiration"] = str(max(1, int(expires_seconds * 1000)))
        channel = self._calls
        message = channel.prepare_message(
            json.dumps(body, separators=(",", ":")).encode(),
            content_type=CONTENT_TYPE,
            content_encoding="utf-8",
            headers=headers or {},
            properties=properties,
        )
        try:
            channel.basic_publish(
                message,
                exchange=self.topology.rpc_exchange.name,
                routing_key=key,
                mandatory=reply_to is not None,
            )
        except Exception as error:
            raise OutcomeUnknown from error

    def publish_confirmed(
        self, exchange: str, messages: list[tuple[str, dict[str, Any]]], seconds: float
    ) -> None:
        """Send persistent messages and wait until the broker has all of them.

        ``messages`` are pairs of routing key and JSON body. Many are in flight at once.
        Raises BusUnavailable when any of them was not confirmed: send all again.
        """
        if not self.outbound.is_up or self._blocked:
            raise BusUnavailable
        channel = self._events
        awaits_confirms = hasattr(channel, "confirm_select")
        waiting = []
        try:
            for key, body in messages:
                message = channel.prepare_message(
                    json.dumps(body, separators=(",", ":")).encode(),
                    content_type=CONTENT_TYPE,
                    content_encoding="utf-8",
                    properties={"delivery_mode": 2, "message_id": body["event_id"]},
                )
                if awaits_confirms:
                    # The broker numbers the messages of a channel in confirm mode.
                    channel.hub_published += 1
                    confirmed = self._confirms[channel.hub_published] = Event()
                    waiting.append(confirmed)
                channel.basic_publish(message, exchange=exchange, routing_key=key)
        except Exception as error:
            raise BusUnavailable from error
        for confirmed in waiting:
            if confirmed.wait(seconds) is not True:
                raise BusUnavailable

    def expect(self, correlation_id: str, reply: Reply) -> None:
        """Hand the answer that carries ``correlation_id`` to ``reply``, once."""
        self._awaited[correlation_id] = reply

    def fail(self, correlation_id: str, error: Exception) -> None:
        """Hand ``error`` to whoever still expects ``correlation_id``."""
        reply = self._awaited.pop(correlation_id, None)
        if reply is not None:
            reply(error)

    def forget(self, correlation_id: str) -> None:
        """Stop expecting an answer; it is dropped should it still come."""
        self._awaited.pop(correlation_id, None)

    # The connections' events

    def _prepare_inbound(self, connection: Connection) -> None:
        for subscription in self.subscriptions:
            if subscription not in self._cancelled:
                subscription.open(connection)

    def _lost_inbound(self) -> None:
        for subscription in self.subscriptions:
            subscription.on_lost()
        self._fail_awaited(OutcomeUnknown())

    def _prepare_outbound(self, connection: Connection) -> None:
        self._blocked = False
        calls = connection.channel()
        self.topology.rpc_exchange(calls).declare()
        events = connection.channel()
        self.topology.event_exchange(self.service)(events).declare()
        if hasattr(calls, "confirm_select"):
            calls.events["basic_return"].add(self._on_returned)
            events.confirm_select()
            events.hub_published = 0
            events.events["basic_ack"].add(self._on_confirmed)
            events.events["basic_nack"].add(self._on_refused)
        self._calls, self._events = calls, events

    def _lost_outbound(self) -> None:
        self._blocked = False
        self._resolve_confirms(list(self._confirms), confirmed=False)
        self._fail_awaited(OutcomeUnknown())

    def _blocking_notices(self) -> dict[str, Any]:
        if self.settings.amqp_uri.startswith("memory:"):
            return {}
        return {"on_blocked": self._on_blocked, "on_unblocked": self._on_unblocked}

    def _on_blocked(self, reason: str = "") -> None:
        log.error("the broker takes no more messages: %s", reason)
        telemetry.BUS_BLOCKED.set(1)
        self._blocked = True

    def _on_unblocked(self) -> None:
        log.warning("the broker takes messages again")
        telemetry.BUS_BLOCKED.set(0)
        self._blocked = False

    def _on_confirmed(self, delivery_tag: int, multiple: bool) -> None:  # noqa: FBT001
        self._resolve_confirms(self._tags(delivery_tag, multiple), confirmed=True)

    def _on_refused(self, delivery_tag: int, multiple: bool) -> None:  # noqa: FBT001
        self._resolve_confirms(self._tags(delivery_tag, multiple), confirmed=False)

    def _tags(self, delivery_tag: int, multiple: bool) -> list[int]:  # noqa: FBT001
        if not multiple:
            return [delivery_tag]
        return [tag for tag in self._confirms if tag <= delivery_tag]

    def _resolve_confirms(self, tags: list[int], *, confirmed: bool) -> None:
        for tag in tags:
            event = self._confirms.pop(tag, None)
            if event is not None:
                event.send(confirmed)

    def _on_returned(
        self, _exception: Any, _exchange: str, routing_key: str, message: Any
    ) -> None:
        """The broker knows no queue for a call: that service has never run here."""
        reply = self._awaited.pop(message.properties.get("correlation_id", ""), None)
        if reply is not None:
            service = routing_key.split(".", maxsplit=1)[0]
            reply(UnavailableError(f"The service {service} is not running."))

    def _on_reply(self, message: Message) -> None:
        reply = self._awaited.pop(message.properties.get("correlation_id", ""), None)
        if reply is None:
            return
        try:
            reply(json.loads(message.body))
        except ValueError:
            log.exception("an answer that is not JSON")
            reply(OutcomeUnknown("The answer could not be read."))

    def _fail_awaited(self, error: Exception) -> None:
        awaited, self._awaited = self._awaited, {}
        for reply in awaited.values():
            reply(error)


def _quietly(action: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Settle a message; on a broken channel the broker will deliver it again anyway."""
    try:
        action(*args, **kwargs)
    except Exception as error:  # noqa: BLE001
        log.debug("message not settled: %r", error)
