"""Another service, called without a bus: the real entrypoints on a real database.

What crosses the wire is JSON, and who calls is checked: both are done here as well, so
that a test cannot pass with what a message could not carry.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from services.shared.identity import Identity
from services.shared.persistence.database import Database
from services.shared.settings import Settings


@dataclass(frozen=True, kw_only=True)
class FixedCaller:
    """Who calls, for the whole life of a service object."""

    identity: Identity
    request_id: str = "req_test"


def service(
    kind: type,
    *,
    database: Database,
    settings: Settings,
    caller: Identity,
    **peers: object,
) -> Any:
    """A service object whose dependencies are given instead of injected."""
    made = kind()
    provided = {
        "database": database,
        "settings": settings,
        "caller": FixedCaller(identity=caller),
    }
    for name, value in (provided | peers).items():
        setattr(made, name, value)
    return made


def call(target: Any, method: str, command: dict[str, Any]) -> dict[str, Any]:
    """The answer of an entrypoint, once its rule has let the caller in."""
    bound = getattr(target, method)
    for entrypoint in bound.nameko_entrypoints:
        entrypoint.rule(target.caller.identity)
    answer: dict[str, Any] = json.loads(json.dumps(bound(_through_json(command))))
    return answer


def _through_json(command: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(json.dumps(command))
    return read
