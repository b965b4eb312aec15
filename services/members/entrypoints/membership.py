"""How people become members, and how they are found."""

from __future__ import annotations

from typing import Any, Final

from services.members import operations
from services.members.entrypoints.peers import Peers
from services.members.operations import directory, membership
from services.shared import access
from services.shared.contracts import members as contract
from services.shared.contracts.members import membership as membership_contract
from services.shared.messaging import loaded, rpc

READS_MEMBERS: Final = access.scope("members:read")
WRITES_MEMBERS: Final = access.scope("members:write")
SEES_NIKS: Final = access.scope("members:write", "audit:read")


class MembershipEntrypoints(Peers):
    """Members."""

    @rpc(WRITES_MEMBERS)
    def register_member(self, command: dict[str, Any]) -> dict[str, Any]:
        """Register a candidate member."""
        request = loaded(contract.RegisterMember(), command)
        return operations.register_member(
            self.database, self.settings, self.actor, request
        )

    @rpc(WRITES_MEMBERS)
    def activate_member(self, command: dict[str, Any]) -> dict[str, Any]:
        """Make a candidate a full member."""
        request = loaded(contract.ActivateMember(), command)
        return self.once(
            request,
            lambda: operations.activate_member(
                self.database, self.actor, request["member_id"]
            ),
        )

    @rpc(WRITES_MEMBERS)
    def refuse_candidate(self, command: dict[str, Any]) -> dict[str, Any]:
        """Do not take a candidate."""
        request = loaded(membership_contract.RefuseCandidate(), command)
        return self.once(
            request,
            lambda: membership.refuse_candidate(
                self.database, self.settings, self.actor, request
            ),
        )

    @rpc(WRITES_MEMBERS)
    def change_member(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change what is known of a member."""
        request = loaded(membership_contract.ChangeMember(), command)
        return membership.change_member(
            self.database, self.settings, self.actor, request
        )

    @rpc(READS_MEMBERS)
    def get_member(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about a member, personal data included."""
        request = loaded(contract.MemberCommand(), command)
        return operations.get_member(
            self.database, self.settings, self.identity, request["member_id"]
        )

    @rpc(SEES_NIKS)
    def get_member_nik(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell a member's whole NIK, and write down who asked."""
        request = loaded(contract.MemberCommand(), command)
        return directory.get_member_nik(
            self.database, self.settings, self.actor, request["member_id"]
        )

    @rpc(READS_MEMBERS)
    def list_members(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the members of the caller's cooperative."""
        request = loaded(contract.ListMembers(), command)
        return operations.list_members(self.database, self.tenant, request)

    @rpc(READS_MEMBERS)
    def search_members(self, command: dict[str, Any]) -> dict[str, Any]:
        """Find members by name, number, NIK or phone."""
        request = loaded(membership_contract.SearchMembers(), command)
        return directory.search_members(
            self.database, self.settings, self.tenant, request
        )

    @rpc(access.operator)
    def list_duplicate_identities(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the persons whom several cooperatives have registered."""
        request = loaded(contract.Page(), command)
        return directory.list_duplicate_identities(self.database, request)
