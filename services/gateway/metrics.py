"""What the gateway counts about the requests it serves."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

REQUEST_SECONDS: Final = Histogram(
    "hub_http_request_seconds",
    "How long an HTTP request took, from its last byte in to its answer.",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REQUESTS: Final = Counter(
    "hub_http_requests", "HTTP requests answered.", ["method", "route", "status"]
)
IN_FLIGHT: Final = Gauge(
    "hub_http_requests_in_flight", "HTTP requests being worked on."
)
CONNECTIONS: Final = Gauge("hub_http_connections", "Open client connections.")


@lru_cache(maxsize=4096)
def _children(method: str, route: str, status: int) -> tuple[Histogram, Counter]:
    # Looking up a labelled child costs more than counting on it.
    return (
        REQUEST_SECONDS.labels(method, route),
        REQUESTS.labels(method, route, str(status)),
    )


def count(method: str, route: str, status: int, seconds: float) -> None:
    """One request more."""
    latency, requests = _children(method, route, status)
    latency.observe(seconds)
    requests.inc()
