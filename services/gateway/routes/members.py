"""Members of the caller's cooperative."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import members as contract

TAG = "Members"
READ = access.scope("members:read")
WRITE = access.scope("members:write")


class MemberRoutes(Peers):
    """Members."""

    @route(
        "POST",
        "/v1/members",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.MemberBody,
        command=contract.RegisterMember,
        answer=contract.Member,
        errors=(
            contract.CooperativeNotActive,
            contract.InvalidNik,
            contract.DuplicateNik,
        ),
    )
    def register_member(self, request: Request) -> dict[str, Any]:
        """Register a candidate member."""
        return dict(self.members.register_member(request.command()))

    @route(
        "GET",
        "/v1/members",
        tag=TAG,
        rule=READ,
        query=contract.ListMembers,
        command=contract.ListMembers,
        answer=contract.MemberPage,
    )
    def list_members(self, request: Request) -> dict[str, Any]:
        """List the members in the order they registered."""
        return dict(self.members.list_members(request.command()))

    @route(
        "GET",
        "/v1/members/{member_id}",
        tag=TAG,
        rule=READ,
        command=contract.MemberCommand,
        answer=contract.MemberDetails,
    )
    def get_member(self, request: Request) -> dict[str, Any]:
        """Show a member with the personal data that is kept."""
        return dict(self.members.get_member(request.command()))

    @route(
        "POST",
        "/v1/members/{member_id}/activate",
        tag=TAG,
        rule=WRITE,
        command=contract.ActivateMember,
        answer=contract.Member,
        errors=(contract.CooperativeNotActive,),
    )
    def activate_member(self, request: Request) -> dict[str, Any]:
        """Turn a candidate into a member."""
        return dict(self.members.activate_member(request.command()))
