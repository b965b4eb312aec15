"""What too much NPF obliges the cooperative to."""

from __future__ import annotations

from typing import Any

from services.loans.entrypoints.peers import Peers
from services.loans.operations import obligations
from services.shared import access
from services.shared.contracts.loans import obligations as contract
from services.shared.messaging import loaded, rpc


class ObligationEntrypoints(Peers):
    """What too much NPF obliges the cooperative to."""

    @rpc(access.scope("loans:read"))
    def list_npf_obligations(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what was owed and what is."""
        request = loaded(contract.ListNpfObligations(), command)
        return obligations.list_obligations(self.database, self.tenant, request)

    @rpc(access.scope("approvals:write", "loans:write"))
    def close_npf_obligation(self, command: dict[str, Any]) -> dict[str, Any]:
        """Say what was done and where the papers are."""
        request = loaded(contract.CloseNpfObligation(), command)
        return obligations.close(self.database, self.actor, request)
