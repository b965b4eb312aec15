"""Collateral that is turned into money."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import executions
from services.shared import access
from services.shared.contracts.loans import executions as contract
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("loans:read")
WRITES: Final = access.scope("loans:write")


class ExecutionEntrypoints(Peers):
    """Collateral that is turned into money."""

    @rpc(WRITES)
    def start_execution(self, command: dict[str, Any]) -> dict[str, Any]:
        """Begin with what was tried to settle it without a sale."""
        request = loaded(contract.StartExecution(), command)
        return executions.start(self.database, self.actor, request)

    @rpc(WRITES)
    def propose_sale(self, command: dict[str, Any]) -> dict[str, Any]:
        """Propose a price."""
        request = loaded(contract.ProposeSale(), command)
        return executions.propose_sale(self.database, self.actor, request)

    @rpc(access.scope("approvals:write"))
    def approve_sale(self, command: dict[str, Any]) -> dict[str, Any]:
        """Approve a price that another proposed."""
        request = loaded(contract.DecideExecution(), command)
        return executions.approve_sale(
            self.database, self.asked, self.actor, self.identity, request
        )

    @rpc(access.scope("approvals:write", "loans:write"))
    def reject_sale(self, command: dict[str, Any]) -> dict[str, Any]:
        """Do not sell for this price."""
        request = loaded(contract.DecideExecution(), command)
        return executions.reject_sale(self.database, self.actor, request)

    @rpc(WRITES)
    def abandon_execution(self, command: dict[str, Any]) -> dict[str, Any]:
        """Do not sell this collateral after all."""
        request = loaded(contract.DecideExecution(), command)
        return executions.abandon(self.database, self.actor, request)

    @rpc(READS)
    def get_execution(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show one execution."""
        request = loaded(contract.ExecutionCommand(), command)
        return executions.get(self.database, self.tenant, request)

    @rpc(READS)
    def list_executions(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what was done about the collateral of a loan."""
        request = loaded(contract.ListExecutions(), command)
        return executions.list_executions(self.database, self.tenant, request)
