"""Savings products and contributions."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.members import products as contract

TAG = "Products"
READ = access.scope("products:read")
WRITE = access.scope("products:write")


class ProductRoutes(Peers):
    """Savings products and contributions."""

    @route(
        "POST",
        "/v1/savings-products",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.SavingsProductBody,
        command=contract.CreateSavingsProduct,
        answer=contract.SavingsProduct,
        errors=(contract.ProductCodeTaken, contract.ProductsExhausted),
    )
    def create_savings_product(self, request: Request) -> dict[str, Any]:
        """Offer a new savings product; `sukarela` every cooperative has."""
        return dict(self.members.create_savings_product(request.command()))

    @route(
        "GET",
        "/v1/savings-products",
        tag=TAG,
        rule=READ,
        query=contract.ListSavingsProducts,
        command=contract.ListSavingsProducts,
        answer=contract.SavingsProductPage,
    )
    def list_savings_products(self, request: Request) -> dict[str, Any]:
        """List the savings products with their interest."""
        return dict(self.members.list_savings_products(request.command()))

    @route(
        "GET",
        "/v1/savings-products/{code}",
        tag=TAG,
        rule=READ,
        command=contract.SavingsProductCommand,
        answer=contract.SavingsProduct,
    )
    def get_savings_product(self, request: Request) -> dict[str, Any]:
        """Show a savings product with its interest, past and planned."""
        return dict(self.members.get_savings_product(request.command()))

    @route(
        "PATCH",
        "/v1/savings-products/{code}",
        tag=TAG,
        rule=WRITE,
        body=contract.SavingsProductChanges,
        command=contract.ChangeSavingsProduct,
        answer=contract.SavingsProduct,
        errors=(contract.UnknownProduct,),
    )
    def change_savings_product(self, request: Request) -> dict[str, Any]:
        """Change a savings product; a retired one has no new accounts."""
        return dict(self.members.change_savings_product(request.command()))

    @route(
        "POST",
        "/v1/savings-products/{code}/rates",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.SavingsRateBody,
        command=contract.SetSavingsRate,
        answer=contract.SavingsProduct,
        errors=(contract.TermTooEarly,),
    )
    def set_savings_rate(self, request: Request) -> dict[str, Any]:
        """Set the interest of a product from a month on, at most 9 % a year."""
        return dict(self.members.set_savings_rate(request.command()))

    @route(
        "POST",
        "/v1/contribution-terms",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.ContributionTermBody,
        command=contract.SetContributionTerm,
        answer=contract.ContributionTerm,
        errors=(contract.TermTooEarly,),
    )
    def set_contribution_term(self, request: Request) -> dict[str, Any]:
        """Set what simpanan pokok or wajib amounts to from a month on."""
        return dict(self.members.set_contribution_term(request.command()))

    @route(
        "GET",
        "/v1/contribution-terms",
        tag=TAG,
        rule=READ,
        query=contract.ListContributionTerms,
        command=contract.ListContributionTerms,
        answer=contract.ContributionTermPage,
    )
    def list_contribution_terms(self, request: Request) -> dict[str, Any]:
        """List what contributions amount to, and since when."""
        return dict(self.members.list_contribution_terms(request.command()))
