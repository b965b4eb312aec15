"""Loans in the book: what was lent, what falls due, what was paid of it."""

from __future__ import annotations

from typing import Any

from services.gateway.http import files
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import loans as contract
from services.shared.errors import NotFound
from services.shared.presentation import pdf, sheets

TAG = "Loans"
READ = access.scope("loans:read")
READ_OWN = access.scope("self:read")


class LoanRoutes(Peers):
    """Loans in the book."""

    @route(
        "GET",
        "/v1/loans",
        tag=TAG,
        rule=READ,
        query=contract.ListLoans,
        command=contract.ListLoans,
        answer=contract.LoanPage,
    )
    def list_loans(self, request: Request) -> dict[str, Any]:
        """List loans, all or by member, status, class or officer."""
        return dict(self.loans.list_loans(request.command()))

    @route(
        "GET",
        "/v1/loans/{loan_id}",
        tag=TAG,
        rule=READ,
        command=loans.LoanCommand,
        answer=contract.LoanDetails,
    )
    def get_loan(self, request: Request) -> dict[str, Any]:
        """Show a loan and what is owed of it today."""
        return dict(self.loans.get_loan(request.command()))

    @route(
        "GET",
        "/v1/loans/{loan_id}/schedule",
        tag=TAG,
        rule=READ,
        command=loans.LoanCommand,
        answer=contract.LoanSchedule,
    )
    def get_loan_schedule(self, request: Request) -> dict[str, Any]:
        """Show every instalment and what was paid of it."""
        return dict(self.loans.get_loan_schedule(request.command()))

    @route(
        "GET",
        "/v1/loans/{loan_id}/card",
        tag=TAG,
        rule=READ,
        query=contract.LoanCardQuery,
        command=contract.GetLoanCard,
        answer=contract.LoanCard,
        files=(pdf.MEDIA_TYPE, sheets.MEDIA_TYPE),
    )
    def get_loan_card(self, request: Request) -> dict[str, Any] | Answer:
        """Show the card of a loan (kartu angsuran), or print it."""
        command = request.command()
        return files.in_form(command.get("format"), self.loans.get_loan_card(command))

    @route(
        "GET",
        "/v1/me/loans",
        tag=TAG,
        rule=READ_OWN,
        query=contract.ListMyLoans,
        command=contract.ListMyLoans,
        answer=contract.LoanPage,
        errors=(NotFound,),
    )
    def list_my_loans(self, request: Request) -> dict[str, Any]:
        """List my own loans: what is left, how many instalments are paid."""
        return dict(self.loans.list_my_loans(request.command()))

    @route(
        "GET",
        "/v1/me/loans/{loan_id}",
        tag=TAG,
        rule=READ_OWN,
        command=loans.LoanCommand,
        answer=contract.LoanDetails,
    )
    def get_my_loan(self, request: Request) -> dict[str, Any]:
        """Show one of my loans and what I owe of it today."""
        return dict(self.loans.get_my_loan(request.command()))

    @route(
        "GET",
        "/v1/me/loans/{loan_id}/schedule",
        tag=TAG,
        rule=READ_OWN,
        command=loans.LoanCommand,
        answer=contract.LoanSchedule,
    )
    def get_my_loan_schedule(self, request: Request) -> dict[str, Any]:
        """Show every instalment of one of my loans."""
        return dict(self.loans.get_my_loan_schedule(request.command()))

    @route(
        "GET",
        "/v1/me/loans/{loan_id}/card",
        tag=TAG,
        rule=READ_OWN,
        query=contract.LoanCardQuery,
        command=contract.GetLoanCard,
        answer=contract.LoanCard,
        files=(pdf.MEDIA_TYPE, sheets.MEDIA_TYPE),
    )
    def get_my_loan_card(self, request: Request) -> dict[str, Any] | Answer:
        """Show the card of one of my loans, or print it."""
        command = request.command()
        return files.in_form(
            command.get("format"), self.loans.get_my_loan_card(command)
        )
