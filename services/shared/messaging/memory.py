"""The in-process bus: kombu's memory transport, without its one-second polling.

kombu's own transport looks for messages once a second and leaves ``content_type`` out
of a message's properties. This one wakes whoever waits as soon as a message is put or
acknowledged, so the whole hub can run in one process.
"""

from __future__ import annotations

import weakref
from queue import Empty
from typing import Any, Final

from eventlet.event import Event
from eventlet.timeout import Timeout
from kombu.transport import TRANSPORT_ALIASES, memory

URI: Final = "memory://"


class Channel(memory.Channel):
    """A channel that wakes the readers when there may be something to read."""

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        super()._put(queue, message, **kwargs)
        Transport.wake_all()

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:  # noqa: FBT001, FBT002 kombu's signature
        """Acknowledge; the prefetch window may have room again."""
        super().basic_ack(delivery_tag, multiple=multiple)
        Transport.wake_all()

    def basic_cancel(self, consumer_tag: str, nowait: bool = False) -> None:  # noqa: FBT001, FBT002 as over AMQP
        """Stop consuming; there is nothing to wait for in one process."""
        del nowait
        super().basic_cancel(consumer_tag)

    def prepare_message(self, *args: Any, **kwargs: Any) -> Any:
        """A message whose properties carry the content type, as over AMQP."""
        message = super().prepare_message(*args, **kwargs)
        message["properties"].setdefault("content_type", message["content-type"])
        return message


class Transport(memory.Transport):
    """A transport whose readers sleep until they are woken."""

    Channel = Channel
    _waiting: Final[weakref.WeakSet[Transport]] = weakref.WeakSet()

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        self._woken = Event()

    @classmethod
    def wake_all(cls) -> None:
        """Let every sleeping reader look again."""
        for transport in list(cls._waiting):
            cls._waiting.discard(transport)
            transport.wake()

    def wake(self) -> None:
        """Let this reader look again."""
        if not self._woken.ready():
            self._woken.send(None)

    def drain_events(self, connection: Any, timeout: float | None = None) -> None:
        """Deliver one message, sleeping until there is one.

        Raises TimeoutError when ``timeout`` seconds pass without one.
        """
        del connection
        with Timeout(timeout, TimeoutError):
            while True:
                try:
                    self.cycle.get(self._deliver, timeout=timeout)
                except Empty:
                    # Nothing else runs between the look and the wait, so a message
                    # cannot slip in unnoticed.
                    self._woken = Event()
                    self._waiting.add(self)
                    self._woken.wait()
                else:
                    return


def install() -> None:
    """Make ``memory://`` mean this transport in this process."""
    TRANSPORT_ALIASES["memory"] = f"{__name__}:Transport"
