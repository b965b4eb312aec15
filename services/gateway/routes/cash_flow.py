"""What lending moves week by week or month by month."""

from __future__ import annotations

from typing import Any

from services.gateway.http import files
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.loans import cash_flow as contract
from services.shared.contracts.loans.verification import DateInTheFuture
from services.shared.presentation import pdf, sheets

TAG = "Loan portfolio"


class CashFlowRoutes(Peers):
    """What lending moves week by week or month by month."""

    @route(
        "GET",
        "/v1/loan-portfolio/cash-flow",
        tag=TAG,
        rule=access.scope("loans:read"),
        query=contract.CashFlowQuery,
        command=contract.CashFlowQuery,
        answer=contract.CashFlow,
        files=(pdf.MEDIA_TYPE, sheets.MEDIA_TYPE),
        errors=(DateInTheFuture,),
    )
    def get_loan_cash_flow(self, request: Request) -> dict[str, Any] | Answer:
        """Report cash flow and position of lending by week or month (R159).

        From the opening balance every movement leads to the closing one. Beside what
        came in stands what the schedules had asked for, and what they will ask for.
        """
        command = request.command()
        return files.in_form(
            command.get("format"), self.loans.get_loan_cash_flow(command)
        )
