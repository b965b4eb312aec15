"""How people become members."""

from __future__ import annotations

from typing import Any, Final

from services.members import operations
from services.members.entrypoints.peers import Peers, loaded
from services.shared import access
from services.shared.contracts import members as contract
from services.shared.messaging import rpc

READS_MEMBERS: Final = access.scope("members:read")
WRITES_MEMBERS: Final = access.scope("members:write")


class MembershipEntrypoints(Peers):
    """Members."""

    @rpc(WRITES_MEMBERS)
    def register_member(self, command: dict[str, Any]) -> dict[str, Any]:
        """Register a candidate member."""
        request = loaded(contract.RegisterMember(), command)
        return operations.register_member(
            self.database, self.settings, self.tenant, request
        )

    @rpc(WRITES_MEMBERS)
    def activate_member(self, command: dict[str, Any]) -> dict[str, Any]:
        """Make a candidate a full member."""
        request = loaded(contract.ActivateMember(), command)
        return self.once(
            request,
            lambda: operations.activate_member(
                self.database, self.tenant, request["member_id"]
            ),
        )

    @rpc(READS_MEMBERS)
    def get_member(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about a member, personal data included."""
        request = loaded(contract.MemberCommand(), command)
        return operations.get_member(
            self.database, self.settings, self.tenant, request["member_id"]
        )

    @rpc(READS_MEMBERS)
    def list_members(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the members of the caller's cooperative."""
        request = loaded(contract.ListMembers(), command)
        return operations.list_members(self.database, self.tenant, request)
