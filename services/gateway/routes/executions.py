"""Collateral that is turned into money."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import executions as contract
from services.shared.contracts.loans.decisions import OwnLoan
from services.shared.contracts.paging import Page
from services.shared.errors import NotFound, SameProposer, StepUpRequired

TAG = "Execution of collateral"
READ = access.scope("loans:read")
WRITE = access.scope("loans:write")


class ExecutionRoutes(Peers):
    """Collateral that is turned into money."""

    @route(
        "POST",
        "/v1/loans/{loan_id}/executions",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.ExecutionBody,
        command=contract.StartExecution,
        answer=contract.Execution,
        errors=(
            NotFound,
            loans.LoanNotActive,
            contract.CollateralNotBound,
            contract.ExecutionExists,
        ),
    )
    def start_execution(self, request: Request) -> dict[str, Any]:
        """Begin with what was tried to settle a loan without selling collateral."""
        return dict(self.loans.start_execution(request.command()))

    @route(
        "GET",
        "/v1/loans/{loan_id}/executions",
        tag=TAG,
        rule=READ,
        query=Page,
        command=contract.ListExecutions,
        answer=contract.ExecutionPage,
        errors=(NotFound,),
    )
    def list_executions(self, request: Request) -> dict[str, Any]:
        """List what was done about the collateral of a loan."""
        return dict(self.loans.list_executions(request.command()))

    @route(
        "GET",
        "/v1/loans/{loan_id}/executions/{execution_id}",
        tag=TAG,
        rule=READ,
        command=contract.ExecutionCommand,
        answer=contract.Execution,
        errors=(NotFound,),
    )
    def get_execution(self, request: Request) -> dict[str, Any]:
        """Show one execution, and where its price went."""
        return dict(self.loans.get_execution(request.command()))

    @route(
        "POST",
        "/v1/loans/{loan_id}/executions/{execution_id}/sale",
        tag=TAG,
        rule=WRITE,
        body=contract.SaleBody,
        command=contract.ProposeSale,
        answer=contract.Execution,
        errors=(
            NotFound,
            loans.LoanNotActive,
            contract.ExecutionNotReady,
            contract.WarningsMissing,
            contract.NotAppraised,
            contract.BelowFloorPrice,
            contract.CostsTooHigh,
            contract.SaleDateInvalid,
        ),
    )
    def propose_sale(self, request: Request) -> dict[str, Any]:
        """Propose a price; another has to approve it."""
        return dict(self.loans.propose_sale(request.command()))

    @route(
        "POST",
        "/v1/loans/{loan_id}/executions/{execution_id}/approve",
        tag=TAG,
        rule=access.scope("approvals:write"),
        command=contract.DecideExecution,
        answer=contract.Execution,
        errors=(
            NotFound,
            StepUpRequired,
            SameProposer,
            OwnLoan,
            loans.LoanNotActive,
            contract.ExecutionNotReady,
        ),
    )
    def approve_sale(self, request: Request) -> dict[str, Any]:
        """Approve a price that another proposed.

        The price less its costs pays the loan; what is over goes to the member's
        savings, what is missing becomes a receivable without interest.
        """
        return dict(self.loans.approve_sale(request.command()))

    @route(
        "POST",
        "/v1/loans/{loan_id}/executions/{execution_id}/reject",
        tag=TAG,
        rule=access.scope("approvals:write", "loans:write"),
        command=contract.DecideExecution,
        answer=contract.Execution,
        errors=(NotFound, contract.ExecutionNotReady),
    )
    def reject_sale(self, request: Request) -> dict[str, Any]:
        """Do not sell for this price; another may be proposed."""
        return dict(self.loans.reject_sale(request.command()))

    @route(
        "POST",
        "/v1/loans/{loan_id}/executions/{execution_id}/abandon",
        tag=TAG,
        rule=WRITE,
        command=contract.DecideExecution,
        answer=contract.Execution,
        errors=(NotFound, contract.ExecutionNotReady),
    )
    def abandon_execution(self, request: Request) -> dict[str, Any]:
        """Do not sell this collateral after all."""
        return dict(self.loans.abandon_execution(request.command()))
