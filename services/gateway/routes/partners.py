"""SNAP partners."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import members as members_contract
from services.shared.contracts.members import partners as contract
from services.shared.errors import StepUpRequired

TAG = "Partners"
READ = access.scope("partners:read")
WRITE = access.scope("partners:write")


class PartnerRoutes(Peers):
    """SNAP partners."""

    @route(
        "POST",
        "/v1/partners",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.PartnerBody,
        command=contract.CreatePartner,
        answer=contract.NewPartner,
        errors=(contract.InvalidPublicKey, StepUpRequired),
    )
    def create_partner(self, request: Request) -> dict[str, Any]:
        """Register a system that may call `/snap`, and show its secret once."""
        return dict(self.members.create_partner(request.command()))

    @route(
        "GET",
        "/v1/partners",
        tag=TAG,
        rule=READ,
        query=members_contract.Page,
        command=members_contract.Page,
        answer=contract.PartnerPage,
    )
    def list_partners(self, request: Request) -> dict[str, Any]:
        """List the cooperative's partners, oldest first."""
        return dict(self.members.list_partners(request.command()))

    @route(
        "POST",
        "/v1/partners/{partner_id}/secret",
        tag=TAG,
        rule=WRITE,
        command=contract.ChangePartner,
        answer=contract.NewPartner,
        errors=(contract.PartnerRevoked, StepUpRequired),
    )
    def renew_partner_secret(self, request: Request) -> dict[str, Any]:
        """Give a partner a new secret; the old one ends at once."""
        return dict(self.members.renew_partner_secret(request.command()))

    @route(
        "POST",
        "/v1/partners/{partner_id}/revoke",
        tag=TAG,
        rule=WRITE,
        command=contract.ChangePartner,
        answer=contract.Partner,
    )
    def revoke_partner(self, request: Request) -> dict[str, Any]:
        """Let a partner ask nothing any more; its tokens end at once."""
        return dict(self.members.revoke_partner(request.command()))

    @route(
        "GET",
        "/v1/partners/{partner_id}/requests",
        tag=TAG,
        rule=READ,
        query=members_contract.Page,
        command=contract.ListPartnerRequests,
        answer=contract.PartnerRequestPage,
    )
    def list_partner_requests(self, request: Request) -> dict[str, Any]:
        """List what a partner asked and was answered, newest first."""
        return dict(self.members.list_partner_requests(request.command()))
