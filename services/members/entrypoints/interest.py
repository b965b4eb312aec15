"""Interest on savings, and the tax on it."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints.peers import Peers
from services.members.operations import interest
from services.shared import access
from services.shared.contracts.members import interest as contract
from services.shared.messaging import loaded, rpc

READS_ACCOUNTS: Final = access.scope("accounts:read")
READS_LEDGER: Final = access.scope("ledger:read")


class InterestEntrypoints(Peers):
    """Interest on savings, and the tax on it."""

    @rpc(READS_ACCOUNTS)
    def list_interest(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the interest of a month by account."""
        request = loaded(contract.ListInterest(), command)
        return interest.list_interest(self.database, self.tenant, request)

    @rpc(READS_LEDGER)
    def list_withholdings(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the withholding slips of a month."""
        request = loaded(contract.ListWithholdings(), command)
        return interest.list_withholdings(self.database, self.tenant, request)

    @rpc(READS_LEDGER)
    def get_withholding(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show a member's withholding slip, or print it."""
        request = loaded(contract.GetWithholding(), command)
        return interest.get_withholding(self.database, self.tenant, request)
