"""How applications stand against what may be lent."""

from __future__ import annotations

from typing import Any

from services.loans.entrypoints.peers import Peers
from services.loans.operations import limits
from services.shared import access, clock
from services.shared.contracts import loans
from services.shared.contracts.loans import limits as contract
from services.shared.messaging import loaded, rpc


class LimitEntrypoints(Peers):
    """Limits of lending."""

    @rpc(access.scope("applications:read"))
    def get_limits(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how an application stands now."""
        request = loaded(loans.ApplicationCommand(), command)
        return limits.get_limits(
            self.database,
            self.settings,
            self.asked,
            self.tenant,
            request["application_id"],
        )

    @rpc(access.scope("approvals:write"))
    def approve_limit(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give one's word that a warning may be passed over."""
        request = loaded(contract.ApproveLimit(), command)
        access.require_strong(self.identity, clock.now().timestamp())
        return limits.approve_limit(
            self.database,
            self.settings,
            self.asked,
            self.actor,
            self.identity,
            request,
        )
