"""The ledger as clearing sees it, over the bus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from services.shared.errors import (
    BusUnavailable,
    OutcomeUnknown,
    RemoteFault,
    ServiceBusy,
)
from services.transfers.domain.peers import NotAsked, Outcome

CALLS_MAX: Final = 1000
"""Calls that are made at once; more than a bulk has is asked in turns."""

DEADLINE_SHARE: Final = 0.8
"""Part of a caller's deadline for the ledger: the rest is for our own answer."""


class BatchedMethod(Protocol):
    """A batched method of another service."""

    def call_many(
        self, payloads: list[dict[str, Any]], *, deadline: float | None = None
    ) -> list[Any]:
        """Outcomes in order; raises when nothing was sent."""


class Calls(Protocol):
    """The plain methods of the ledger, by name."""

    def __getattr__(self, method: str) -> Any:
        """A method that takes a command."""


class BusLedger:
    """Turns every failure of a batched call into outcomes of its items."""

    def __init__(
        self,
        *,
        post: BatchedMethod,
        hold: BatchedMethod,
        resolve: BatchedMethod,
        calls: Calls,
        call_seconds: float,
    ) -> None:
        self._post, self._hold, self._resolve = post, hold, resolve
        self._calls = calls
        self._deadline = call_seconds * DEADLINE_SHARE

    def post_journals(self, journals: list[dict[str, Any]]) -> Sequence[Outcome]:
        """Post each journal, or say why not."""
        return self._ask(self._post, journals)

    def place_holds(self, holds: list[dict[str, Any]]) -> Sequence[Outcome]:
        """Reserve the amounts of each journal, or say why not."""
        return self._ask(self._hold, holds)

    def resolve_holds(self, resolutions: list[dict[str, Any]]) -> Sequence[Outcome]:
        """Post or void each hold."""
        return self._ask(self._resolve, resolutions)

    def open_book(self, command: dict[str, Any]) -> dict[str, Any]:
        """See to it that a cooperative has its accounts."""
        answer: dict[str, Any] = self._calls.open_book(command)
        return answer

    def set_limit(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change how far an account may go."""
        answer: dict[str, Any] = self._calls.set_limit(command)
        return answer

    def get_balances(self, command: dict[str, Any]) -> dict[str, Any]:
        """Balances and what is available, by account."""
        answer: dict[str, Any] = self._calls.get_balances(command)
        return answer

    def get_chain_head(self, command: dict[str, Any]) -> dict[str, Any]:
        """The last link of the ledger's hash chain."""
        answer: dict[str, Any] = self._calls.get_chain_head(command)
        return answer

    def _ask(
        self, method: BatchedMethod, items: list[dict[str, Any]]
    ) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        for start in range(0, len(items), CALLS_MAX):
            part = items[start : start + CALLS_MAX]
            try:
                outcomes += method.call_many(part, deadline=self._deadline)
            except (BusUnavailable, ServiceBusy):
                # Raised, not returned: these two never left this process.
                outcomes += [NotAsked() for _ in part]
            except (OutcomeUnknown, RemoteFault) as error:
                outcomes += [error for _ in part]
        return outcomes
