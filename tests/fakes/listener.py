"""A system outside of the hub that listens on a real socket and keeps what it hears."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from services.hub.simulators import web


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(kw_only=True)
class Listener:
    """Answers every request with ``status``, or as ``respond`` decides."""

    status: int = 200
    respond: Callable[[Heard], int] | None = None
    heard: list[Heard] = field(default_factory=list)

    def start(self) -> None:
        """Listen on a free port."""
        self._bound = web.server(("127.0.0.1", 0), self._answer)
        self.stop = web.serve_aside(self._bound)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{web.address_of(self._bound)}"

    def _answer(
        self, _method: str, path: str, headers: dict[str, str], body: bytes
    ) -> web.Answer:
        heard = Heard(path=path, headers=headers, body=body)
        self.heard.append(heard)
        return (self.respond(heard) if self.respond else self.status), {}
