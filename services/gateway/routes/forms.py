"""What a cooperative asks of those who want to become members, and how they apply."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.members import DATA_ERRORS
from services.gateway.routes.oauth import TokenRate
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.members import forms as contract
from services.shared.contracts.members import membership as membership_contract
from services.shared.contracts.members import verification as verification_contract
from services.shared.errors import NotFound

TAG = "Candidates"


class FormRoutes(Peers):
    """Registration forms and applications."""

    application_rate = TokenRate()

    @route(
        "PUT",
        "/v1/cooperatives/me/member-form",
        tag=TAG,
        rule=access.scope("cooperative:write"),
        body=contract.MemberFormBody,
        command=contract.PutMemberForm,
        answer=contract.MemberForm,
        errors=(contract.InvalidFormSchema,),
    )
    def put_member_form(self, request: Request) -> dict[str, Any]:
        """Say what the cooperative asks of new members.

        Who is registered already is not asked again.
        """
        return dict(self.members.put_member_form(request.command()))

    @route(
        "GET",
        "/v1/cooperatives/me/member-form",
        tag=TAG,
        rule=access.scope("members:read"),
        command=contract.GetMemberForm,
        answer=contract.MemberForm,
    )
    def get_member_form(self, request: Request) -> dict[str, Any]:
        """Show what the cooperative asks of new members."""
        return dict(self.members.get_member_form(request.command()))

    @route(
        "GET",
        "/v1/cooperatives/{cooperative_code}/application-form",
        tag=TAG,
        rule=access.anyone,
        command=membership_contract.ApplicationFormCommand,
        answer=membership_contract.ApplicationForm,
    )
    def get_application_form(self, request: Request) -> dict[str, Any]:
        """Show what a cooperative asks of people who register themselves."""
        self.application_rate.check_rate(f"{request.address} application")
        return dict(self.members.get_application_form(request.command()))

    @route(
        "POST",
        "/v1/cooperatives/{cooperative_code}/candidates",
        tag=TAG,
        rule=access.anyone,
        status=202,
        body=membership_contract.ApplicationBody,
        command=membership_contract.Application,
        answer=membership_contract.ApplicationReceived,
        # A stranger has no scope in which a key could be remembered; a NIK makes the
        # second application of one person harmless.
        key=Idempotency.NONE,
        errors=(membership_contract.TooManyApplications, *DATA_ERRORS),
    )
    def apply_for_membership(self, request: Request) -> dict[str, Any]:
        """Register oneself as a candidate.

        Codes go to the phone and the e-mail address. The answer does not tell whether
        the person is known to the cooperative.
        """
        self.application_rate.check_rate(f"{request.address} application")
        return dict(self.members.apply_for_membership(request.command()))

    @route(
        "POST",
        "/v1/candidates/{application_id}/verifications/confirm",
        tag=TAG,
        rule=access.anyone,
        body=verification_contract.ConfirmBody,
        command=verification_contract.ConfirmApplication,
        answer=verification_contract.Verified,
        key=Idempotency.NONE,
        errors=(verification_contract.WrongCode, NotFound),
    )
    def confirm_application(self, request: Request) -> dict[str, Any]:
        """Enter the code that came; who proves an e-mail address gets a login."""
        self.application_rate.check_rate(f"{request.address} application")
        return dict(self.members.confirm_application(request.command()))
