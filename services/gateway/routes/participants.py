"""Participants of the clearing: their terms, funds and standing."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import transfers as contract

TAG = "Clearing"
TAKES_PART = access.any_of(
    access.operator, access.scope("transfers:read", "transfers:write")
)


class ParticipantRoutes(Peers):
    """Participants."""

    @route(
        "GET",
        "/v1/participants",
        tag=TAG,
        rule=access.operator,
        query=contract.ListParticipants,
        command=contract.ListParticipants,
        answer=contract.ParticipantPage,
    )
    def list_participants(self, request: Request) -> dict[str, Any]:
        """List the participants by code."""
        return dict(self.transfers.list_participants(request.command()))

    @route(
        "GET",
        "/v1/participants/{cooperative_id}",
        tag=TAG,
        rule=TAKES_PART,
        command=contract.ParticipantCommand,
        answer=contract.Participant,
        errors=(contract.ParticipantNotFound,),
    )
    def get_participant(self, request: Request) -> dict[str, Any]:
        """Show a participant's standing; a tenant sees its own."""
        return dict(self.transfers.get_participant(request.command()))

    @route(
        "PUT",
        "/v1/participants/{cooperative_id}",
        tag=TAG,
        rule=access.operator,
        body=contract.ParticipantBody,
        command=contract.PutParticipant,
        answer=contract.Participant,
        errors=(
            contract.ParticipantNotFound,
            contract.ParticipantClosed,
            contract.CallbackRequired,
            contract.CallbackUrlRefused,
            contract.PositionAboveCap,
        ),
    )
    def put_participant(self, request: Request) -> dict[str, Any]:
        """Set the terms on which a cooperative takes part in clearing."""
        return dict(self.transfers.put_participant(request.command()))

    @route(
        "POST",
        "/v1/participants/{cooperative_id}/funds",
        tag=TAG,
        rule=access.operator,
        status=201,
        body=contract.FundsBody,
        command=contract.MoveFunds,
        answer=contract.FundsMovement,
        key=Idempotency.REQUIRED,
        errors=(
            contract.ParticipantNotFound,
            contract.ParticipantClosed,
            contract.AccountNotFound,
            contract.InsufficientLiquidity,
            contract.InsufficientFunds,
            contract.LimitExceeded,
            contract.PeriodClosed,
        ),
    )
    def move_funds(self, request: Request) -> dict[str, Any]:
        """Record liquidity that a cooperative brings to the hub or takes back."""
        return dict(self.transfers.move_funds(request.command()))

    @route(
        "POST",
        "/v1/participants/{cooperative_id}/suspend",
        tag=TAG,
        rule=access.operator,
        command=contract.ChangeParticipant,
        answer=contract.Participant,
        errors=(contract.ParticipantNotFound,),
    )
    def suspend_participant(self, request: Request) -> dict[str, Any]:
        """Stop a cooperative's payments, in both directions."""
        return dict(self.transfers.suspend_participant(request.command()))

    @route(
        "POST",
        "/v1/participants/{cooperative_id}/reactivate",
        tag=TAG,
        rule=access.operator,
        command=contract.ChangeParticipant,
        answer=contract.Participant,
        errors=(contract.ParticipantNotFound, contract.ParticipantClosed),
    )
    def reactivate_participant(self, request: Request) -> dict[str, Any]:
        """Let a suspended cooperative take part again."""
        return dict(self.transfers.reactivate_participant(request.command()))
