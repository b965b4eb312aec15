"""Loans in the book: shown to staff and to their borrowers."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import loan_views
from services.shared import access
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import loans as contract
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("loans:read")
READS_OWN: Final = access.scope("self:read")


class LoanEntrypoints(Peers):
    """Loans in the book."""

    @rpc(access.service("members"))
    def get_debt(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what a member owes."""
        request = loaded(loans_contract.GetDebt(), command)
        return loan_views.get_debt(self.database, self.tenant, request["member_id"])

    @rpc(READS)
    def get_loan(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about one loan and what is owed of it today."""
        request = loaded(loans_contract.LoanCommand(), command)
        return loan_views.get_loan(self.database, self.tenant, request["loan_id"])

    @rpc(READS)
    def list_loans(self, command: dict[str, Any]) -> dict[str, Any]:
        """List loans by member, status, class or officer."""
        request = loaded(contract.ListLoans(), command)
        return loan_views.list_loans(self.database, self.tenant, request)

    @rpc(READS)
    def get_loan_schedule(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell every instalment of a loan and what was paid of it."""
        request = loaded(loans_contract.LoanCommand(), command)
        return loan_views.get_schedule(self.database, self.tenant, request["loan_id"])

    @rpc(READS)
    def get_loan_card(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show the card of a loan, or print it."""
        request = loaded(contract.GetLoanCard(), command)
        return loan_views.get_card(self.database, self.tenant, request)

    @rpc(READS_OWN)
    def get_my_loan(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the borrower about one loan."""
        request = loaded(loans_contract.LoanCommand(), command)
        return loan_views.get_loan(
            self.database, self.tenant, request["loan_id"], self.own_member
        )

    @rpc(READS_OWN)
    def list_my_loans(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the loans of the member who asks."""
        request = loaded(contract.ListMyLoans(), command)
        own = request | {"member_id": self.own_member}
        return loan_views.list_loans(self.database, self.tenant, own)

    @rpc(READS_OWN)
    def get_my_loan_schedule(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the borrower every instalment."""
        request = loaded(loans_contract.LoanCommand(), command)
        return loan_views.get_schedule(
            self.database, self.tenant, request["loan_id"], self.own_member
        )

    @rpc(READS_OWN)
    def get_my_loan_card(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show the borrower the card of a loan, or print it."""
        request = loaded(contract.GetLoanCard(), command)
        return loan_views.get_card(self.database, self.tenant, request, self.own_member)
