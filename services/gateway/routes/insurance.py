"""Partner insurers, what they offer, and the cover of loans."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.insurance import insurers as contract
from services.shared.contracts.insurance import policies as policies_contract
from services.shared.contracts.insurance import subrogations as subrogations_contract
from services.shared.errors import NotFound

CATALOGUE_TAG = "Insurers"
TAG = "Insurance policies"
READ = access.scope("insurance:read")
READ_PRODUCTS = access.any_of(
    access.operator, access.scope("insurance:read", "products:read")
)


class InsuranceRoutes(Peers):
    """Partner insurers, what they offer, and the cover of loans."""

    @route(
        "POST",
        "/v1/insurers",
        tag=CATALOGUE_TAG,
        rule=access.operator,
        status=201,
        body=contract.InsurerBody,
        command=contract.CreateInsurer,
        answer=contract.Insurer,
        errors=(contract.InsurerCodeTaken,),
    )
    def create_insurer(self, request: Request) -> dict[str, Any]:
        """Work with a partner insurer."""
        return dict(self.insurance.create_insurer(request.command()))

    @route(
        "GET",
        "/v1/insurers",
        tag=CATALOGUE_TAG,
        rule=access.operator,
        query=contract.ListInsurers,
        command=contract.ListInsurers,
        answer=contract.InsurerPage,
    )
    def list_insurers(self, request: Request) -> dict[str, Any]:
        """List the partner insurers."""
        return dict(self.insurance.list_insurers(request.command()))

    @route(
        "POST",
        "/v1/insurance/products",
        tag=CATALOGUE_TAG,
        rule=access.operator,
        status=201,
        body=contract.InsuranceProductBody,
        command=contract.CreateInsuranceProduct,
        answer=contract.InsuranceProduct,
        errors=(NotFound, contract.InsuranceProductCodeTaken),
    )
    def create_insurance_product(self, request: Request) -> dict[str, Any]:
        """Offer cover that cooperatives may bundle with their loans."""
        return dict(self.insurance.create_insurance_product(request.command()))

    @route(
        "GET",
        "/v1/insurance/products",
        tag=CATALOGUE_TAG,
        rule=READ_PRODUCTS,
        query=contract.ListInsuranceProducts,
        command=contract.ListInsuranceProducts,
        answer=contract.InsuranceProductPage,
    )
    def list_insurance_products(self, request: Request) -> dict[str, Any]:
        """List what the partner insurers offer and have offered."""
        return dict(self.insurance.list_insurance_products(request.command()))

    @route(
        "POST",
        "/v1/insurance/products/{product_id}/withdraw",
        tag=CATALOGUE_TAG,
        rule=access.operator,
        command=contract.ChangeInsuranceProduct,
        answer=contract.InsuranceProduct,
    )
    def withdraw_insurance_product(self, request: Request) -> dict[str, Any]:
        """Offer cover no longer; policies that run go on."""
        return dict(self.insurance.withdraw_insurance_product(request.command()))

    @route(
        "GET",
        "/v1/insurance/policies",
        tag=TAG,
        rule=READ,
        query=policies_contract.ListPolicies,
        command=policies_contract.ListPolicies,
        answer=policies_contract.PolicyPage,
    )
    def list_policies(self, request: Request) -> dict[str, Any]:
        """List policies: all, or those of a member or a loan."""
        return dict(self.insurance.list_policies(request.command()))

    @route(
        "GET",
        "/v1/insurance/policies/{policy_id}",
        tag=TAG,
        rule=READ,
        command=policies_contract.PolicyCommand,
        answer=policies_contract.Policy,
    )
    def get_policy(self, request: Request) -> dict[str, Any]:
        """Show the cover of a loan."""
        return dict(self.insurance.get_policy(request.command()))

    @route(
        "GET",
        "/v1/insurance/subrogations",
        tag=TAG,
        rule=READ,
        query=subrogations_contract.ListSubrogations,
        command=subrogations_contract.ListSubrogations,
        answer=subrogations_contract.SubrogationPage,
    )
    def list_subrogations(self, request: Request) -> dict[str, Any]:
        """List what insurers that have paid may recover, and what was recovered."""
        return dict(self.insurance.list_subrogations(request.command()))
