"""What clearing asks of the other services: the only side of them it knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from services.shared.errors import ServiceError, UnavailableError
from services.shared.outbound.messages import Attempt
from services.transfers.domain.callbacks import Callback

Outcome = dict[str, Any] | ServiceError


class NotAsked(UnavailableError):
    """The question never left this process, so nothing can ever come of it.

    Less than this is not enough to undo anything: a message that was answered with
    "the database is down" may be delivered a second time, when it is up again.
    """

    code = "not_asked"


class Ledger(Protocol):
    """The ledger. The three batched calls give one outcome per item, in order.

    None of them raises: an item that was not sent has the outcome NotAsked.
    """

    def post_journals(self, journals: list[dict[str, Any]]) -> Sequence[Outcome]:
        """Post each journal, or say why not."""

    def place_holds(self, holds: list[dict[str, Any]]) -> Sequence[Outcome]:
        """Reserve the amounts of each journal, or say why not."""

    def resolve_holds(self, resolutions: list[dict[str, Any]]) -> Sequence[Outcome]:
        """Post or void each hold."""

    def open_book(self, command: dict[str, Any]) -> dict[str, Any]:
        """See to it that a cooperative has its accounts; harmless when it has."""

    def set_limit(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change how far an account may go."""

    def get_balances(self, command: dict[str, Any]) -> dict[str, Any]:
        """Balances and what is available, by account."""

    def get_chain_head(self, command: dict[str, Any]) -> dict[str, Any]:
        """The last link of the ledger's hash chain."""


class Members(Protocol):
    """The register of cooperatives."""

    def get_cooperative(self, command: dict[str, Any]) -> dict[str, Any]:
        """One cooperative, or a NotFoundError."""


class CallbackSender(Protocol):
    """Whatever carries messages to the systems of connected cooperatives."""

    def send(self, callback: Callback) -> Attempt:
        """Send the message once. It never raises."""
