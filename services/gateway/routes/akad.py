"""Loan agreements: drawn up, shown, printed, signed."""

from __future__ import annotations

from typing import Any

from services.gateway.http import files
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import ledger, loans
from services.shared.contracts.insurance import policies
from services.shared.contracts.loans import akad as contract
from services.shared.errors import NotFound
from services.shared.presentation import pdf

TAG = "Loan agreements"


class AkadRoutes(Peers):
    """Loan agreements."""

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/akad",
        tag=TAG,
        rule=access.scope("applications:write", "loans:write", "disbursements:write"),
        status=201,
        body=contract.AkadBody,
        command=contract.MakeAkad,
        answer=contract.Akad,
        errors=(
            NotFound,
            loans.ApplicationNotReady,
            loans.RateOverCap,
            ledger.FeeNotScheduled,
            policies.ProductNotOffered,
            contract.NotTheMembersAccount,
            contract.FirstDueDateInvalid,
            contract.ScheduleNotPossible,
            contract.DeductionsTooLarge,
        ),
    )
    def make_akad(self, request: Request) -> dict[str, Any]:
        """Draw up the agreement on an approved loan, with its schedule and true cost.

        Made again, it replaces the one that nobody has signed.
        """
        return dict(self.loans.make_akad(request.command()))

    @route(
        "GET",
        "/v1/loan-applications/{application_id}/akad",
        tag=TAG,
        rule=access.scope("applications:read", "loans:read"),
        query=contract.AkadQuery,
        command=contract.GetAkad,
        answer=contract.Akad,
        files=(pdf.MEDIA_TYPE,),
        errors=(NotFound,),
    )
    def get_akad(self, request: Request) -> dict[str, Any] | Answer:
        """Show the agreement on a loan, or print it."""
        command = request.command()
        return files.in_form(command.get("format"), self.loans.get_akad(command))

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/akad/sign",
        tag=TAG,
        rule=access.scope("loans:write", "disbursements:write"),
        body=contract.SignBody,
        command=contract.SignAkad,
        answer=contract.Akad,
        errors=(NotFound, loans.ApplicationNotReady, contract.SigningDateInvalid),
    )
    def sign_akad(self, request: Request) -> dict[str, Any]:
        """Record who signed the agreement, and when; the loan can be paid out then."""
        return dict(self.loans.sign_akad(request.command()))

    @route(
        "GET",
        "/v1/me/loan-applications/{application_id}/akad",
        tag=TAG,
        rule=access.scope("self:read"),
        query=contract.AkadQuery,
        command=contract.GetAkad,
        answer=contract.Akad,
        files=(pdf.MEDIA_TYPE,),
        errors=(NotFound,),
    )
    def get_my_akad(self, request: Request) -> dict[str, Any] | Answer:
        """Show the agreement on my own loan, or print it."""
        command = request.command()
        return files.in_form(command.get("format"), self.loans.get_my_akad(command))
