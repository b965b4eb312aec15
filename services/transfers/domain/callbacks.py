"""What the hub tells a connected cooperative's system, and how often it tries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

RESERVATION: Final = "reservation"
OUTCOME: Final = "outcome"

FIRST_PAUSE_SECONDS: Final = 1.0
PAUSE_GROWTH: Final = 2.0
PAUSE_SECONDS_MAX: Final = 3600.0


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

    @property
    def headers(self) -> Mapping[str, str]:
        """The body says everything."""
        return {}


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


def _dump(message: dict[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)
