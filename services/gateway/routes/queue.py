"""The lines that loan applications wait in."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import queue as contract

TAG = "Loan queue"
READ = access.scope("applications:read")
HANDS_BACK = access.scope("applications:write", "approvals:write")


class QueueRoutes(Peers):
    """The lines that loan applications wait in."""

    @route(
        "GET",
        "/v1/loan-queue/settings",
        tag=TAG,
        rule=READ,
        answer=contract.QueueSettings,
    )
    def get_queue_settings(self, request: Request) -> dict[str, Any]:
        """Show how the lines are ordered."""
        del request
        return dict(self.loans.get_queue_settings({}))

    @route(
        "PUT",
        "/v1/loan-queue/settings",
        tag=TAG,
        rule=access.scope("cooperative:write"),
        body=contract.QueueSettings,
        answer=contract.QueueSettings,
    )
    def put_queue_settings(self, request: Request) -> dict[str, Any]:
        """Order the lines by arrival, score or urgency, from now on.

        Who waits is sorted anew; who is being served is not interrupted.
        """
        return dict(self.loans.put_queue_settings(request.json))

    @route(
        "GET",
        "/v1/loan-queue/report",
        tag=TAG,
        rule=READ,
        query=contract.QueuePeriodQuery,
        command=contract.QueuePeriod,
        answer=contract.QueueReport,
        errors=(contract.PeriodTooBusy,),
    )
    def get_queue_report(self, request: Request) -> dict[str, Any]:
        """Report how long those waited who applied from one day to another."""
        return dict(self.loans.get_queue_report(request.command()))

    @route(
        "POST",
        "/v1/loan-queue/simulations",
        tag=TAG,
        rule=READ,
        body=contract.SimulateQueueBody,
        command=contract.SimulateQueue,
        answer=contract.QueueSimulation,
        errors=(contract.PeriodTooBusy,),
    )
    def simulate_queue(self, request: Request) -> dict[str, Any]:
        """Compare the disciplines on a list of arrivals, or on a period of history.

        True times of arrival and work; nobody is interrupted. Nothing is changed.
        """
        return dict(self.loans.simulate_queue(request.command()))

    @route(
        "GET",
        "/v1/loan-queue/{line}",
        tag=TAG,
        rule=READ,
        query=contract.QueueQuery,
        command=contract.ListQueue,
        answer=contract.QueuePage,
    )
    def list_queue(self, request: Request) -> dict[str, Any]:
        """List who waits in a line, the next first, or who is being served."""
        return dict(self.loans.list_queue(request.command()))

    @route(
        "GET",
        "/v1/loan-queue/{line}/replay",
        tag=TAG,
        rule=READ,
        command=contract.QueueLine,
        answer=contract.QueueReplay,
    )
    def replay_queue(self, request: Request) -> dict[str, Any]:
        """Compute the order of a line again from its log, and say if it is the same."""
        return dict(self.loans.replay_queue(request.command()))

    @route(
        "POST",
        "/v1/loan-queue/{line}/take",
        tag=TAG,
        rule=access.scope("applications:write"),
        command=contract.TakeApplication,
        answer=contract.QueueEntry,
        errors=(contract.QueueEmpty, contract.TakenByDisbursing),
    )
    def take_application(self, request: Request) -> dict[str, Any]:
        """Take the next application; nobody else gets it."""
        return dict(self.loans.take_application(request.command()))

    @route(
        "POST",
        "/v1/loan-queue/{line}/entries/{entry_id}/hand-back",
        tag=TAG,
        rule=HANDS_BACK,
        body=contract.HandBackBody,
        command=contract.HandBack,
        answer=contract.QueueEntry,
        errors=(
            contract.EntryNotServed,
            contract.TakenByAnother,
            contract.TakenByDisbursing,
            loans.ApplicationNotReady,
        ),
    )
    def hand_back(self, request: Request) -> dict[str, Any]:
        """Hand an application back to the place it had, with the reason.

        Whoever approves may do it in the place of an analyst who is away.
        """
        return dict(self.loans.hand_back(request.command()))
