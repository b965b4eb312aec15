"""Partner insurers and what they offer."""

from __future__ import annotations

from typing import Any, Final

from services.insurance.entrypoints.peers import Peers
from services.insurance.operations import insurers
from services.shared import access
from services.shared.contracts.insurance import insurers as contract
from services.shared.messaging import loaded, rpc

READS_PRODUCTS: Final = access.any_of(
    access.operator, access.scope("insurance:read", "products:read")
)


class InsurerEntrypoints(Peers):
    """Partner insurers and what they offer."""

    @rpc(access.operator)
    def create_insurer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Work with an insurer."""
        request = loaded(contract.CreateInsurer(), command)
        return insurers.create_insurer(self.database, self.actor, request)

    @rpc(access.operator)
    def list_insurers(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the partner insurers."""
        request = loaded(contract.ListInsurers(), command)
        return insurers.list_insurers(self.database, request)

    @rpc(access.operator)
    def create_insurance_product(self, command: dict[str, Any]) -> dict[str, Any]:
        """Offer cover."""
        request = loaded(contract.CreateInsuranceProduct(), command)
        return insurers.create_product(self.database, self.actor, request)

    @rpc(access.operator)
    def withdraw_insurance_product(self, command: dict[str, Any]) -> dict[str, Any]:
        """Offer cover no longer."""
        request = loaded(contract.ChangeInsuranceProduct(), command)
        return self.once(
            request,
            lambda: insurers.withdraw_product(
                self.database, self.actor, request["product_id"]
            ),
        )

    @rpc(READS_PRODUCTS)
    def list_insurance_products(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what is and was on offer."""
        request = loaded(contract.ListInsuranceProducts(), command)
        return insurers.list_products(self.database, self.tenant, request)
