"""Cooperatives and the clients that act for them: the operator's first steps."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import members as contract
from services.shared.contracts.members.closing import CooperativeClosed
from services.shared.contracts.members.registration import RegistrationUndecided
from services.shared.errors import NotFound

TAG = "Cooperatives"


class CooperativeRoutes(Peers):
    """Cooperatives and their clients."""

    @route(
        "POST",
        "/v1/cooperatives",
        tag=TAG,
        rule=access.operator,
        status=201,
        body=contract.CooperativeBody,
        command=contract.RegisterCooperative,
        answer=contract.Cooperative,
        errors=(contract.CooperativeCodeTaken,),
    )
    def register_cooperative(self, request: Request) -> dict[str, Any]:
        """Register a cooperative."""
        return dict(self.members.register_cooperative(request.command()))

    @route(
        "GET",
        "/v1/cooperatives",
        tag=TAG,
        rule=access.operator,
        query=contract.ListCooperatives,
        command=contract.ListCooperatives,
        answer=contract.CooperativePage,
    )
    def list_cooperatives(self, request: Request) -> dict[str, Any]:
        """List the cooperatives by code."""
        return dict(self.members.list_cooperatives(request.command()))

    @route(
        "GET",
        "/v1/cooperatives/me",
        tag=TAG,
        rule=access.staff,
        answer=contract.Cooperative,
        errors=(NotFound,),
    )
    def get_own_cooperative(self, request: Request) -> dict[str, Any]:
        """Show the caller's own cooperative."""
        own = request.identity.cooperative_id if request.identity else ""
        return dict(self.members.get_cooperative({"cooperative_id": own}))

    @route(
        "GET",
        "/v1/cooperatives/{cooperative_id}",
        tag=TAG,
        rule=access.staff,
        command=contract.CooperativeCommand,
        answer=contract.Cooperative,
    )
    def get_cooperative(self, request: Request) -> dict[str, Any]:
        """Show a cooperative; a tenant sees its own."""
        return dict(self.members.get_cooperative(request.command()))

    @route(
        "POST",
        "/v1/cooperatives/{cooperative_id}/activate",
        tag=TAG,
        rule=access.operator,
        command=contract.ChangeCooperative,
        answer=contract.Cooperative,
        errors=(
            contract.CooperativeNotActive,
            CooperativeClosed,
            RegistrationUndecided,
        ),
    )
    def activate_cooperative(self, request: Request) -> dict[str, Any]:
        """Open a cooperative's book and let it take part."""
        return dict(self.members.activate_cooperative(request.command()))

    @route(
        "POST",
        "/v1/cooperatives/{cooperative_id}/deactivate",
        tag=TAG,
        rule=access.operator,
        command=contract.ChangeCooperative,
        answer=contract.Cooperative,
        errors=(CooperativeClosed,),
    )
    def deactivate_cooperative(self, request: Request) -> dict[str, Any]:
        """Take a cooperative's access away; its books stay."""
        return dict(self.members.deactivate_cooperative(request.command()))

    @route(
        "POST",
        "/v1/cooperatives/{cooperative_id}/clients",
        tag=TAG,
        rule=access.operator,
        status=201,
        body=contract.ClientBody,
        command=contract.CreateClient,
        answer=contract.NewClient,
        errors=(contract.InvalidScope, contract.CooperativeNotActive),
    )
    def create_client(self, request: Request) -> dict[str, Any]:
        """Create a client of a cooperative; its secret is shown this once."""
        return dict(self.members.create_client(request.command()))

    @route(
        "GET",
        "/v1/cooperatives/{cooperative_id}/clients",
        tag=TAG,
        rule=access.operator,
        query=contract.Page,
        command=contract.ListClients,
        answer=contract.ClientPage,
    )
    def list_clients(self, request: Request) -> dict[str, Any]:
        """List a cooperative's clients, without their secrets."""
        return dict(self.members.list_clients(request.command()))

    @route(
        "POST",
        "/v1/cooperatives/{cooperative_id}/clients/{client_id}/revoke",
        tag=TAG,
        rule=access.operator,
        command=contract.RevokeClient,
        answer=contract.Client,
    )
    def revoke_client(self, request: Request) -> dict[str, Any]:
        """Take a client's access away."""
        return dict(self.members.revoke_client(request.command()))
