"""What every event is wrapped in, whichever service it comes from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened: told at least once, to be applied exactly once.

    ``event_id`` is the same on every delivery; ``occurred_at`` is RFC 3339 in UTC;
    ``payload`` holds JSON primitives as the source's contract describes them.
    """

    event_id: str
    source: str
    name: str
    version: int
    occurred_at: str
    request_id: str
    payload: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The body of the message."""
        return asdict(self)

    @classmethod
    def from_json(cls, text: str) -> Event:
        """The event in the body of a message.

        Raises ValueError, KeyError or TypeError for anything that is not an envelope.
        """
        body = json.loads(text)
        if not isinstance(body["event_id"], str) or not isinstance(
            body["payload"], dict
        ):
            raise TypeError("not an event: event_id and payload are missing")
        return cls(**body)
