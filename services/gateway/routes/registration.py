"""How a cooperative registers itself and becomes active."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.edge import Edge
from services.shared import access
from services.shared.contracts.members import Command
from services.shared.contracts.members import registration as contract
from services.shared.contracts.members.closing import CooperativeClosed
from services.shared.contracts.members.membership import InvalidPhone
from services.shared.contracts.members.passwords import WeakPassword
from services.shared.errors import NotFound

TAG = "Joining"
READ = access.scope("cooperative:read")
WRITE = access.scope("cooperative:write")


class RegistrationRoutes(Edge):
    """How a cooperative registers itself and becomes active."""

    @route(
        "GET",
        "/v1/terms",
        tag=TAG,
        rule=access.anyone,
        answer=contract.TermsOfService,
    )
    def get_terms(self, _request: Request) -> dict[str, Any]:
        """Show which terms and conditions a new cooperative accepts."""
        return {"version": contract.TERMS_VERSION}

    @route(
        "POST",
        "/v1/registrations",
        tag=TAG,
        rule=access.anyone,
        status=202,
        body=contract.RegistrationBody,
        command=contract.StartRegistration,
        answer=contract.RegistrationAccepted,
        # A stranger has no scope in which a key could be remembered; every request
        # makes a registration of its own, of which one is activated.
        key=Idempotency.NONE,
        errors=(
            contract.TermsNotCurrent,
            contract.ActivationMailTooSoon,
            WeakPassword,
            InvalidPhone,
        ),
    )
    def start_registration(self, request: Request) -> dict[str, Any]:
        """Register a cooperative; a link that activates it goes to its address.

        The answer does not tell whether the address is known.
        """
        self.check_password_rate(request)
        return dict(self.members.start_registration(request.command()))

    @route(
        "POST",
        "/v1/registrations/resend",
        tag=TAG,
        rule=access.anyone,
        status=202,
        body=contract.ResendBody,
        command=contract.ResendActivation,
        answer=contract.RegistrationAccepted,
        key=Idempotency.NONE,
        errors=(contract.ActivationMailTooSoon,),
    )
    def resend_activation(self, request: Request) -> dict[str, Any]:
        """Send the activation link again; the ones before stop working."""
        return dict(self.members.resend_activation(request.command()))

    @route(
        "POST",
        "/v1/registrations/activate",
        tag=TAG,
        rule=access.anyone,
        body=contract.ActivateBody,
        command=contract.ActivateRegistration,
        answer=contract.ActivatedRegistration,
        key=Idempotency.NONE,
        errors=(contract.InvalidActivationLink, contract.NoCodeLeft),
    )
    def activate_registration(self, request: Request) -> dict[str, Any]:
        """Follow the activation link: the cooperative and its first user exist now."""
        return dict(self.members.activate_registration(request.command()))

    @route(
        "GET",
        "/v1/registrations",
        tag=TAG,
        rule=access.operator,
        query=contract.ListRegistrations,
        command=contract.ListRegistrations,
        answer=contract.RegistrationPage,
    )
    def list_registrations(self, request: Request) -> dict[str, Any]:
        """List the registrations, oldest first."""
        return dict(self.members.list_registrations(request.command()))

    @route(
        "GET",
        "/v1/registrations/{registration_id}",
        tag=TAG,
        rule=access.operator,
        command=contract.RegistrationCommand,
        answer=contract.RegistrationDetails,
    )
    def get_registration(self, request: Request) -> dict[str, Any]:
        """Show a registration with its contact and its legality data."""
        return dict(self.members.get_registration(request.command()))

    @route(
        "POST",
        "/v1/registrations/{registration_id}/approve",
        tag=TAG,
        rule=access.operator,
        command=contract.ApproveRegistration,
        answer=contract.Registration,
        errors=(
            contract.RegistrationNotSubmitted,
            contract.LegalityIncomplete,
            CooperativeClosed,
        ),
    )
    def approve_registration(self, request: Request) -> dict[str, Any]:
        """Activate a cooperative whose legality was checked."""
        return dict(self.members.approve_registration(request.command()))

    @route(
        "POST",
        "/v1/registrations/{registration_id}/refuse",
        tag=TAG,
        rule=access.operator,
        body=contract.RefuseBody,
        command=contract.RefuseRegistration,
        answer=contract.Registration,
        errors=(contract.RegistrationNotSubmitted,),
    )
    def refuse_registration(self, request: Request) -> dict[str, Any]:
        """Send a registration back; it may be corrected and submitted again."""
        return dict(self.members.refuse_registration(request.command()))

    @route(
        "GET",
        "/v1/cooperatives/me/registration",
        tag=TAG,
        rule=READ,
        answer=contract.Registration,
        errors=(NotFound,),
    )
    def get_own_registration(self, _request: Request) -> dict[str, Any]:
        """Show how the registration of the caller's cooperative stands."""
        return dict(self.members.get_own_registration({}))

    @route(
        "POST",
        "/v1/cooperatives/me/registration/submit",
        tag=TAG,
        rule=WRITE,
        command=Command,
        answer=contract.Registration,
        errors=(
            NotFound,
            contract.LegalityIncomplete,
            contract.RegistrationUnderReview,
            contract.RegistrationAlreadyDecided,
        ),
    )
    def submit_registration(self, request: Request) -> dict[str, Any]:
        """Ask the operator to check the legality data and activate the cooperative."""
        return dict(self.members.submit_registration(request.command()))

    @route(
        "PUT",
        "/v1/cooperatives/me/legality",
        tag=TAG,
        rule=WRITE,
        body=contract.LegalityBody,
        command=contract.PutLegality,
        answer=contract.Legality,
        errors=(
            NotFound,
            contract.KindIsFixed,
            contract.RegistrationUnderReview,
        ),
    )
    def put_legality(self, request: Request) -> dict[str, Any]:
        """Enter the legality data; the answer tells what stands against activation."""
        return dict(self.members.put_legality(request.command()))

    @route(
        "GET",
        "/v1/cooperatives/me/legality",
        tag=TAG,
        rule=READ,
        answer=contract.Legality,
        errors=(NotFound,),
    )
    def get_legality(self, _request: Request) -> dict[str, Any]:
        """Show the legality data of the caller's cooperative."""
        return dict(self.members.get_legality({}))

    @route(
        "GET",
        "/v1/licences",
        tag=TAG,
        rule=access.operator,
        query=contract.LicenceQuery,
        command=contract.ListLicences,
        answer=contract.LicencePage,
    )
    def list_licences(self, request: Request) -> dict[str, Any]:
        """List licences that end soon or have ended, the first end first."""
        return dict(self.members.list_licences(request.command()))

    @route(
        "PUT",
        "/v1/cooperatives/me/modules",
        tag=TAG,
        rule=WRITE,
        body=contract.ModulesBody,
        command=contract.PutModules,
        answer=contract.Modules,
    )
    def put_modules(self, request: Request) -> dict[str, Any]:
        """Choose what the cooperative uses beside its books."""
        return dict(self.members.put_modules(request.command()))

    @route(
        "GET",
        "/v1/cooperatives/me/modules",
        tag=TAG,
        rule=READ,
        answer=contract.Modules,
    )
    def get_modules(self, _request: Request) -> dict[str, Any]:
        """Show what the cooperative uses beside its books."""
        return dict(self.members.get_modules({}))

    @route(
        "PUT",
        "/v1/partner-codes/{code}",
        tag=TAG,
        rule=access.operator,
        body=contract.PartnerCodeBody,
        command=contract.PutPartnerCode,
        answer=contract.PartnerCode,
    )
    def put_partner_code(self, request: Request) -> dict[str, Any]:
        """Let a partner's code be known, or give it another name."""
        return dict(self.members.put_partner_code(request.command()))

    @route(
        "GET",
        "/v1/partner-codes",
        tag=TAG,
        rule=access.operator,
        query=contract.ListPartnerCodes,
        command=contract.ListPartnerCodes,
        answer=contract.PartnerCodePage,
    )
    def list_partner_codes(self, request: Request) -> dict[str, Any]:
        """List the partner codes that the hub knows."""
        return dict(self.members.list_partner_codes(request.command()))
