"""Members of the caller's cooperative."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import members as contract
from services.shared.contracts.members import forms as forms_contract
from services.shared.contracts.members import membership as membership_contract
from services.shared.contracts.members import verification as verification_contract
from services.shared.errors import ServiceError

TAG = "Members"
READ = access.scope("members:read")
WRITE = access.scope("members:write")

DATA_ERRORS: Final[tuple[type[ServiceError], ...]] = (
    contract.InvalidNik,
    membership_contract.InvalidPhone,
    membership_contract.TooYoung,
    forms_contract.FormNotFilledIn,
)
"""What can be wrong with what is told about a person."""


class MemberRoutes(Peers):
    """Members."""

    @route(
        "POST",
        "/v1/members",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.MemberBody,
        command=contract.RegisterMember,
        answer=contract.Member,
        errors=(contract.CooperativeNotActive, contract.DuplicateNik, *DATA_ERRORS),
    )
    def register_member(self, request: Request) -> dict[str, Any]:
        """Register a candidate member.

        What must be told besides the name is up to the cooperative's registration form.
        """
        return dict(self.members.register_member(request.command()))

    @route(
        "GET",
        "/v1/members",
        tag=TAG,
        rule=READ,
        query=contract.ListMembers,
        command=contract.ListMembers,
        answer=contract.MemberPage,
    )
    def list_members(self, request: Request) -> dict[str, Any]:
        """List the members in the order they registered."""
        return dict(self.members.list_members(request.command()))

    @route(
        "POST",
        "/v1/members/search",
        tag=TAG,
        rule=READ,
        body=membership_contract.SearchBody,
        command=membership_contract.SearchMembers,
        answer=membership_contract.FoundMembers,
        key=Idempotency.NONE,
        errors=(membership_contract.InvalidPhone,),
    )
    def search_members(self, request: Request) -> dict[str, Any]:
        """Find members by name or number, NIK or phone.

        The search changes nothing; it is a POST because addresses end up in logs.
        """
        return dict(self.members.search_members(request.command()))

    @route(
        "GET",
        "/v1/members/{member_id}",
        tag=TAG,
        rule=READ,
        command=contract.MemberCommand,
        answer=contract.MemberDetails,
    )
    def get_member(self, request: Request) -> dict[str, Any]:
        """Show a member with the personal data that is kept.

        Whose scope is only to read members sees where to reach them in part.
        """
        return dict(self.members.get_member(request.command()))

    @route(
        "PATCH",
        "/v1/members/{member_id}",
        tag=TAG,
        rule=WRITE,
        body=membership_contract.MemberChanges,
        command=membership_contract.ChangeMember,
        answer=contract.MemberDetails,
        errors=(
            contract.DuplicateNik,
            membership_contract.MemberHasLeft,
            membership_contract.MembershipNotTransferable,
            *DATA_ERRORS,
        ),
    )
    def change_member(self, request: Request) -> dict[str, Any]:
        """Change what is known of a member; what is left out stays.

        The NIK of a member can be added, but not exchanged: a membership stays with
        its person. A new phone number or e-mail address has to be verified again.
        """
        return dict(self.members.change_member(request.command()))

    @route(
        "GET",
        "/v1/members/{member_id}/nik",
        tag=TAG,
        rule=access.scope("members:write", "audit:read"),
        command=contract.MemberCommand,
        answer=membership_contract.FullNik,
    )
    def get_member_nik(self, request: Request) -> dict[str, Any]:
        """Show the whole NIK of a member; who looked is in the audit trail."""
        return dict(self.members.get_member_nik(request.command()))

    @route(
        "POST",
        "/v1/members/{member_id}/activate",
        tag=TAG,
        rule=WRITE,
        command=contract.ActivateMember,
        answer=contract.Member,
        errors=(
            contract.CooperativeNotActive,
            membership_contract.MemberHasLeft,
            membership_contract.DocumentsMissing,
            membership_contract.ContributionsUnpaid,
            membership_contract.DepartureRunning,
        ),
    )
    def activate_member(self, request: Request) -> dict[str, Any]:
        """Turn a candidate into a member.

        Where the cooperative asks for contributions or documents, the simpanan pokok
        and the first simpanan wajib must be paid, and the documents accepted.
        """
        return dict(self.members.activate_member(request.command()))

    @route(
        "POST",
        "/v1/members/{member_id}/refuse",
        tag=TAG,
        rule=WRITE,
        body=membership_contract.RefusalBody,
        command=membership_contract.RefuseCandidate,
        answer=contract.Member,
        errors=(
            membership_contract.NotACandidate,
            membership_contract.ContributionsPaid,
            membership_contract.DepartureRunning,
        ),
    )
    def refuse_candidate(self, request: Request) -> dict[str, Any]:
        """Do not take a candidate, who may apply again."""
        return dict(self.members.refuse_candidate(request.command()))

    @route(
        "POST",
        "/v1/members/{member_id}/login",
        tag=TAG,
        rule=WRITE,
        command=membership_contract.InviteMember,
        answer=membership_contract.MemberLogin,
        errors=(
            membership_contract.MemberHasLeft,
            verification_contract.NothingToVerify,
        ),
    )
    def invite_member(self, request: Request) -> dict[str, Any]:
        """Send a member a link to choose a password with."""
        return dict(self.members.invite_member(request.command()))

    @route(
        "POST",
        "/v1/members/{member_id}/verifications",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=verification_contract.CodeBody,
        command=verification_contract.SendCode,
        answer=verification_contract.CodeSent,
        errors=(
            membership_contract.MemberHasLeft,
            verification_contract.NothingToVerify,
            verification_contract.TooManyCodes,
        ),
    )
    def send_verification_code(self, request: Request) -> dict[str, Any]:
        """Send a code to the phone or the e-mail address of a member."""
        return dict(self.members.send_verification_code(request.command()))

    @route(
        "POST",
        "/v1/members/{member_id}/verifications/confirm",
        tag=TAG,
        rule=WRITE,
        body=verification_contract.ConfirmBody,
        command=verification_contract.ConfirmCode,
        answer=verification_contract.Verified,
        key=Idempotency.NONE,
        errors=(verification_contract.WrongCode,),
    )
    def confirm_verification_code(self, request: Request) -> dict[str, Any]:
        """Enter the code that a member got; five guesses, then a new one is needed."""
        return dict(self.members.confirm_verification_code(request.command()))

    @route(
        "GET",
        "/v1/duplicate-identities",
        tag=TAG,
        rule=access.operator,
        query=contract.Page,
        command=contract.Page,
        answer=membership_contract.DuplicateIdentityPage,
    )
    def list_duplicate_identities(self, request: Request) -> dict[str, Any]:
        """List persons whom several cooperatives have registered.

        That is allowed, and worth a look. The cooperatives are not told.
        """
        return dict(self.members.list_duplicate_identities(request.command()))
