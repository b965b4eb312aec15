"""Cash that pays loans, and what borrowers are told."""

from __future__ import annotations

from typing import Any

from services.members.entrypoints.peers import Peers
from services.members.operations import loan_notices, loan_repayments
from services.shared import access
from services.shared.contracts.loans import (
    AUTODEBIT_FAILED,
    INSTALMENT_DUE,
    INSTALMENT_OVERDUE,
)
from services.shared.contracts.members import loan_repayments as contract
from services.shared.messaging import Event, loaded, on_event, rpc, timer


class LoanRepaymentEntrypoints(Peers):
    """Cash that pays loans."""

    @rpc(access.scope("cash:write"))
    def take_loan_repayment(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take cash for a loan."""
        request = loaded(contract.TakeLoanRepayment(), command)
        return loan_repayments.take(
            self.database, self.loans, self.tenant, request, self.identity
        )

    @on_event("loans", INSTALMENT_DUE)
    def on_loans_instalment_due(self, event: Event) -> None:
        """Remind a borrower of what falls due soon."""
        self._tell(loan_notices.DUE, event)

    @on_event("loans", INSTALMENT_OVERDUE)
    def on_loans_instalment_overdue(self, event: Event) -> None:
        """Remind a borrower of what is late."""
        self._tell(loan_notices.OVERDUE, event)

    @on_event("loans", AUTODEBIT_FAILED)
    def on_loans_autodebit_failed(self, event: Event) -> None:
        """Tell a borrower that the savings did not suffice."""
        self._tell(loan_notices.AUTODEBIT_FAILED, event)

    @timer(seconds=15.0)
    def finish_loan_repayments(self) -> None:
        """Finish cash repayments that were left on their way."""
        loan_repayments.finish_due(self.database, self.loans.on_behalf_of)

    def _tell(self, template: str, event: Event) -> None:
        loan_notices.tell(
            self.database, self.settings, template, event.event_id, event.payload
        )
