"""What routes need of the edge itself: its cookies, its limits, who signed out."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider

from services.gateway.http.answers import Headers
from services.gateway.http.requests import Request
from services.gateway.http.server import HttpServer
from services.gateway.routes.peers import Peers
from services.shared.contracts.members import sessions
from services.shared.errors import ServiceError

LEARN_SECONDS: Final = 2.0
"""How long an access token may outlive its session at another gateway process."""


class EdgeProvider(DependencyProvider):  # type: ignore[misc]  # nameko has no types
    """Provides the web server to routes that sign people in and out."""

    server = HttpServer()

    def get_dependency(self, worker_ctx: WorkerContext) -> HttpServer:
        """The server of this process."""
        del worker_ctx
        return self.server


class Edge(Peers):
    """What routes inherit that sign people in and out."""

    edge = EdgeProvider()

    def learn_ended(self) -> None:
        """Ask which sessions ended, so that their access tokens do as well."""
        revocations = self.edge.revocations
        answer: dict[str, Any] = self.members.list_ended_sessions(
            revocations.question(), deadline=LEARN_SECONDS
        )
        revocations.learn(answer)

    def learn_at_once(self) -> None:
        """The same after a deed that ended sessions, which stands in any case."""
        with suppress(ServiceError):
            self.learn_ended()

    def check_password_rate(self, request: Request) -> None:
        """Count one password from this address. Raises TooManyRequests."""
        self.edge.check_password_rate(request.address)

    def renewed(self, request: Request) -> Headers:
        """The cookies of a session that goes on; nothing if there is none."""
        token = self.edge.cookies.refresh_token(request)
        if token is None:
            return ()
        given = {"refresh_token": token[: sessions.TOKEN_LENGTH_MAX]}
        try:
            signed_in = dict(self.members.refresh_session(given))
        except sessions.InvalidRefreshToken:
            return ()
        headers: Headers = self.edge.cookies.issued(signed_in)
        return headers
