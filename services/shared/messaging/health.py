"""A small listener of a service process: `/metrics` and `/healthz` for its operator.

Off unless HUB_METRICS_ADDRESS is set. The gateway has its own routes for callers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

import eventlet
from eventlet import wsgi
from nameko.runners import ServiceRunner
from prometheus_client import make_wsgi_app

from services.shared.settings import Settings, split_address


class Listener:
    """The running listener, or nothing when none was asked for."""

    def __init__(self, thread: Any = None) -> None:
        self._thread = thread

    def stop(self) -> None:
        """Stop listening."""
        if self._thread is not None:
            self._thread.kill()


def listen(settings: Settings, runner: ServiceRunner) -> Listener:
    """Serve this process's metrics and health, if an address is set for them."""
    if not settings.metrics_address:
        return Listener()
    metrics = make_wsgi_app()

    def application(
        environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            body: Iterable[bytes] = metrics(environ, start_response)
            return body
        if path != "/healthz":
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"not found\n"]
        is_up = all(container.started for container in runner.containers)
        status = "200 OK" if is_up else "503 Service Unavailable"
        start_response(status, [("Content-Type", "text/plain")])
        return [b"up\n" if is_up else b"down\n"]

    socket = eventlet.listen(split_address(settings.metrics_address))
    silent = logging.getLogger(f"{__name__}.requests")
    silent.disabled = True
    return Listener(eventlet.spawn(wsgi.server, socket, application, log=silent))
