"""New terms for loans that cannot be paid on their old ones."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import restructurings
from services.shared import access
from services.shared.contracts.loans import restructurings as contract
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("loans:read")
WRITES: Final = access.scope("loans:write")
APPROVES: Final = access.scope("approvals:write")


class RestructuringEntrypoints(Peers):
    """New terms for loans that cannot be paid on their old ones."""

    @rpc(WRITES)
    def propose_restructuring(self, command: dict[str, Any]) -> dict[str, Any]:
        """Propose new terms for a loan."""
        request = loaded(contract.ProposeRestructuring(), command)
        return restructurings.propose(self.database, self.actor, request)

    @rpc(APPROVES)
    def approve_restructuring(self, command: dict[str, Any]) -> dict[str, Any]:
        """Approve new terms that another proposed: the akad is drawn up."""
        request = loaded(contract.DecideRestructuring(), command)
        return restructurings.approve(self.database, self.actor, self.identity, request)

    @rpc(access.scope("approvals:write", "loans:write"))
    def reject_restructuring(self, command: dict[str, Any]) -> dict[str, Any]:
        """Leave the loan as it is."""
        request = loaded(contract.DecideRestructuring(), command)
        return restructurings.reject(self.database, self.actor, request)

    @rpc(WRITES)
    def sign_restructuring(self, command: dict[str, Any]) -> dict[str, Any]:
        """Record that the akad was signed, and carry it out."""
        request = loaded(contract.SignRestructuring(), command)
        return restructurings.sign(self.database, self.asked, self.actor, request)

    @rpc(WRITES)
    def report_restructuring(self, command: dict[str, Any]) -> dict[str, Any]:
        """Record that the report on a restructuring was made."""
        request = loaded(contract.DecideRestructuring(), command)
        return restructurings.report(self.database, self.actor, request)

    @rpc(READS)
    def get_restructuring(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show a restructuring, or print its akad."""
        request = loaded(contract.GetRestructuring(), command)
        return restructurings.get(self.database, self.tenant, request)

    @rpc(READS)
    def list_restructurings(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what was proposed and done of a loan."""
        request = loaded(contract.ListRestructurings(), command)
        return restructurings.list_restructurings(self.database, self.tenant, request)
