"""What the hub tells a connected cooperative's system, where it may, and how often."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

RESERVATION: Final = "reservation"
OUTCOME: Final = "outcome"

FIRST_PAUSE_SECONDS: Final = 1.0
PAUSE_GROWTH: Final = 2.0
PAUSE_SECONDS_MAX: Final = 3600.0

_SUCCESS: Final = 2
"""First digit of the HTTP statuses that say a message was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One message that is due, to be sent as it stands."""

    id: int
    transfer_id: str
    cooperative_id: str
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


def reservation_body(
    *,
    transfer_id: str,
    payer_cooperative: str,
    payee_account: str,
    amount: int,
    expires_at: datetime,
) -> str:
    """The message of api.md that asks the payee's system for its answer."""
    return _dump(
        {
            "transfer_id": transfer_id,
            "payer_cooperative": payer_cooperative,
            "payee_account": payee_account,
            "amount": amount,
            "expires_at": expires_at.astimezone(UTC).isoformat(),
        }
    )


def outcome_body(*, transfer_id: str, state: str, code: str | None) -> str:
    """The message that tells the payer's system what became of its transfer."""
    return _dump({"transfer_id": transfer_id, "state": state, "code": code})


def pause_seconds(attempts: int) -> float:
    """How long to wait after this many attempts: 1, 2, 4, 8 … at most an hour."""
    grown = FIRST_PAUSE_SECONDS * PAUSE_GROWTH ** min(attempts - 1, 30)
    return min(grown, PAUSE_SECONDS_MAX)


def url_fault(url: str, *, allow_http: bool) -> str | None:
    """Why the hub must not send to ``url``, or None.

    Plain http would show members' payments to everyone on the way, so it is only for
    a system on the same machine, or where the setting says so. Link-local addresses
    are where clouds keep their credentials.
    """
    parts = urlsplit(url)
    host = parts.hostname
    if host is None or parts.username is not None or parts.password is not None:
        return "The callback URL needs a host and no credentials."
    address = _address(host)
    if address is not None and (
        address.is_link_local or address.is_multicast or address.is_unspecified
    ):
        return "The callback URL must not name such an address."
    is_loopback = host == "localhost" or (address is not None and address.is_loopback)
    if parts.scheme == "https" or (
        parts.scheme == "http" and (is_loopback or allow_http)
    ):
        return None
    return "The callback URL must be https."


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _dump(message: dict[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)
