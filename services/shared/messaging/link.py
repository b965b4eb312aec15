"""One kept connection to the broker: connects, reads, beats and comes back.

A green thread of its own reads the connection for as long as it lives; everybody else
only writes. Whatever was waiting on a connection that broke is told so, and the link
connects again with growing pauses.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

import eventlet
from eventlet import greenthread, hubs
from eventlet.event import Event
from eventlet.greenthread import GreenThread
from eventlet.timeout import Timeout
from kombu import Connection

from services.shared.messaging import memory

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 20
CONNECT_SECONDS: Final = 5
PAUSE_SECONDS_MAX: Final = 5.0
FRAMES_PER_TURN: Final = 64

Prepare = Callable[[Connection], None]
Lost = Callable[[], None]


class Link:
    """A connection that is opened again whenever it breaks.

    ``prepare`` declares and subscribes on every new connection before anything is read
    from it; ``lost`` is called once for every connection that breaks.
    """

    def __init__(
        self,
        uri: str,
        *,
        name: str,
        prepare: Prepare,
        lost: Lost,
        transport_options: dict[str, Any] | None = None,
    ) -> None:
        self.uri = uri
        self.name = name
        self.is_up = False
        self._prepare = prepare
        self._lost = lost
        self._transport_options = transport_options or {}
        self._connection: Connection | None = None
        self._reader: GreenThread | None = None
        self._first_up = Event()

    def start(self) -> None:
        """Begin connecting; returns at once."""
        self._reader = eventlet.spawn(self._run)

    def wait_up(self, seconds: float) -> bool:
        """Wait until the first connection stands; whether it does."""
        with Timeout(seconds, exception=False):
            self._first_up.wait()
        return self.is_up

    def stop(self) -> None:
        """Close the connection and end the reader."""
        if self._reader is not None:
            self._reader.kill()
            self._reader = None
        self._close()

    def _run(self) -> None:
        pause = 0.1
        while True:
            try:
                self._open()
            except Exception as error:  # noqa: BLE001 any failure to connect means: again
                log.warning("%s: no broker (%s)", self.name, type(error).__name__)
                self._close()
                eventlet.sleep(pause)
                pause = min(pause * 2, PAUSE_SECONDS_MAX)
                continue
            pause = 0.1
            beat = eventlet.spawn(self._beat, greenthread.getcurrent())
            try:
                self._read()
            except Exception as error:  # noqa: BLE001 a broken link is replaced, whatever broke it
                log.warning("%s: connection lost (%r)", self.name, error)
            finally:
                beat.kill()
                self._close()

    def _open(self) -> None:
        connection = Connection(
            self.uri,
            heartbeat=HEARTBEAT_SECONDS,
            connect_timeout=CONNECT_SECONDS,
            transport_options=dict(self._transport_options),
        )
        self._connection = connection
        with Timeout(CONNECT_SECONDS * 2):
            connection.connect()
            _leave_reading_to_us(connection)
            self._prepare(connection)
        self.is_up = True
        if not self._first_up.ready():
            self._first_up.send(None)

    def _read(self) -> None:
        connection = self._connection
        assert connection is not None  # noqa: S101 for mypy; _open has set it
        while True:
            for _ in range(FRAMES_PER_TURN):
                connection.drain_events()
            # A socket that always has something to read would never let others run.
            eventlet.sleep(0)

    def _beat(self, reader: Any) -> None:
        """Send heartbeats; a broker that stays silent for two of them is gone."""
        connection = self._connection
        if connection is None or not connection.supports_heartbeats:
            return
        while True:
            eventlet.sleep(HEARTBEAT_SECONDS / 4)
            try:
                connection.heartbeat_check()
            except Exception as error:  # noqa: BLE001 handed to the reader, which reconnects
                greenthread.kill(reader, ConnectionError(f"heartbeat: {error!r}"))
                return

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        was_up, self.is_up = self.is_up, False
        if was_up:
            self._lost()
        if connection is not None:
            _wake_writers(connection)
            try:
                with Timeout(1):
                    connection.release()
            except (Exception, Timeout):  # noqa: BLE001 it is being thrown away
                connection.collect()


def _wake_writers(connection: Connection) -> None:
    """Fail whoever is stuck writing to a connection that is being given up.

    eventlet would otherwise find them still waiting when the operating system gives the
    same number to the next socket, which may be one of PostgreSQL's.
    """
    transport = getattr(connection.connection, "transport", None)
    sock = getattr(transport, "sock", None)
    if sock is not None and sock.fileno() >= 0:
        hubs.notify_close(sock.fileno())


def _leave_reading_to_us(connection: Connection) -> None:
    """Keep py-amqp from reading the socket inside every publish.

    It does so to notice a blocked connection, but only one green thread may read, and
    ours does so all the time and receives that notice as well.
    """
    capabilities = getattr(connection.connection, "client_properties", {}).get(
        "capabilities", {}
    )
    if capabilities.get("connection.blocked"):
        capabilities["connection.blocked"] = False


memory.install()
