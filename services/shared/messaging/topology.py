"""What exchanges and queues are called and how they are declared: a wire contract.

Names are pinned by ``tests/contract``: renaming one orphans a durable queue together
with the messages in it. The namespace lets several hubs, or several test runs, share
one broker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from kombu import Exchange, Queue

REPLY_QUEUE_SECONDS: Final = 60
"""How long a reply queue outlives its reader: long enough for a reconnect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """The names in one namespace."""

    namespace: str = ""
    event_queue_type: str = "classic"

    @property
    def rpc_exchange(self) -> Exchange:
        """The exchange of calls and replies; nameko's own name when not namespaced."""
        return Exchange(f"{self.namespace}nameko-rpc", type="topic", durable=True)

    def rpc_queue(self, service: str) -> Queue:
        """The queue of all plain calls to ``service``."""
        return Queue(
            f"{self.namespace}rpc-{service}",
            exchange=self.rpc_exchange,
            routing_key=f"{service}.*",
            durable=True,
        )

    def batch_queue(self, service: str, method: str) -> Queue:
        """The queue of batched calls to one method."""
        return Queue(
            f"{self.namespace}rpc-{service}.{method}",
            exchange=self.rpc_exchange,
            routing_key=batch_key(service, method),
            durable=True,
        )

    def reply_queue(self, service: str, identifier: str) -> Queue:
        """The queue on which one process of ``service`` reads its answers."""
        return Queue(
            f"{self.namespace}rpc.reply-{service}-{identifier}",
            exchange=self.rpc_exchange,
            routing_key=identifier,
            durable=False,
            auto_delete=True,
            expires=REPLY_QUEUE_SECONDS,
        )

    def event_exchange(self, service: str) -> Exchange:
        """The exchange on which ``service`` tells what happened."""
        return Exchange(f"{self.namespace}{service}.events", type="topic", durable=True)

    def event_queue(self, source: str, event: str, service: str, method: str) -> Queue:
        """The durable queue of one handler for one kind of event."""
        arguments: dict[str, Any] = {}
        if self.event_queue_type == "quorum":
            arguments["x-queue-type"] = "quorum"
        return Queue(
            f"{self.namespace}evt-{source}-{event}--{service}.{method}",
            exchange=self.event_exchange(source),
            routing_key=event,
            durable=True,
            queue_arguments=arguments,
        )


def call_key(service: str, method: str) -> str:
    """The routing key of a plain call."""
    return f"{service}.{method}"


def batch_key(service: str, method: str) -> str:
    """The routing key of a batched call: three words, so plain calls never match it."""
    return f"{service}.{method}.batch"
