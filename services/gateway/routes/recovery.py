"""Write-offs, force majeure, and the bounds within which loans are recovered."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import (
    claims,
    decisions,
    recovery,
    repayments,
    verification,
    write_offs,
)
from services.shared.contracts.paging import Page
from services.shared.errors import NotFound, SameProposer, StepUpRequired

TAG = "Recovery"
READ = access.scope("loans:read")
WRITE = access.scope("loans:write")


class RecoveryRoutes(Peers):
    """Write-offs, force majeure and settings."""

    @route(
        "POST",
        "/v1/loans/{loan_id}/write-off",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=write_offs.WriteOffBody,
        command=write_offs.ProposeWriteOff,
        answer=write_offs.WriteOff,
        errors=(
            NotFound,
            loans.LoanNotActive,
            write_offs.WriteOffExists,
            write_offs.WriteOffTooEarly,
            write_offs.ConsentDateInvalid,
        ),
    )
    def propose_write_off(self, request: Request) -> dict[str, Any]:
        """Propose to write a loan off, with the consent of the pengawas on paper."""
        return dict(self.loans.propose_write_off(request.command()))

    @route(
        "GET",
        "/v1/loans/{loan_id}/write-off",
        tag=TAG,
        rule=READ,
        query=Page,
        command=write_offs.ListWriteOffs,
        answer=write_offs.WriteOffPage,
        errors=(NotFound,),
    )
    def list_write_offs(self, request: Request) -> dict[str, Any]:
        """List what was proposed and decided of a loan."""
        return dict(self.loans.list_write_offs(request.command()))

    @route(
        "POST",
        "/v1/loans/{loan_id}/write-off/{write_off_id}/approve",
        tag=TAG,
        rule=access.scope("approvals:write"),
        command=write_offs.DecideWriteOff,
        answer=write_offs.WriteOff,
        errors=(
            NotFound,
            StepUpRequired,
            SameProposer,
            decisions.OwnLoan,
            loans.LoanNotActive,
            repayments.RepaymentUnderWay,
            write_offs.PengurusOnly,
            write_offs.WriteOffDecided,
            write_offs.WriteOffTooEarly,
        ),
    )
    def approve_write_off(self, request: Request) -> dict[str, Any]:
        """Write a loan off that another proposed to; it is collected all the same."""
        return dict(self.loans.approve_write_off(request.command()))

    @route(
        "POST",
        "/v1/loans/{loan_id}/write-off/{write_off_id}/reject",
        tag=TAG,
        rule=access.scope("approvals:write", "loans:write"),
        command=write_offs.DecideWriteOff,
        answer=write_offs.WriteOff,
        errors=(NotFound, write_offs.WriteOffDecided),
    )
    def reject_write_off(self, request: Request) -> dict[str, Any]:
        """Leave the loan in the book."""
        return dict(self.loans.reject_write_off(request.command()))

    @route(
        "POST",
        "/v1/loans/{loan_id}/force-majeure",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=claims.ForceMajeureBody,
        command=claims.ReportForceMajeure,
        answer=claims.ClaimRequest,
        errors=(
            NotFound,
            loans.LoanNotActive,
            claims.NotInsured,
            verification.DateInTheFuture,
        ),
    )
    def report_force_majeure(self, request: Request) -> dict[str, Any]:
        """Claim on the insurer since force majeure has struck the borrower."""
        return dict(self.loans.report_force_majeure(request.command()))

    @route(
        "GET",
        "/v1/loans/{loan_id}/claim-requests",
        tag=TAG,
        rule=READ,
        command=loans.LoanCommand,
        answer=claims.ClaimRequestList,
        errors=(NotFound,),
    )
    def list_claim_requests(self, request: Request) -> dict[str, Any]:
        """List what was asked of the insurer for a loan, and what it said."""
        return dict(self.loans.list_claim_requests(request.command()))

    @route(
        "GET",
        "/v1/recovery-settings",
        tag=TAG,
        rule=READ,
        answer=recovery.RecoverySettings,
    )
    def get_recovery_settings(self, request: Request) -> dict[str, Any]:
        """Show from when claims, sales and write-offs are possible."""
        del request
        return dict(self.loans.get_recovery_settings({}))

    @route(
        "PUT",
        "/v1/recovery-settings",
        tag=TAG,
        rule=access.scope("cooperative:write"),
        body=recovery.RecoverySettings,
        answer=recovery.RecoverySettings,
        errors=(StepUpRequired,),
    )
    def put_recovery_settings(self, request: Request) -> dict[str, Any]:
        """Change from when claims, sales and write-offs are possible."""
        return dict(self.loans.put_recovery_settings(request.json))
