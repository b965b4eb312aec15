"""Cooperation agreements: without one, two cooperatives may not deal."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import transfers as contract

TAG = "Clearing"
TAKES_PART = access.any_of(
    access.operator, access.scope("transfers:read", "transfers:write")
)


class AgreementRoutes(Peers):
    """Agreements."""

    @route(
        "POST",
        "/v1/agreements",
        tag=TAG,
        rule=access.operator,
        status=201,
        body=contract.AgreementBody,
        command=contract.CreateAgreement,
        answer=contract.Agreement,
        errors=(contract.ParticipantNotFound, contract.AgreementOverlaps),
    )
    def create_agreement(self, request: Request) -> dict[str, Any]:
        """Record an agreement between two cooperatives."""
        return dict(self.transfers.create_agreement(request.command()))

    @route(
        "GET",
        "/v1/agreements",
        tag=TAG,
        rule=TAKES_PART,
        query=contract.ListAgreements,
        command=contract.ListAgreements,
        answer=contract.AgreementPage,
    )
    def list_agreements(self, request: Request) -> dict[str, Any]:
        """List agreements, newest first; a tenant sees its own."""
        return dict(self.transfers.list_agreements(request.command()))

    @route(
        "GET",
        "/v1/agreements/{agreement_id}",
        tag=TAG,
        rule=TAKES_PART,
        command=contract.AgreementCommand,
        answer=contract.Agreement,
    )
    def get_agreement(self, request: Request) -> dict[str, Any]:
        """Show an agreement; a tenant sees its own."""
        return dict(self.transfers.get_agreement(request.command()))

    @route(
        "POST",
        "/v1/agreements/{agreement_id}/end",
        tag=TAG,
        rule=access.operator,
        command=contract.EndAgreement,
        answer=contract.Agreement,
        errors=(contract.AgreementEnded,),
    )
    def end_agreement(self, request: Request) -> dict[str, Any]:
        """End an agreement now, before its last day."""
        return dict(self.transfers.end_agreement(request.command()))
