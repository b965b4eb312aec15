"""The web server: accepts connections, routes their requests, drains when it stops."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Final

import eventlet
from eventlet.event import Event
from nameko.web.server import WebServer

from services.gateway import auth, metrics, translations
from services.gateway.cookies import Cookies
from services.gateway.http import options, problems
from services.gateway.http.answers import Answer
from services.gateway.http.connections import Connection
from services.gateway.http.cursors import CursorSeal
from services.gateway.http.options import Options
from services.gateway.http.requests import Request
from services.gateway.http.routing import Router
from services.gateway.rate_limit import RateLimit
from services.gateway.revocations import Revocations
from services.gateway.steps import StepSeal
from services.shared import identifiers, identity, telemetry
from services.shared.errors import RemoteFault, ServiceBusy, ServiceError

SERVICE: Final = "gateway"
BACKLOG: Final = 1024
ACCEPT_PAUSE_SECONDS: Final = 0.05
OPTIONS_KEY: Final = "http_options"
"""Key of the container's config that replaces the options made from the settings."""
REUSE_PORT_KEY: Final = "http_reuse_port"
"""Key of the container's config: whether other gateways listen on the same port."""
PASSWORDS_PER_SECOND: Final = 20
"""How many passwords one address may try: each costs the members service 40 ms."""
PROBE_WORKERS: Final = 4
"""Workers that are left to health checks when every other one is busy."""

CORS_HEADERS: Final = "Authorization, Content-Type, Idempotency-Key, X-Request-Id"
CORS_EXPOSED: Final = (
    "Idempotency-Replayed, Retry-After, WWW-Authenticate, X-Request-Id"
)
CORS_SECONDS: Final = "600"

_log = logging.getLogger(__name__)
_access_log = logging.getLogger("hub.access")


class HttpServer(WebServer):  # type: ignore[misc]  # nameko has no types
    """nameko's web server with our own connections instead of eventlet's WSGI."""

    _starting: bool
    _is_accepting: bool

    def setup(self) -> None:
        """Read the settings."""
        config = self.container.config
        settings = config["settings"]
        self.options: Options = config.get(OPTIONS_KEY) or options.of_settings(
            settings, reuse_port=config.get(REUSE_PORT_KEY, False)
        )
        self._requests_max = max(1, self.container.max_workers - PROBE_WORKERS)
        self.cursors = CursorSeal(settings.derive("gateway cursors"))
        self._rate_limit = RateLimit(self.options.rate_per_second)
        self._password_rate = RateLimit(
            min(self.options.rate_per_second, PASSWORDS_PER_SECOND)
        )
        self.cookies = Cookies(settings.public_url)
        self.steps = StepSeal(settings.cipher("gateway sign-in steps"))
        self.revocations = Revocations(settings.token_seconds)
        self._identity_key: str = settings.identity_key
        self._identity_keys: tuple[str, ...] = settings.identity_keys
        self._connections: set[Connection] = set()
        self._in_flight = 0
        self._drained: Event | None = None

    def start(self) -> None:
        """Listen. Every route is registered by now."""
        if self._starting:
            return
        self._starting = True
        self._router = Router(self._providers)
        self._sock = listen(self.options)
        metrics.IN_FLIGHT.set_function(lambda: self._in_flight)
        metrics.CONNECTIONS.set_function(lambda: len(self._connections))
        self._gt = self.container.spawn_managed_thread(self.run, "http accept")

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens; the port is the real one when 0 was asked for."""
        host, port = self._sock.getsockname()[:2]
        return host, port

    def run(self) -> None:
        """Accept connections until told to stop."""
        while self._is_accepting:
            try:
                sock, peer = self._sock.accept()
            except OSError as error:
                # Out of file descriptors, or the client gave up: neither may end us.
                _log.warning("accept failed: %s", error)
                eventlet.sleep(ACCEPT_PAUSE_SECONDS)
                continue
            self.container.spawn_managed_thread(
                partial(self._serve, sock, str(peer[0])), "http connection"
            )

    def _serve(self, sock: socket.socket, address: str) -> None:
        if len(self._connections) >= self.options.connections_max:
            # An answer would cost what we lack; a closed socket says "try again" too.
            sock.close()
            return
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(
            sock, address, self.options, self._respond, self._body_limit
        )
        self._connections.add(connection)
        try:
            connection.serve()
        finally:
            self._connections.discard(connection)

    # One request.

    def _respond(self, request: Request | ServiceError) -> tuple[str, Answer]:
        """Request id and answer for what a connection read."""
        started = time.perf_counter()
        if isinstance(request, ServiceError):
            answer = problems.answer_to(request, translations.DEFAULT)
            metrics.count("-", "malformed", answer.status, 0.0)
            return identifiers.new("req"), answer
        telemetry.request_id.set(request.id)
        self._in_flight += 1
        try:
            template, answer = self._route(request)
        finally:
            self._in_flight -= 1
        seconds = time.perf_counter() - started
        metrics.count(request.method, template, answer.status, seconds)
        if _access_log.isEnabledFor(logging.INFO):
            self._log_access(request, answer, seconds)
        if self.options.cors_origins:
            answer = self._share(request, answer)
        return request.id, answer

    def _body_limit(self, head: Request) -> int:
        """How large the body may be: for uploads of known callers more than usual."""
        usual = self.options.body_bytes_max
        try:
            operation = self._router.match(head).operation
            if operation.raw_body is None or operation.is_public:
                return usual
            authorization = head.headers.get("authorization")
            auth.caller(authorization or self._from_cookie(head), self._identity_keys)
        except ServiceError:
            return usual
        return max(usual, operation.raw_body.bytes_max)

    def _route(self, request: Request) -> tuple[str, Answer]:
        template = "unmatched"
        refuse: Callable[[ServiceError, Request], Answer] = _refuse
        try:
            if request.method == "OPTIONS" and self.options.cors_origins:
                return "preflight", self._preflight(request)
            route = self._router.match(request)
            template, refuse = route.operation.path, route.operation.refuse
            if self._in_flight > self._requests_max and not route.operation.is_probe:
                return template, refuse(ServiceBusy(), request)
            return template, route.handle_request(request)
        except ServiceError as refusal:
            return template, refuse(refusal, request)
        except Exception:  # noqa: BLE001 - the edge: whatever it is, the client is answered
            _log.exception("%s %s failed", request.method, template)
            return template, refuse(RemoteFault(), request)

    def admit(
        self, request: Request, audience: str = auth.API_AUDIENCE
    ) -> dict[str, str]:
        """The worker context of a caller with a valid token and rate to spare."""
        authorization = request.headers.get("authorization")
        if authorization is None and audience == auth.API_AUDIENCE:
            authorization = self._from_cookie(request)
        caller = auth.caller(authorization, self._identity_keys, audience)
        if caller.session_id in self.revocations:
            raise auth.ended()
        request.identity = caller
        self.check_rate(caller.subject)
        token = identity.sign_for_bus(caller.through(SERVICE), self._identity_key)
        return {"identity": token, "request_id": request.id}

    def _from_cookie(self, request: Request) -> str | None:
        """What a browser would have sent as a bearer. Raises CrossSiteRequest."""
        token = self.cookies.access_token(request)
        if token is None:
            return None
        self.cookies.check_origin(request)
        return f"Bearer {token}"

    def check_password_rate(self, address: str) -> None:
        """Count one password that ``address`` tries. Raises TooManyRequests."""
        wait = self._password_rate.seconds_to_wait(address)
        if wait:
            raise problems.TooManyRequests(details={"retry_after": wait})

    def check_rate(self, client: str) -> None:
        """Count one request of ``client``. Raises TooManyRequests."""
        wait = self._rate_limit.seconds_to_wait(client)
        if wait:
            raise problems.TooManyRequests(details={"retry_after": wait})

    def _log_access(self, request: Request, answer: Answer, seconds: float) -> None:
        caller = request.identity
        _access_log.info(
            "%s %s %s",
            request.method,
            request.path,
            answer.status,
            extra={
                "status": answer.status,
                "milliseconds": round(seconds * 1000, 1),
                "client": caller.subject if caller else None,
                "cooperative_id": caller.cooperative_id if caller else None,
                "peer": request.address,
            },
        )

    # Pages of other origins (off unless HUB_CORS_ORIGINS names them).

    def _preflight(self, request: Request) -> Answer:
        methods = ", ".join(self._router.methods_at(request.path))
        if "access-control-request-method" not in request.headers:
            raise problems.MethodNotAllowed(details={"Allow": methods})
        return Answer(
            204,
            headers=(
                ("Access-Control-Allow-Methods", methods),
                ("Access-Control-Allow-Headers", CORS_HEADERS),
                ("Access-Control-Max-Age", CORS_SECONDS),
            ),
        )

    def _share(self, request: Request, answer: Answer) -> Answer:
        origin = request.headers.get("origin", "")
        answer = answer.with_headers(("Vary", "Origin"))
        if origin not in self.options.cors_origins:
            return answer
        return answer.with_headers(
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Expose-Headers", CORS_EXPOSED),
        )

    # The end.

    def drain(self) -> None:
        """Accept nothing more; return when the requests under way are answered.

        Every route calls this when it is stopped; the first one does it, all wait.
        """
        if self._drained is not None:
            self._drained.wait()
            return
        self._drained = Event()
        self._is_accepting = False
        self._gt.kill()
        self._sock.close()
        deadline = time.monotonic() + self.options.drain_seconds
        for connection in list(self._connections):
            connection.finish_soon()
        while self._connections and time.monotonic() < deadline:
            eventlet.sleep(0.01)
        self._drained.send()

    def stop(self) -> None:
        """Nothing is left to do after the drain but to let the routes unregister."""
        self.drain()
        self.wait_for_providers()


def _refuse(refusal: ServiceError, request: Request) -> Answer:
    return problems.answer_to(refusal, request.language)


def listen(given: Options) -> socket.socket:
    """A listening socket, shared with other gateways on this machine when asked."""
    family = socket.AF_INET6 if ":" in given.host else socket.AF_INET
    sock: socket.socket = eventlet.listen(
        (given.host, given.port),
        family=family,
        backlog=BACKLOG,
        reuse_port=given.reuse_port,
    )
    sock.settimeout(None)
    return sock
