"""A real gateway on a real socket, and the ways to speak with it."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Mapping
from dataclasses import replace
from http.client import HTTPConnection
from typing import Any

from nameko.containers import ServiceContainer

from services.gateway.http import options
from services.gateway.http.server import OPTIONS_KEY, HttpServer
from services.gateway.service import GatewayService
from services.shared import access, identity, settings
from services.shared.identity import HUB, Identity

SECRET = "a secret of the tests, long enough to be one"


class Reply:
    """An HTTP answer, read completely."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Gateway:
    """A running gateway and the ways to speak with it."""

    def __init__(
        self,
        overrides: Mapping[str, Any] | None = None,
        databases: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.settings = settings.load(
            {
                "HUB_SECRET_KEY": SECRET,
                "AMQP_URI": "memory://",
                "HUB_BUS_NAMESPACE": f"test-{uuid.uuid4().hex[:12]}.",
                **(environ or {}),
            }
        )
        given: dict[str, Any] = {"port": 0, **(overrides or {})}
        self.options = replace(options.of_settings(self.settings), **given)
        self.databases = dict(databases or {})
        self.containers: list[ServiceContainer] = []

    def start(self, service: type) -> ServiceContainer:
        """Start one service class."""
        config = {
            "AMQP_URI": self.settings.amqp_uri,
            "settings": self.settings,
            "databases": self.databases,
            "max_workers": 200,
            OPTIONS_KEY: self.options,
        }
        container = ServiceContainer(service, config)
        container.start()
        self.containers.append(container)
        return container

    def start_all(self, services: list[type]) -> None:
        """Start the services behind the gateway, and the gateway."""
        for service in services:
            self.start(service)
        self.container = self.start(GatewayService)

    def stop(self) -> None:
        """Stop everything, the gateway first."""
        for container in reversed(self.containers):
            container.stop()

    @property
    def server(self) -> HttpServer:
        """The gateway's web server."""
        return next(
            one for one in self.container.extensions if isinstance(one, HttpServer)
        )

    @property
    def address(self) -> tuple[str, int]:
        """Where the gateway listens."""
        return self.server.address

    def token(
        self,
        *scopes: str,
        cooperative_id: str = "coop_maju",
        subject: str = "cli_budi",
    ) -> str:
        """An access token; without scopes it has every one of a tenant's."""
        caller = Identity(
            subject=subject,
            cooperative_id=cooperative_id,
            scopes=frozenset(scopes) or access.TENANT_SCOPES,
        )
        key = self.settings.identity_key
        return identity.sign(caller, key, audience="api", seconds=600)

    def operator(self) -> str:
        """An access token of the hub's operator."""
        return self.token("operator", cooperative_id=HUB)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = "",
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Send one request on a connection of its own. Bytes are sent as they are."""
        given = dict(headers or {})
        if token is not None:
            given.setdefault("Authorization", f"Bearer {token or self.token()}")
        if key is not None:
            given.setdefault("Idempotency-Key", key)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            given.setdefault("Content-Type", "application/json")
        connection = HTTPConnection(*self.address, timeout=10)
        try:
            connection.request(method, path, body, given)
            response = connection.getresponse()
            found = dict(response.getheaders())
            return Reply(response.status, found, response.read())
        finally:
            connection.close()

    def raw(self, data: bytes, *, timeout: float = 5.0) -> bytes:
        """Send bytes and read until the gateway closes the connection."""
        with socket.create_connection(self.address, timeout=timeout) as sock:
            sock.sendall(data)
            received = b""
            while chunk := sock.recv(65536):
                received += chunk
            return received
