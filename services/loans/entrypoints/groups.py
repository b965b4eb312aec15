"""Groups whose members answer for each other."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import groups
from services.shared import access
from services.shared.contracts.loans import groups as contract
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("applications:read", "loans:read")
WRITES: Final = access.scope("applications:write")


class GroupEntrypoints(Peers):
    """Groups (tanggung renteng)."""

    @rpc(WRITES)
    def create_loan_group(self, command: dict[str, Any]) -> dict[str, Any]:
        """Form a group."""
        request = loaded(contract.CreateLoanGroup(), command)
        return groups.create_group(self.database, self.members, self.actor, request)

    @rpc(WRITES)
    def add_loan_group_member(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take a member into a group."""
        request = loaded(contract.GroupMemberCommand(), command)
        return groups.add_member(self.database, self.members, self.actor, request)

    @rpc(WRITES)
    def remove_loan_group_member(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a member leave a group."""
        request = loaded(contract.GroupMemberCommand(), command)
        return groups.remove_member(self.database, self.actor, request)

    @rpc(READS)
    def get_loan_group(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about one group."""
        request = loaded(contract.LoanGroupCommand(), command)
        return groups.get_group(self.database, self.tenant, request["group_id"])

    @rpc(READS)
    def list_loan_groups(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the groups of the cooperative."""
        request = loaded(contract.ListLoanGroups(), command)
        return groups.list_groups(self.database, self.tenant, request)
