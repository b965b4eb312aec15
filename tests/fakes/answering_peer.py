"""Another service whose answers a test sets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from services.shared.errors import NotFound, ServiceError


@dataclass
class FakePeer:
    """Another service whose answers a test sets, by method; calls are kept.

    An answer is a value, a function of the command, or an error to raise.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def answer(command: dict[str, Any], **_: Any) -> Any:
            self.calls.append((method, command))
            given = self.answers.get(method, NotFound(f"no answer for {method}"))
            if isinstance(given, ServiceError):
                raise given
            return given(command) if callable(given) else given

        if method.startswith("_"):
            raise AttributeError(method)
        return answer

    def on_behalf_of(self, cooperative_id: str) -> FakePeer:
        """The same: a fake serves one cooperative."""
        del cooperative_id
        return self

    def called(self, method: str) -> list[dict[str, Any]]:
        """The commands of all calls of a method, in order."""
        return [command for name, command in self.calls if name == method]
