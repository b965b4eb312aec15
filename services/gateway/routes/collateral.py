"""What secures loans."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import collateral as contract
from services.shared.contracts.loans import verification as verification_contract

TAG = "Loan collateral"
READ = access.scope("applications:read", "loans:read")
WRITE = access.scope("applications:write")


class CollateralRoutes(Peers):
    """What secures loans."""

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/collateral",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.CollateralBody,
        command=contract.AddCollateral,
        answer=contract.Collateral,
        errors=(loans.ApplicationNotReady,),
    )
    def add_collateral(self, request: Request) -> dict[str, Any]:
        """Take up a thing that secures the loan."""
        return dict(self.loans.add_collateral(request.command()))

    @route(
        "GET",
        "/v1/loan-applications/{application_id}/collateral",
        tag=TAG,
        rule=READ,
        command=contract.ListCollateral,
        answer=contract.CollateralList,
    )
    def list_collateral(self, request: Request) -> dict[str, Any]:
        """List what secures the loan, and how much of it is covered."""
        return dict(self.loans.list_collateral(request.command()))

    @route(
        "GET",
        "/v1/loan-collateral/{collateral_id}",
        tag=TAG,
        rule=READ,
        command=contract.CollateralCommand,
        answer=contract.Collateral,
    )
    def get_collateral(self, request: Request) -> dict[str, Any]:
        """Show a thing with its appraisals."""
        return dict(self.loans.get_collateral(request.command()))

    @route(
        "POST",
        "/v1/loan-collateral/{collateral_id}/appraisals",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.AppraisalBody,
        command=contract.AppraiseCollateral,
        answer=contract.Collateral,
        errors=(contract.CollateralNotReady, verification_contract.DateInTheFuture),
    )
    def appraise_collateral(self, request: Request) -> dict[str, Any]:
        """Record what a thing is worth; the haircut of its kind is taken off."""
        return dict(self.loans.appraise_collateral(request.command()))

    @route(
        "POST",
        "/v1/loan-collateral/{collateral_id}/withdraw",
        tag=TAG,
        rule=WRITE,
        command=contract.ChangeCollateral,
        answer=contract.Collateral,
        errors=(contract.CollateralNotReady, loans.ApplicationNotReady),
    )
    def withdraw_collateral(self, request: Request) -> dict[str, Any]:
        """Take back a thing that is not bound."""
        return dict(self.loans.withdraw_collateral(request.command()))

    @route(
        "POST",
        "/v1/loan-collateral/{collateral_id}/bind",
        tag=TAG,
        rule=access.scope("disbursements:write"),
        command=contract.ChangeCollateral,
        answer=contract.Collateral,
        errors=(
            contract.CollateralNotAppraised,
            contract.CollateralNotReady,
            loans.ApplicationNotReady,
        ),
    )
    def bind_collateral(self, request: Request) -> dict[str, Any]:
        """Bind a thing to the loan, with the akad."""
        return dict(self.loans.bind_collateral(request.command()))

    @route(
        "POST",
        "/v1/loan-collateral/{collateral_id}/release",
        tag=TAG,
        rule=access.scope("loans:write"),
        command=contract.ChangeCollateral,
        answer=contract.Collateral,
        errors=(contract.CollateralNotReady, contract.LoanNotSettled),
    )
    def release_collateral(self, request: Request) -> dict[str, Any]:
        """Give a thing back when the loan is settled."""
        return dict(self.loans.release_collateral(request.command()))
