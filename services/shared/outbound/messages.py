"""What is sent to a system outside, where to, and how one sending ended."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

LOCAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_SUCCESS: Final = 2
"""First digit of the HTTP statuses that say a message was taken."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Outgoing(Protocol):
    """A message as it stands, signed with ``secret`` when it is sent."""

    @property
    def cooperative_id(self) -> str:
        """Whose system is told: no more than a few messages at a time go to one."""

    @property
    def url(self) -> str:
        """Where it is posted to."""

    @property
    def secret(self) -> str:
        """What only the hub and that system know."""

    @property
    def body(self) -> str:
        """JSON."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What is told beside the body, unsigned."""


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


def is_local(public_url: str) -> bool:
    """Whether a hub with this address is only reached on its own machine."""
    return urlsplit(public_url).hostname in LOCAL_HOSTS


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
