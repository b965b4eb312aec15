"""Which loans are offered, and what one would cost."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import products
from services.shared import access
from services.shared.contracts.loans import products as contract
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("products:read", "self:read")
WRITES: Final = access.scope("products:write")


class ProductEntrypoints(Peers):
    """Loan products."""

    @rpc(WRITES)
    def create_loan_product(self, command: dict[str, Any]) -> dict[str, Any]:
        """Offer loans on these terms."""
        request = loaded(contract.CreateLoanProduct(), command)
        return products.create_product(self.database, self.actor, request)

    @rpc(WRITES)
    def change_loan_product(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change the terms of loans to come, or offer none any more."""
        request = loaded(contract.ChangeLoanProduct(), command)
        return products.change_product(self.database, self.actor, request)

    @rpc(READS)
    def get_loan_product(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about one loan product."""
        request = loaded(contract.LoanProductCommand(), command)
        return products.get_product(self.database, self.tenant, request["code"])

    @rpc(READS)
    def list_loan_products(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the loan products; members see those on offer."""
        request = loaded(contract.ListLoanProducts(), command)
        is_staff = "products:read" in self.identity.scopes
        return products.list_products(
            self.database, self.tenant, request, only_offered=not is_staff
        )

    @rpc(READS)
    def quote_loan(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what a loan would cost, with its schedule."""
        request = loaded(contract.QuoteLoan(), command)
        return products.quote(
            # Members ask too, who may ask nobody else.
            self.database,
            self.asked_for(self.tenant),
            self.tenant,
            request,
        )
