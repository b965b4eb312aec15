"""How much, how long and for whom: the limits of the HTTP edge."""

from __future__ import annotations

from dataclasses import dataclass

from services.shared import settings
from services.shared.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Limits of one gateway process; the defaults suit a public address."""

    host: str = "127.0.0.1"
    port: int = 8000
    # Several gateways on one machine share the port; the kernel spreads connections.
    # Off by default: a second hub on the port must fail, not take half the requests.
    reuse_port: bool = False
    body_bytes_max: int = 1 << 20
    head_bytes_max: int = 16 << 10
    headers_max: int = 64
    target_bytes_max: int = 8 << 10
    connections_max: int = 4096
    rate_per_second: int = 2000
    cors_origins: frozenset[str] = frozenset()
    idle_seconds: float = 75.0
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    send_seconds: float = 30.0
    drain_seconds: float = 30.0


def of_settings(given: Settings, *, reuse_port: bool = False) -> Options:
    """The options that the hub's settings ask for."""
    host, port = settings.split_address(given.http_address)
    return Options(
        host=host,
        port=port,
        reuse_port=reuse_port,
        body_bytes_max=given.body_bytes_max,
        rate_per_second=given.rate_limit,
        cors_origins=frozenset(given.cors_origins),
    )
