"""Checks of the identity of who applies."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import ledger, loans
from services.shared.contracts.kyc import checks as kyc_contract
from services.shared.contracts.loans import application_checks as contract

TAG = "Loan applications"


class ApplicationCheckRoutes(Peers):
    """Checks of the identity of who applies."""

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/checks",
        tag=TAG,
        rule=access.scope("applications:write"),
        status=201,
        body=contract.ApplicationCheckBody,
        command=contract.RequestApplicationCheck,
        answer=contract.ApplicationCheck,
        key=Idempotency.REQUIRED,
        errors=(
            loans.ApplicationNotReady,
            kyc_contract.IdentityIncomplete,
            kyc_contract.KycNotConfigured,
            kyc_contract.KycVendorAway,
            kyc_contract.WrongFeature,
            ledger.InsufficientWalletBalance,
        ),
    )
    def request_application_check(self, request: Request) -> dict[str, Any]:
        """Have who applies checked, by eKYC or Skoring as the amount asks for.

        A check may cost a fee, once per application. Asked for again it is the same.
        """
        return dict(self.loans.request_application_check(request.command()))

    @route(
        "GET",
        "/v1/loan-applications/{application_id}/checks",
        tag=TAG,
        rule=access.scope("applications:read"),
        command=loans.ApplicationCommand,
        answer=contract.ApplicationChecks,
    )
    def list_application_checks(self, request: Request) -> dict[str, Any]:
        """List the checks of an application; the last one counts."""
        return dict(self.loans.list_application_checks(request.command()))
