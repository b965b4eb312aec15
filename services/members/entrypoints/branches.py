"""Branches, what they need, and the annual reports that prove it."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints.peers import Peers
from services.members.operations import branches
from services.shared import access
from services.shared.contracts.members import branches as contract
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("branches:read")
WRITES: Final = access.scope("branches:write")


class BranchEntrypoints(Peers):
    """Branches and who works there."""

    @rpc(WRITES)
    def create_branch(self, command: dict[str, Any]) -> dict[str, Any]:
        """Plan an office."""
        request = loaded(contract.CreateBranch(), command)
        return branches.create_branch(self.database, self.actor, request)

    @rpc(WRITES)
    def change_branch(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change what is known of an office."""
        request = loaded(contract.ChangeBranch(), command)
        return branches.change_branch(self.database, self.actor, request)

    @rpc(READS)
    def get_branch(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show an office."""
        request = loaded(contract.BranchCommand(), command)
        return branches.get_branch(self.database, self.tenant, request["branch_id"])

    @rpc(READS)
    def list_branches(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the offices of the caller's cooperative."""
        request = loaded(contract.ListBranches(), command)
        return branches.list_branches(self.database, self.tenant, request)

    @rpc(READS)
    def get_branch_preconditions(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show what an office needs, and what of it there is."""
        request = loaded(contract.BranchCommand(), command)
        return branches.get_preconditions(
            self.database, self.tenant, request["branch_id"]
        )

    @rpc(WRITES)
    def open_branch(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let an office that meets its preconditions begin its work."""
        request = loaded(contract.OpenBranch(), command)
        return self.once(
            request,
            lambda: branches.open_branch(
                self.database, self.actor, request["branch_id"]
            ),
        )

    @rpc(WRITES)
    def close_branch(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let an office end its work."""
        request = loaded(contract.CloseBranch(), command)
        return self.once(
            request,
            lambda: branches.close_branch(
                self.database, self.actor, request["branch_id"], request["reason"]
            ),
        )

    @rpc(WRITES)
    def put_annual_report(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep what the members' meeting accepted for a year."""
        request = loaded(contract.PutAnnualReport(), command)
        return branches.put_annual_report(self.database, self.actor, request)

    @rpc(READS)
    def list_annual_reports(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the annual reports of the caller's cooperative."""
        request = loaded(contract.ListAnnualReports(), command)
        return branches.list_annual_reports(self.database, self.tenant, request)
