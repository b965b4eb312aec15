"""How memberships end."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.members import membership as contract
from services.shared.errors import SameProposer, StepUpRequired

TAG = "Leaving"
READ = access.scope("members:read")
WRITE = access.scope("members:write")


class DepartureRoutes(Peers):
    """Members who leave."""

    @route(
        "POST",
        "/v1/members/{member_id}/departures",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.DepartureBody,
        command=contract.ProposeDeparture,
        answer=contract.Departure,
        errors=(
            contract.CannotLeaveThisWay,
            contract.DepartureRunning,
            loans_contract.LoansUnavailable,
        ),
    )
    def propose_departure(self, request: Request) -> dict[str, Any]:
        """Propose that a membership ends; another person approves it.

        `blockers` names what has to be settled first.
        """
        return dict(self.members.propose_departure(request.command()))

    @route(
        "GET",
        "/v1/departures",
        tag=TAG,
        rule=READ,
        query=contract.ListDepartures,
        command=contract.ListDepartures,
        answer=contract.DeparturePage,
    )
    def list_departures(self, request: Request) -> dict[str, Any]:
        """List departures in the order they were proposed."""
        return dict(self.members.list_departures(request.command()))

    @route(
        "GET",
        "/v1/departures/{departure_id}",
        tag=TAG,
        rule=READ,
        command=contract.DepartureCommand,
        answer=contract.Departure,
        errors=(loans_contract.LoansUnavailable,),
    )
    def get_departure(self, request: Request) -> dict[str, Any]:
        """Show a departure and what stands in its way."""
        return dict(self.members.get_departure(request.command()))

    @route(
        "POST",
        "/v1/departures/{departure_id}/approve",
        tag=TAG,
        rule=access.scope("approvals:write"),
        command=contract.ApproveDeparture,
        answer=contract.Departure,
        key=Idempotency.REQUIRED,
        errors=(
            SameProposer,
            StepUpRequired,
            contract.CannotLeaveThisWay,
            contract.DepartureBlocked,
            contract.DepartureDecided,
            loans_contract.LoansUnavailable,
            ledger_contract.InsufficientFunds,
            ledger_contract.AccountNotFound,
            ledger_contract.AccountNotActive,
            ledger_contract.PeriodClosed,
            ledger_contract.LimitExceeded,
        ),
    )
    def approve_departure(self, request: Request) -> dict[str, Any]:
        """Approve a departure that somebody else proposed, and carry it out.

        The accounts are closed, the membership ends, and simpanan pokok and wajib are
        paid back. If the money for that is not there, repeat it when it is.
        """
        return dict(self.members.approve_departure(request.command()))

    @route(
        "POST",
        "/v1/departures/{departure_id}/withdraw",
        tag=TAG,
        rule=WRITE,
        command=contract.WithdrawDeparture,
        answer=contract.Departure,
        errors=(contract.DepartureDecided,),
    )
    def withdraw_departure(self, request: Request) -> dict[str, Any]:
        """Give up a departure that is not approved: the member stays."""
        return dict(self.members.withdraw_departure(request.command()))
