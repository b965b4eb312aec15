"""What this service needs of the others, as its operations see them."""

from __future__ import annotations

from typing import Any, Protocol

from services.insurance.domain.insurers import (
    Activation,
    ClaimForm,
    Cover,
    Ending,
    Paper,
    Provisional,
    Reading,
)


class Ledger(Protocol):
    """The ledger, which gives fees back."""

    def refund_fee(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give back part of a fee, once per refund reference."""


class Insurer(Protocol):
    """The insurers' API. Everything may be asked twice.

    Everything raises InsurerAway when there is no answer, and InsurerRefusal.
    """

    def reserve(self, cover: Cover) -> Provisional:
        """Cover a loan provisionally."""

    def activate(self, activation: Activation) -> str | None:
        """Let cover begin; the number of the policy, if it was given one."""

    def cancel(self, ending: Ending) -> None:
        """End cover; of a policy that the insurer does not know nothing is to end."""

    def send_paper(self, insurer: str, claim_id: str, paper: Paper) -> None:
        """Hand in a document of a claim."""

    def submit_claim(self, form: ClaimForm) -> None:
        """Submit a claim."""

    def read_claim(self, insurer: str, claim_id: str) -> Reading | None:
        """Where a claim stands; None when the insurer does not know it."""

    def withdraw_claim(self, insurer: str, claim_id: str) -> None:
        """Take a claim back. InsurerRefusal when it is decided already."""
