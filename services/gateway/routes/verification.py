"""Verification of applications for loans."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import applications
from services.shared.contracts.loans import verification as contract
from services.shared.contracts.loans.decisions import OwnLoan
from services.shared.contracts.paging import Page

TAG = "Loan verification"
READ = access.scope("applications:read")
WRITE = access.scope("applications:write")


class VerificationRoutes(Peers):
    """Verification of applications for loans."""

    @route(
        "GET",
        "/v1/loan-products/{product_id}/checklist",
        tag=TAG,
        rule=access.scope("products:read"),
        command=contract.ChecklistCommand,
        answer=contract.Checklist,
    )
    def get_checklist(self, request: Request) -> dict[str, Any]:
        """Show what is ticked off for loans of a product."""
        return dict(self.loans.get_checklist(request.command()))

    @route(
        "PUT",
        "/v1/loan-products/{product_id}/checklist",
        tag=TAG,
        rule=access.scope("products:write"),
        body=contract.ChecklistBody,
        command=contract.PutChecklist,
        answer=contract.Checklist,
    )
    def put_checklist(self, request: Request) -> dict[str, Any]:
        """Say what is ticked off for loans of a product."""
        return dict(self.loans.put_checklist(request.command()))

    @route(
        "GET",
        "/v1/loan-applications/{application_id}/verification",
        tag=TAG,
        rule=READ,
        command=loans.ApplicationCommand,
        answer=contract.Verification,
    )
    def get_verification(self, request: Request) -> dict[str, Any]:
        """Show how far a verification is, and what is missing."""
        return dict(self.loans.get_verification(request.command()))

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/checklist",
        tag=TAG,
        rule=WRITE,
        body=contract.TickBody,
        command=contract.TickChecklist,
        answer=contract.Verification,
        errors=(
            loans.ApplicationNotReady,
            contract.NotYourApplication,
            contract.UnknownItem,
        ),
    )
    def tick_checklist(self, request: Request) -> dict[str, Any]:
        """Tick items of the checklist off, or take ticks back."""
        return dict(self.loans.tick_checklist(request.command()))

    @route(
        "PUT",
        "/v1/loan-applications/{application_id}/five-c",
        tag=TAG,
        rule=WRITE,
        body=contract.FiveCBody,
        command=contract.AssessFiveC,
        answer=contract.Verification,
        errors=(loans.ApplicationNotReady, contract.NotYourApplication),
    )
    def assess_five_c(self, request: Request) -> dict[str, Any]:
        """Score character, capacity, capital, collateral and condition."""
        return dict(self.loans.assess_five_c(request.command()))

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/visits",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.FieldVisitBody,
        command=contract.RecordFieldVisit,
        answer=contract.FieldVisit,
        errors=(loans.ApplicationNotReady, contract.DateInTheFuture),
    )
    def record_field_visit(self, request: Request) -> dict[str, Any]:
        """Record a field visit or an interview."""
        return dict(self.loans.record_field_visit(request.command()))

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/verification/finish",
        tag=TAG,
        rule=WRITE,
        command=contract.FinishVerification,
        answer=applications.ApplicationDetails,
        errors=(
            loans.ApplicationNotReady,
            contract.NotYourApplication,
            contract.VerificationIncomplete,
            OwnLoan,
        ),
    )
    def finish_verification(self, request: Request) -> dict[str, Any]:
        """Bring an application before the committee.

        The limits are assessed anew. Everything that is missing is in `errors`.
        """
        return dict(self.loans.finish_verification(request.command()))

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/verification/reject",
        tag=TAG,
        rule=WRITE,
        body=contract.RejectApplicationBody,
        command=contract.RejectApplication,
        answer=applications.ApplicationDetails,
        errors=(loans.ApplicationNotReady, contract.NotYourApplication),
    )
    def reject_application(self, request: Request) -> dict[str, Any]:
        """Reject an application, with the reason."""
        return dict(self.loans.reject_application(request.command()))

    @route(
        "POST",
        "/v1/members/{member_id}/trainings",
        tag=TAG,
        rule=access.scope("members:write", "applications:write"),
        status=201,
        body=contract.TrainingBody,
        command=contract.RecordTraining,
        answer=contract.Training,
        errors=(contract.DateInTheFuture,),
    )
    def record_training(self, request: Request) -> dict[str, Any]:
        """Record that a member attended a lesson about money."""
        return dict(self.loans.record_training(request.command()))

    @route(
        "GET",
        "/v1/members/{member_id}/trainings",
        tag=TAG,
        rule=access.scope("members:read", "applications:read"),
        query=Page,
        command=contract.ListTrainings,
        answer=contract.TrainingPage,
    )
    def list_trainings(self, request: Request) -> dict[str, Any]:
        """List the lessons that a member attended."""
        return dict(self.loans.list_trainings(request.command()))
