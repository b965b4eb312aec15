"""Autodebet: instalments that are taken from savings."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import autodebits as contract
from services.shared.contracts.loans import repayments
from services.shared.contracts.paging import Page
from services.shared.errors import NotFound, StepUpRequired

TAG = "Autodebits"
READ = access.scope("loans:read")
WRITE = access.scope("loans:write")
READ_OWN = access.scope("self:read")
WRITE_OWN = access.scope("self:write")

_ERRORS = (
    NotFound,
    loans.LoanNotActive,
    contract.AutodebitStands,
    repayments.WrongRepaymentAccount,
)


class AutodebitRoutes(Peers):
    """Autodebet: instalments that are taken from savings."""

    @route(
        "POST",
        "/v1/loans/{loan_id}/autodebits",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.AutodebitBody,
        command=contract.ConsentToAutodebit,
        answer=contract.Autodebit,
        errors=_ERRORS,
    )
    def consent_to_autodebit(self, request: Request) -> dict[str, Any]:
        """Keep that the borrower lets savings be debited for what is due of the loan.

        From then on it is taken on every due day and after, all of it or what is there
        above the minimum balance of the account, until the consent is revoked.
        """
        return dict(self.loans.consent_to_autodebit(request.command()))

    @route(
        "POST",
        "/v1/loans/{loan_id}/autodebits/revoke",
        tag=TAG,
        rule=WRITE,
        command=contract.RevokeAutodebit,
        answer=contract.Autodebit,
        errors=(NotFound,),
    )
    def revoke_autodebit(self, request: Request) -> dict[str, Any]:
        """Take nothing more from the borrower's savings by itself."""
        return dict(self.loans.revoke_autodebit(request.command()))

    @route(
        "GET",
        "/v1/loans/{loan_id}/autodebits",
        tag=TAG,
        rule=READ,
        query=Page,
        command=contract.ListAutodebits,
        answer=contract.AutodebitPage,
        errors=(NotFound,),
    )
    def list_autodebits(self, request: Request) -> dict[str, Any]:
        """List who consented to debits and when, and what could not be taken."""
        return dict(self.loans.list_autodebits(request.command()))

    @route(
        "POST",
        "/v1/me/loans/{loan_id}/autodebits",
        tag=TAG,
        rule=WRITE_OWN,
        status=201,
        body=contract.MyAutodebitBody,
        command=contract.ConsentToMyAutodebit,
        answer=contract.Autodebit,
        errors=(*_ERRORS, StepUpRequired),
    )
    def consent_to_my_autodebit(self, request: Request) -> dict[str, Any]:
        """Let my savings be debited for what is due of my loan."""
        return dict(self.loans.consent_to_my_autodebit(request.command()))

    @route(
        "POST",
        "/v1/me/loans/{loan_id}/autodebits/revoke",
        tag=TAG,
        rule=WRITE_OWN,
        command=contract.RevokeAutodebit,
        answer=contract.Autodebit,
        errors=(NotFound,),
    )
    def revoke_my_autodebit(self, request: Request) -> dict[str, Any]:
        """Let my savings be debited no longer."""
        return dict(self.loans.revoke_my_autodebit(request.command()))

    @route(
        "GET",
        "/v1/me/loans/{loan_id}/autodebits",
        tag=TAG,
        rule=READ_OWN,
        query=Page,
        command=contract.ListAutodebits,
        answer=contract.AutodebitPage,
        errors=(NotFound,),
    )
    def list_my_autodebits(self, request: Request) -> dict[str, Any]:
        """List what I have consented to for a loan."""
        return dict(self.loans.list_my_autodebits(request.command()))
