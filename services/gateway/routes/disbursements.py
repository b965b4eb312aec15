"""Paying loans out, and the proof of it."""

from __future__ import annotations

from typing import Any

from services.gateway.http import files
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import ledger, loans
from services.shared.contracts.insurance import policies
from services.shared.contracts.loans import akad, decisions, groups, guarantees, queue
from services.shared.contracts.loans import disbursements as contract
from services.shared.errors import NotFound, SameProposer, StepUpRequired
from services.shared.presentation import pdf

TAG = "Disbursements"


class DisbursementRoutes(Peers):
    """Paying loans out."""

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/disburse",
        tag=TAG,
        rule=access.scope("disbursements:write"),
        status=201,
        body=contract.DisburseBody,
        command=contract.Disburse,
        answer=contract.Disbursement,
        key=Idempotency.REQUIRED,
        errors=(
            NotFound,
            SameProposer,
            StepUpRequired,
            loans.ApplicationNotReady,
            decisions.OwnLoan,
            decisions.ApplicationIncomplete,
            akad.NotTheMembersAccount,
            queue.NotNextInLine,
            contract.InsufficientCash,
            contract.DisbursementRefused,
            ledger.InsufficientWalletBalance,
            ledger.FeeChanged,
            ledger.FeeNotScheduled,
            ledger.AccountNotFound,
            ledger.AccountNotActive,
            ledger.InsufficientFunds,
            ledger.LimitExceeded,
            ledger.BookNotOpen,
            ledger.PeriodClosed,
            policies.ProductNotOffered,
            policies.InsurerRefused,
            policies.InsurerUnavailable,
            guarantees.GuaranteeShort,
            groups.NotAnActiveMember,
        ),
    )
    def disburse(self, request: Request) -> dict[str, Any]:
        """Pay a signed loan out to the member's savings.

        Loan, deductions, fees and cover happen together or not at all. What was
        refused stays so for its Idempotency-Key: another try has another key.
        """
        return dict(self.loans.disburse(request.command()))

    @route(
        "GET",
        "/v1/disbursements",
        tag=TAG,
        rule=access.scope("disbursements:read"),
        query=contract.ListDisbursements,
        command=contract.ListDisbursements,
        answer=contract.DisbursementPage,
    )
    def list_disbursements(self, request: Request) -> dict[str, Any]:
        """List the loans that were paid out, and what was tried, newest first."""
        return dict(self.loans.list_disbursements(request.command()))

    @route(
        "GET",
        "/v1/loans/{loan_id}/disbursement",
        tag=TAG,
        rule=access.scope("loans:read", "disbursements:read"),
        query=contract.DisbursementProofQuery,
        command=contract.GetProof,
        answer=contract.Disbursement,
        files=(pdf.MEDIA_TYPE,),
        errors=(NotFound,),
    )
    def get_loan_disbursement(self, request: Request) -> dict[str, Any] | Answer:
        """Show how a loan was paid out, or print the proof of transfer."""
        command = request.command()
        return files.in_form(
            command.get("format"), self.loans.get_loan_disbursement(command)
        )
