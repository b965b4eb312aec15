"""Loan products: on which terms a cooperative lends, and what a loan would cost."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.insurance import policies
from services.shared.contracts.loans import products as contract
from services.shared.errors import NotFound

TAG = "Loan products"
READ = access.scope("products:read")
READ_OWN = access.scope("self:read")
WRITE = access.scope("products:write")

_QUOTE_ERRORS = (
    NotFound,
    contract.LoanProductNotOffered,
    contract.LoanOutsideProduct,
    contract.ScheduleImpossible,
    loans.RateOverCap,
    policies.ProductNotOffered,
)


class LoanProductRoutes(Peers):
    """Loan products."""

    @route(
        "POST",
        "/v1/loan-products",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.LoanProductBody,
        command=contract.CreateLoanProduct,
        answer=contract.LoanProduct,
        errors=(
            contract.LoanProductCodeTaken,
            contract.ScheduleImpossible,
            loans.RateOverCap,
        ),
    )
    def create_loan_product(self, request: Request) -> dict[str, Any]:
        """Offer loans on these terms, of at most 24 % a year."""
        return dict(self.loans.create_loan_product(request.command()))

    @route(
        "GET",
        "/v1/loan-products",
        tag=TAG,
        rule=READ,
        query=contract.ListLoanProducts,
        command=contract.ListLoanProducts,
        answer=contract.LoanProductPage,
    )
    def list_loan_products(self, request: Request) -> dict[str, Any]:
        """List the loan products that are and were on offer."""
        return dict(self.loans.list_loan_products(request.command()))

    @route(
        "GET",
        "/v1/loan-products/{code}",
        tag=TAG,
        rule=READ,
        command=contract.LoanProductCommand,
        answer=contract.LoanProduct,
    )
    def get_loan_product(self, request: Request) -> dict[str, Any]:
        """Show a loan product."""
        return dict(self.loans.get_loan_product(request.command()))

    @route(
        "PUT",
        "/v1/loan-products/{code}",
        tag=TAG,
        rule=WRITE,
        body=contract.LoanTermsBody,
        command=contract.ChangeLoanProduct,
        answer=contract.LoanProduct,
        errors=(contract.ScheduleImpossible, loans.RateOverCap),
    )
    def change_loan_product(self, request: Request) -> dict[str, Any]:
        """Change the terms of loans to come, or offer none any more.

        Loans that run keep what their akad says.
        """
        return dict(self.loans.change_loan_product(request.command()))

    @route(
        "POST",
        "/v1/loan-products/{code}/quotes",
        tag=TAG,
        rule=READ,
        body=contract.LoanQuoteBody,
        command=contract.QuoteLoan,
        answer=contract.LoanQuote,
        key=Idempotency.NONE,
        errors=_QUOTE_ERRORS,
    )
    def quote_loan(self, request: Request) -> dict[str, Any]:
        """Simulate a loan: its schedule, what it costs, what the member receives."""
        return dict(self.loans.quote_loan(request.command()))

    @route(
        "GET",
        "/v1/me/loan-products",
        tag=TAG,
        rule=READ_OWN,
        query=contract.ListLoanProducts,
        command=contract.ListLoanProducts,
        answer=contract.LoanProductPage,
    )
    def list_loan_products_on_offer(self, request: Request) -> dict[str, Any]:
        """List the loans that I can apply for."""
        return dict(self.loans.list_loan_products(request.command()))

    @route(
        "POST",
        "/v1/me/loan-products/{code}/quotes",
        tag=TAG,
        rule=READ_OWN,
        body=contract.LoanQuoteBody,
        command=contract.QuoteLoan,
        answer=contract.LoanQuote,
        key=Idempotency.NONE,
        errors=_QUOTE_ERRORS,
    )
    def quote_own_loan(self, request: Request) -> dict[str, Any]:
        """Simulate a loan for myself: its schedule, what it costs, what I receive."""
        return dict(self.loans.quote_loan(request.command()))
