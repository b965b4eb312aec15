"""How a cooperative decides on loans and keeps the cash for them."""

from __future__ import annotations

from typing import Any

from services.loans.entrypoints.peers import Peers
from services.loans.operations import lending
from services.shared import access, clock
from services.shared.contracts.loans import lending as contract
from services.shared.messaging import loaded, rpc


class LendingEntrypoints(Peers):
    """Settings of lending."""

    @rpc(access.scope("approvals:read", "loans:read"))
    def get_lending_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the committee's tiers and the cash reserve."""
        del command
        return lending.get_settings(self.database, self.tenant)

    @rpc(access.scope("cooperative:write"))
    def put_lending_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change how many must agree, and what is never lent."""
        request = loaded(contract.LendingSettingsBody(), command)
        # Fewer votes for a loan is as good as an approval.
        access.require_strong(self.identity, clock.now().timestamp())
        return lending.put_settings(self.database, self.actor, request)
