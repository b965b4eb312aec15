"""What this service needs of the others, as its operations see them."""

from __future__ import annotations

from typing import Any, Protocol

from services.kyc.domain.vendors import Answer, IncomeAnswer, Question


class Vendor(Protocol):
    """Who looks into the population register and at faces for the hub, for money."""

    @property
    def name(self) -> str:
        """What it is called in answers and logs."""

    @property
    def is_away(self) -> bool:
        """Whether it failed so often lately that it is not asked for a while."""

    def verify_identity(self, asked: Question) -> Answer:
        """Compare a person with the population register. Raises VendorFailed."""

    def read_income(self, asked: Question) -> IncomeAnswer:
        """What BPJSTK knows of a person's wage. Raises VendorFailed."""


class Ledger(Protocol):
    """The ledger, which keeps the cooperatives' wallets."""

    def charge_fee(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take a fee out of a wallet, once per kind and reference."""

    def refund_fee(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give a fee back, once per refund reference."""


class Members(Protocol):
    """The register of members."""

    def get_identity(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell who a member is, whole; who asked is written down there."""

    def get_member(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about a member as much as the caller may see."""
