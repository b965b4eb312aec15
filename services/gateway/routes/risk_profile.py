"""How risky the cooperative finds itself, and how its staff learns."""

from __future__ import annotations

from typing import Any

from services.gateway.http import files
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.loans import risk_profile as contract
from services.shared.contracts.loans.verification import DateInTheFuture
from services.shared.presentation import pdf, sheets

TAG = "Risk profile"
READ = access.scope("loans:read", "cooperative:read")
WRITE = access.scope("cooperative:write")


class RiskProfileRoutes(Peers):
    """How risky the cooperative finds itself, and how its staff learns."""

    @route(
        "GET",
        "/v1/risk-profile",
        tag=TAG,
        rule=READ,
        query=contract.RiskProfileQuery,
        command=contract.RiskProfileQuery,
        answer=contract.RiskProfile,
        files=(pdf.MEDIA_TYPE, sheets.MEDIA_TYPE),
    )
    def get_risk_profile(self, request: Request) -> dict[str, Any] | Answer:
        """Show the self-assessment: capital, staff, sector, place and age (R162).

        What the books know comes from them. It is no official result.
        """
        command = request.command()
        return files.in_form(
            command.get("format"), self.loans.get_risk_profile(command)
        )

    @route(
        "PUT",
        "/v1/risk-profile",
        tag=TAG,
        rule=WRITE,
        body=contract.RiskProfileBody,
        answer=contract.RiskProfile,
        errors=(DateInTheFuture,),
    )
    def put_risk_profile(self, request: Request) -> dict[str, Any]:
        """Fill in what no data tells."""
        return dict(self.loans.put_risk_profile(request.json))

    @route(
        "POST",
        "/v1/staff-trainings",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.StaffTrainingBody,
        command=contract.RecordStaffTraining,
        answer=contract.StaffTraining,
        errors=(DateInTheFuture,),
    )
    def record_staff_training(self, request: Request) -> dict[str, Any]:
        """Record a training that staff attended: four a year are the target (R163)."""
        return dict(self.loans.record_staff_training(request.command()))

    @route(
        "GET",
        "/v1/staff-trainings",
        tag=TAG,
        rule=READ,
        query=contract.ListStaffTrainings,
        command=contract.ListStaffTrainings,
        answer=contract.StaffTrainingPage,
    )
    def list_staff_trainings(self, request: Request) -> dict[str, Any]:
        """List the trainings of staff, the latest first."""
        return dict(self.loans.list_staff_trainings(request.command()))
