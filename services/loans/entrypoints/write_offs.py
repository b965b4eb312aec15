"""Loans that leave the balance sheet."""

from __future__ import annotations

from typing import Any

from services.loans.entrypoints.peers import Peers
from services.loans.operations import write_offs
from services.shared import access
from services.shared.contracts.loans import write_offs as contract
from services.shared.messaging import loaded, rpc


class WriteOffEntrypoints(Peers):
    """Loans that leave the balance sheet."""

    @rpc(access.scope("loans:write"))
    def propose_write_off(self, command: dict[str, Any]) -> dict[str, Any]:
        """Propose to write a loan off."""
        request = loaded(contract.ProposeWriteOff(), command)
        return write_offs.propose(self.database, self.actor, request)

    @rpc(access.scope("approvals:write"))
    def approve_write_off(self, command: dict[str, Any]) -> dict[str, Any]:
        """Write a loan off that another proposed to."""
        request = loaded(contract.DecideWriteOff(), command)
        return write_offs.approve(
            self.database, self.asked, self.actor, self.identity, request
        )

    @rpc(access.scope("approvals:write", "loans:write"))
    def reject_write_off(self, command: dict[str, Any]) -> dict[str, Any]:
        """Leave the loan in the book."""
        request = loaded(contract.DecideWriteOff(), command)
        return write_offs.reject(self.database, self.actor, request)

    @rpc(access.scope("loans:read"))
    def list_write_offs(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what was proposed and decided of a loan."""
        request = loaded(contract.ListWriteOffs(), command)
        return write_offs.list_write_offs(self.database, self.tenant, request)
