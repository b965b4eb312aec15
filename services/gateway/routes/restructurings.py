"""New terms for loans that cannot be paid on their old ones."""

from __future__ import annotations

from typing import Any

from services.gateway.http import files
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import akad, decisions, executions, repayments
from services.shared.contracts.loans import restructurings as contract
from services.shared.contracts.paging import Page
from services.shared.errors import NotFound, SameProposer, StepUpRequired
from services.shared.presentation import pdf

TAG = "Restructuring"
READ = access.scope("loans:read")
WRITE = access.scope("loans:write")

_TERMS = (
    loans.LoanNotActive,
    akad.FirstDueDateInvalid,
    akad.ScheduleNotPossible,
    contract.TermsUnfit,
    contract.ExtensionTooLong,
)


class RestructuringRoutes(Peers):
    """New terms for loans."""

    @route(
        "POST",
        "/v1/loans/{loan_id}/restructurings",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.RestructuringBody,
        command=contract.ProposeRestructuring,
        answer=contract.Restructuring,
        errors=(
            NotFound,
            *_TERMS,
            contract.RestructuringOpen,
            contract.NotGoingConcern,
            contract.CollateralNotOffered,
        ),
    )
    def propose_restructuring(self, request: Request) -> dict[str, Any]:
        """Propose new terms for a loan; another has to approve them.

        The answer shows the new schedule as of today.
        """
        return dict(self.loans.propose_restructuring(request.command()))

    @route(
        "GET",
        "/v1/loans/{loan_id}/restructurings",
        tag=TAG,
        rule=READ,
        query=Page,
        command=contract.ListRestructurings,
        answer=contract.RestructuringPage,
        errors=(NotFound,),
    )
    def list_restructurings(self, request: Request) -> dict[str, Any]:
        """List what was proposed and done of a loan."""
        return dict(self.loans.list_restructurings(request.command()))

    @route(
        "GET",
        "/v1/loans/{loan_id}/restructurings/{restructuring_id}",
        tag=TAG,
        rule=READ,
        query=contract.RestructuringQuery,
        command=contract.GetRestructuring,
        answer=contract.Restructuring,
        files=(pdf.MEDIA_TYPE,),
        errors=(NotFound,),
    )
    def get_restructuring(self, request: Request) -> dict[str, Any] | Answer:
        """Show a restructuring, or print its akad with the old and new schedule."""
        command = request.command()
        return files.in_form(
            command.get("format"), self.loans.get_restructuring(command)
        )

    @route(
        "POST",
        "/v1/loans/{loan_id}/restructurings/{restructuring_id}/approve",
        tag=TAG,
        rule=access.scope("approvals:write"),
        command=contract.DecideRestructuring,
        answer=contract.Restructuring,
        errors=(
            NotFound,
            StepUpRequired,
            SameProposer,
            decisions.OwnLoan,
            *_TERMS,
            repayments.RepaymentUnderWay,
            contract.RestructuringNotReady,
        ),
    )
    def approve_restructuring(self, request: Request) -> dict[str, Any]:
        """Approve new terms that another proposed: the akad is drawn up."""
        return dict(self.loans.approve_restructuring(request.command()))

    @route(
        "POST",
        "/v1/loans/{loan_id}/restructurings/{restructuring_id}/reject",
        tag=TAG,
        rule=access.scope("approvals:write", "loans:write"),
        command=contract.DecideRestructuring,
        answer=contract.Restructuring,
        errors=(NotFound, contract.RestructuringNotReady),
    )
    def reject_restructuring(self, request: Request) -> dict[str, Any]:
        """Leave the loan as it is; also takes back what nobody has signed."""
        return dict(self.loans.reject_restructuring(request.command()))

    @route(
        "POST",
        "/v1/loans/{loan_id}/restructurings/{restructuring_id}/sign",
        tag=TAG,
        rule=WRITE,
        body=contract.SignRestructuringBody,
        command=contract.SignRestructuring,
        answer=contract.Restructuring,
        errors=(
            NotFound,
            loans.LoanNotActive,
            akad.SigningDateInvalid,
            repayments.RepaymentUnderWay,
            executions.CollateralNotBound,
            contract.RestructuringNotReady,
            contract.RestructuringOutdated,
        ),
    )
    def sign_restructuring(self, request: Request) -> dict[str, Any]:
        """Record that the akad was signed: the new loan takes the old one's place."""
        return dict(self.loans.sign_restructuring(request.command()))

    @route(
        "POST",
        "/v1/loans/{loan_id}/restructurings/{restructuring_id}/report",
        tag=TAG,
        rule=WRITE,
        command=contract.DecideRestructuring,
        answer=contract.Restructuring,
        errors=(NotFound, contract.RestructuringNotReady),
    )
    def report_restructuring(self, request: Request) -> dict[str, Any]:
        """Record that the report was made, due within seven days after the akad."""
        return dict(self.loans.report_restructuring(request.command()))
