"""A wire that a test can cut: what a server looks like that went away and came back.

The relay is a process of its own. Killing it breaks every connection as a lost server
does, and whatever else the test's process holds, its green threads above all, can
neither keep a connection alive nor hinder the wire from coming back.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

ROOT: Final = Path(__file__).resolve().parents[2]
CHUNK: Final = 65536


class CuttableProxy:
    """A TCP relay in front of a server whose wire a test can cut.

    ``uri`` leads to the server by way of the relay.
    """

    def __init__(self, uri: str, default_port: int) -> None:
        parts = urlsplit(uri)
        self._target = (parts.hostname or "127.0.0.1", parts.port or default_port)
        self._relay: subprocess.Popen[bytes] | None = None
        # Bound but never listening: while the wire is cut nobody else gets the port.
        self._reserved = _bound(0)
        self._port: int = self._reserved.getsockname()[1]
        self.resume()
        login = parts.netloc.rpartition("@")[0]
        at = f"{login}@" if login else ""
        relayed = parts._replace(netloc=f"{at}127.0.0.1:{self._port}")
        self.uri = relayed.geturl()

    def resume_if_cut(self) -> None:
        """Accept connections, if the wire is cut."""
        if self._relay is None:
            self.resume()

    def resume(self) -> None:
        """Accept connections (again)."""
        arguments = [str(self._port), self._target[0], str(self._target[1])]
        self._relay = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.wire", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        if self._relay.stdout is None or not self._relay.stdout.readline():
            message = "the relay did not start"
            raise RuntimeError(message)

    def cut(self) -> None:
        """Refuse new connections and break those that stand."""
        if self._relay is None:
            return
        relay, self._relay = self._relay, None
        relay.kill()
        relay.communicate()

    def close(self) -> None:
        """Cut the wire for good and give its port back."""
        self.cut()
        self._reserved.close()


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    return made


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(CHUNK):
            sink.write(data)
            await sink.drain()
    sink.close()


async def _relay(port: int, host: str, target: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(host, target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    server = await asyncio.start_server(serve, sock=_bound(port), limit=CHUNK)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_relay(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
