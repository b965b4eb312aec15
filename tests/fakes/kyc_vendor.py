"""What the kyc service speaks with: the real services in this process, unreliable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from services.shared import identity
from services.shared.identity import Identity
from services.shared.persistence.database import Database
from services.shared.settings import Settings
from tests.fakes import in_process


class Killed(BaseException):
    """The process died here."""


@dataclass(kw_only=True)
class Faults:
    """What goes wrong with calls, by method; each once, unless put in again."""

    # Raised instead of the call, and after it was done.
    instead: dict[str, BaseException] = field(default_factory=dict)
    afterwards: dict[str, BaseException] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Peer:
    """A service as kyc sees it: real entrypoints, with what a network does to them."""

    kind: type
    database: Database
    settings: Settings
    caller: Identity
    faults: Faults

    def on_behalf_of(self, cooperative_id: str) -> Peer:
        """The same service, asked by kyc of its own accord."""
        own = identity.of_service("kyc")
        return replace(self, caller=replace(own, cooperative_id=cooperative_id))

    def __getattr__(self, method: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        def call(command: dict[str, Any]) -> dict[str, Any]:
            self.faults.calls.append(method)
            if (fault := self.faults.instead.pop(method, None)) is not None:
                raise fault
            service = in_process.service(
                self.kind,
                database=self.database,
                settings=self.settings,
                caller=self.caller,
            )
            answer = in_process.call(service, method, command)
            if (fault := self.faults.afterwards.pop(method, None)) is not None:
                raise fault
            return answer

        return call
