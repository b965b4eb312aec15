"""How people register themselves."""

from __future__ import annotations

from typing import Any

from services.members.entrypoints.peers import Peers
from services.members.operations import applications
from services.shared import access
from services.shared.contracts.members import membership as contract
from services.shared.contracts.members import verification as verification_contract
from services.shared.messaging import loaded, rpc


class ApplicationEntrypoints(Peers):
    """Candidates who register themselves."""

    @rpc(access.anyone)
    def get_application_form(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what a cooperative asks of applicants."""
        request = loaded(contract.ApplicationFormCommand(), command)
        return applications.get_application_form(
            self.database, request["cooperative_code"]
        )

    @rpc(access.anyone)
    def apply_for_membership(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take the application of a person for membership."""
        request = loaded(contract.Application(), command)
        return applications.apply_for_membership(self.database, self.settings, request)

    @rpc(access.anyone)
    def confirm_application(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take a code that an applicant got."""
        request = loaded(verification_contract.ConfirmApplication(), command)
        return applications.confirm_application(self.database, self.settings, request)

    @rpc(access.scope("members:write"))
    def invite_member(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a member have a login."""
        request = loaded(contract.InviteMember(), command)
        return self.once(
            request,
            lambda: applications.invite(
                self.database, self.settings, self.actor, request["member_id"]
            ),
        )
