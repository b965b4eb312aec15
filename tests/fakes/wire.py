"""A wire that a test can cut: what a server looks like that went away and came back."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import eventlet


class CuttableProxy:
    """A TCP relay in front of a server whose wire a test can cut.

    ``uri`` leads to the server by way of the relay.
    """

    def __init__(self, uri: str, default_port: int) -> None:
        parts = urlsplit(uri)
        self._target = (parts.hostname or "127.0.0.1", parts.port or default_port)
        self._pipes: list[Any] = []
        self._listener: Any = None
        self._port = 0
        self.resume()
        login = parts.netloc.rpartition("@")[0]
        at = f"{login}@" if login else ""
        relayed = parts._replace(netloc=f"{at}127.0.0.1:{self._port}")
        self.uri = relayed.geturl()

    def resume_if_cut(self) -> None:
        """Accept connections, if the wire is cut."""
        if self._listener is None:
            self.resume()

    def resume(self) -> None:
        """Accept connections (again)."""
        listener = eventlet.listen(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        self._listener = (listener, eventlet.spawn(self._accept, listener))

    def cut(self) -> None:
        """Refuse new connections and break those that stand."""
        if self._listener is None:
            return
        listener, thread = self._listener
        self._listener = None
        thread.kill()
        listener.close()
        for side in self._pipes:
            # Not closed here: a green thread still waits for it, and eventlet must
            # not find that thread waiting when the number is used again.
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
        self._pipes.clear()

    def _accept(self, listener: Any) -> None:
        while True:
            client, _ = listener.accept()
            server = eventlet.connect(self._target)
            self._pipes += [client, server]
            eventlet.spawn_n(_relay, client, server)


def _relay(client: Any, server: Any) -> None:
    back = eventlet.spawn(_pump, server, client)
    _pump(client, server)
    back.wait()
    client.close()
    server.close()


def _pump(source: Any, sink: Any) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except (OSError, EOFError):
        pass
    finally:
        for side in (source, sink):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
