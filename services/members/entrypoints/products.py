"""Savings products and contributions."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints.peers import Peers
from services.members.operations import products
from services.shared import access
from services.shared.contracts.members import products as contract
from services.shared.messaging import loaded, rpc

READS_PRODUCTS: Final = access.scope("products:read")
WRITES_PRODUCTS: Final = access.scope("products:write")


class ProductEntrypoints(Peers):
    """Savings products and contributions."""

    @rpc(WRITES_PRODUCTS)
    def create_savings_product(self, command: dict[str, Any]) -> dict[str, Any]:
        """Make a savings product."""
        request = loaded(contract.CreateSavingsProduct(), command)
        return products.create_product(self.database, self.actor, request)

    @rpc(WRITES_PRODUCTS)
    def change_savings_product(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change what a savings product is called and asks for."""
        request = loaded(contract.ChangeSavingsProduct(), command)
        return products.change_product(self.database, self.actor, request)

    @rpc(WRITES_PRODUCTS)
    def set_savings_rate(self, command: dict[str, Any]) -> dict[str, Any]:
        """Set the interest of a savings product from a month on."""
        request = loaded(contract.SetSavingsRate(), command)
        return products.set_rate(self.database, self.actor, request)

    @rpc(READS_PRODUCTS)
    def get_savings_product(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about a savings product."""
        request = loaded(contract.SavingsProductCommand(), command)
        return products.get_product(self.database, self.tenant, request["code"])

    @rpc(READS_PRODUCTS)
    def list_savings_products(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the savings products of the caller's cooperative."""
        request = loaded(contract.ListSavingsProducts(), command)
        return products.list_products(self.database, self.tenant, request)

    @rpc(WRITES_PRODUCTS)
    def set_contribution_term(self, command: dict[str, Any]) -> dict[str, Any]:
        """Set what simpanan pokok or wajib amounts to from a month on."""
        request = loaded(contract.SetContributionTerm(), command)
        return products.set_term(self.database, self.actor, request)

    @rpc(READS_PRODUCTS)
    def list_contribution_terms(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what contributions amount to, and since when."""
        request = loaded(contract.ListContributionTerms(), command)
        return products.list_terms(self.database, self.tenant, request)
