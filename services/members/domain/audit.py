"""How entries of the audit trail are chained: each hash covers the one before."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

GENESIS: Final = bytes(64)
"""What the first entry of every chain follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, and the cooperative in whose trail it is written.

    ``subject`` is that of the caller's identity, or ``service:members`` for a timer.
    """

    cooperative_id: str
    subject: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Who did what to what, and how it was before and after."""

    cooperative_id: str
    position: int
    at: datetime
    actor: str
    action: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    request_id: str | None

    def hash_after(self, previous: bytes) -> bytes:
        """SHA-512 over the hash before and everything that the entry says."""
        content = [
            self.cooperative_id,
            self.position,
            self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            self.actor,
            self.action,
            self.subject,
            self.before,
            self.after,
            self.request_id,
        ]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha512(previous + text.encode()).digest()
