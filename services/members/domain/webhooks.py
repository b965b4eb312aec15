"""What a cooperative's system may be told, where, how often, and how long."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

ACTIVE: Final = "active"
DISABLED: Final = "disabled"

DUE: Final = "due"
DELIVERED: Final = "delivered"
GIVEN_UP: Final = "given_up"

FIRST_PAUSE_SECONDS: Final = 2.0
PAUSE_SECONDS_MAX: Final = 3600.0
KEPT_TRYING: Final = timedelta(days=3)
KEPT_LISTED: Final = timedelta(days=90)

_SUCCESS: Final = 2
"""First digit of the HTTP statuses that say a message was taken."""

_PORT_MAX: Final = 65535
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One event on its way to one address, to be sent as it stands."""

    id: str
    cooperative_id: str
    webhook_id: str
    event: str
    url: str
    secret: str
    body: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How one sending ended: an HTTP status, or why there was none."""

    status: int | None
    error: str | None
    milliseconds: int

    @property
    def is_delivered(self) -> bool:
        """Whether the other side took the message."""
        return self.status is not None and self.status // 100 == _SUCCESS


def body_of(event_id: str, event: str, data: Mapping[str, Any], at: datetime) -> str:
    """The message about one event, as it is signed and sent."""
    message = {
        "id": event_id,
        "event": event,
        "occurred_at": at.astimezone(UTC).isoformat(),
        "data": dict(data),
    }
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)


def pause_seconds(attempts: int) -> float:
    """How long to wait after this many attempts: 2, 4, 8 … at most an hour."""
    grown = FIRST_PAUSE_SECONDS * 2.0 ** min(max(attempts - 1, 0), 30)
    return min(grown, PAUSE_SECONDS_MAX)


def url_fault(url: str, *, is_local: bool) -> str | None:
    """Why the hub must not send to ``url``, or None.

    ``is_local`` is a hub that is itself only reached on its own machine: it may send
    there, also over plain http. What a name resolves to is judged when a message is
    sent (`address_fault`).
    """
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        return "The port of the URL is not a number."
    if not host or parts.username is not None or parts.password is not None:
        return "The URL needs a host and no credentials."
    if port == 0 or not url.isascii() or not url.isprintable() or " " in url:
        return "The URL must be made of visible ASCII characters."
    address = _address(host)
    is_here = host == "localhost" or (address is not None and address.is_loopback)
    is_plain_here = is_local and is_here and parts.scheme == "http"
    if parts.scheme != "https" and not is_plain_here:
        return "The URL must be https."
    return None if address is None else address_fault([address], is_local=is_local)


def address_fault(addresses: Iterable[_Address], *, is_local: bool) -> str | None:
    """Why nothing is sent to a host with these addresses, or None.

    What is inside the hub's own network is not for a cooperative to reach through it;
    link-local addresses are where clouds keep their credentials.
    """
    for address in addresses:
        plain = getattr(address, "ipv4_mapped", None) or address
        is_allowed = plain.is_global or (is_local and plain.is_loopback)
        if not is_allowed or plain.is_multicast:
            return "The URL must not name such an address."
    return None


def _address(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
