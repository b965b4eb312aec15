"""What makes a SNAP request trustworthy.

SNAP BI is the Indonesian standard of payment APIs; the hub follows its form towards
systems of its own cooperatives and is no licensed provider.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

ACTIVE: Final = "active"
REVOKED: Final = "revoked"

TOLERANCE: Final = timedelta(minutes=5)
"""How far a request's timestamp may lie from the hub's clock."""

RECENT: Final = timedelta(minutes=1)
"""As long as a payment that nobody knows of may still be under way."""

_HEX_SHA512: Final = re.compile(r"[0-9a-fA-F]{128}")


def is_fresh(timestamp: str, now: datetime) -> bool:
    """Whether an ISO 8601 moment with offset is about now."""
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError:
        return False
    return moment.tzinfo is not None and abs(now - moment) <= TOLERANCE


def decoded_signature(signature: str) -> bytes:
    """The bytes of a signature in base64, or in hex as some clients send it.

    Empty, which equals no signature, for anything else.
    """
    if _HEX_SHA512.fullmatch(signature):
        return bytes.fromhex(signature)
    try:
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return b""


def may_call_from(allowed: Sequence[str], address: str) -> bool:
    """Whether ``address`` is in one of the ``allowed`` networks; none means any."""
    if not allowed:
        return True
    try:
        caller = ipaddress.ip_address(address)
    except ValueError:
        return False
    # An IPv4 caller of a socket that speaks both comes as ::ffff:203.0.113.5.
    caller = getattr(caller, "ipv4_mapped", None) or caller
    return any(caller in ipaddress.ip_network(one, strict=False) for one in allowed)
