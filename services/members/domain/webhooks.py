"""What a cooperative's system is told, how often it is tried, and how long."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

ACTIVE: Final = "active"
DISABLED: Final = "disabled"

DUE: Final = "due"
DELIVERED: Final = "delivered"
GIVEN_UP: Final = "given_up"

FIRST_PAUSE_SECONDS: Final = 2.0
PAUSE_SECONDS_MAX: Final = 3600.0
KEPT_TRYING: Final = timedelta(days=3)
KEPT_LISTED: Final = timedelta(days=90)


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

    @property
    def headers(self) -> Mapping[str, str]:
        """What the receiver may sort messages by before it reads them."""
        return {"X-Webhook-Id": self.webhook_id, "X-Webhook-Event": self.event}


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
