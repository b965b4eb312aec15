"""Which sessions ended while access tokens of theirs may still be about.

A gateway has no database and a token is checked without asking anybody. So each gateway
process asks every few seconds which sessions ended, and remembers them until the last
token of theirs has run out. While the members service is away, tokens of sessions that
end meanwhile are good for as long as tokens are: HUB_TOKEN_SECONDS.
"""

from __future__ import annotations

import time
from typing import Any, Final

FORGET_AFTER_FACTOR: Final = 2
"""Tokens are remembered for this many lifetimes of one: clocks differ."""


class Revocations:
    """The sessions that ended lately."""

    def __init__(self, token_seconds: int) -> None:
        self._kept_seconds = token_seconds * FORGET_AFTER_FACTOR
        self._ended: dict[str, float] = {}
        self._as_of: str | None = None

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._ended

    def question(self) -> dict[str, Any]:
        """The command that asks the members service for what is new."""
        return {"since": self._as_of}

    def learn(self, answer: dict[str, Any]) -> None:
        """Remember what the members service told, and forget what is over."""
        for session_id in answer["items"]:
            self.add(session_id)
        self._as_of = answer["as_of"]
        forgotten = time.monotonic() - self._kept_seconds
        if any(since < forgotten for since in self._ended.values()):
            self._ended = {
                one: since for one, since in self._ended.items() if since >= forgotten
            }

    def add(self, session_id: str) -> None:
        """Remember a session that this gateway has just seen end."""
        self._ended.setdefault(session_id, time.monotonic())
