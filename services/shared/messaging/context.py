"""Whose request is being worked on: identity and request id between headers and worker.

They travel in message headers under nameko's prefix and sit in the worker context. A
service signs the identity again with its own name before it passes a request on.
"""

from __future__ import annotations

from typing import Any, Final

from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider

from services.shared import identity as identities
from services.shared import telemetry
from services.shared.errors import NotAuthenticated
from services.shared.identity import Identity
from services.shared.persistence.database import Database
from services.shared.settings import Settings

IDENTITY: Final = "identity"
REQUEST_ID: Final = "request_id"
HEADER_PREFIX: Final = "nameko."


def database_of(container: Any) -> Database:
    """The one database of a container's service."""
    database: Database = container.config["databases"][container.service_name]
    return database


def from_headers(headers: dict[str, Any]) -> dict[str, Any]:
    """The worker context that the headers of a message describe."""
    return {
        name: headers[HEADER_PREFIX + name]
        for name in (IDENTITY, REQUEST_ID)
        if headers.get(HEADER_PREFIX + name)
    }


def to_headers(token: str, request_id: str) -> dict[str, str]:
    """The headers of a message sent on behalf of ``token``."""
    return {HEADER_PREFIX + IDENTITY: token, HEADER_PREFIX + REQUEST_ID: request_id}


def verified(token: str | None, settings: Settings) -> Identity | None:
    """The identity in a bus token; None when there is no token.

    Raises NotAuthenticated for a token that is not ours or has expired.
    """
    if not token:
        return None
    return identities.verify(token, settings.identity_keys, audience="bus")


def outgoing_token(context: dict[str, Any], service: str, settings: Settings) -> str:
    """The token for a message that ``service`` sends while working in ``context``.

    Without a caller (a timer, an event) the service speaks for itself.
    """
    caller = verified(context.get(IDENTITY), settings)
    speaker = caller.through(service) if caller else identities.of_service(service)
    return identities.sign_for_bus(speaker, settings.identity_key)


class CurrentCaller:
    """Who asked for what is being done right now, and under which request id."""

    def __init__(self, context: dict[str, Any], settings: Settings) -> None:
        self._context = context
        self._settings = settings

    @property
    def identity(self) -> Identity:
        """The verified caller. Raises NotAuthenticated when there is none."""
        identity = verified(self._context.get(IDENTITY), self._settings)
        if identity is None:
            raise NotAuthenticated
        return identity

    @property
    def request_id(self) -> str:
        """The id that `X-Request-Id` carried, or an empty string."""
        return str(self._context.get(REQUEST_ID, ""))


class Caller(DependencyProvider):  # type: ignore[misc]  # nameko has no types
    """Provides `CurrentCaller` to a service method, and its request id to the logs."""

    def worker_setup(self, worker_ctx: WorkerContext) -> None:
        """Name the request in every log line of this worker's green thread."""
        telemetry.request_id.set(str(worker_ctx.data.get(REQUEST_ID, "")))

    def get_dependency(self, worker_ctx: WorkerContext) -> CurrentCaller:
        """The caller of this worker."""
        return CurrentCaller(worker_ctx.data, self.container.config["settings"])
