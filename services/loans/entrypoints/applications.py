"""Applications for loans, as the staff handles them."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import application_views, applying
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import applications as contract
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("applications:read", "loans:read")
WRITES: Final = access.scope("applications:write")


class ApplicationEntrypoints(Peers):
    """Applications for loans."""

    @rpc(WRITES)
    def create_application(self, command: dict[str, Any]) -> dict[str, Any]:
        """Write a member's wish for a loan down."""
        request = loaded(contract.CreateApplication(), command)
        return applying.create_application(
            self.database, self.settings, self.members, self.actor, request
        )

    @rpc(WRITES)
    def change_application(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change a draft."""
        request = loaded(contract.ChangeApplication(), command)
        return applying.change_application(
            self.database, self.settings, self.actor, request
        )

    @rpc(WRITES)
    def submit_application(self, command: dict[str, Any]) -> dict[str, Any]:
        """Hand a draft in."""
        request = loaded(contract.SubmitApplication(), command)
        return applying.submit_application(
            self.database, self.settings, self.members, self.actor, request
        )

    @rpc(WRITES)
    def withdraw_application(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give an application up."""
        request = loaded(contract.WithdrawApplication(), command)
        return applying.withdraw_application(
            self.database, self.settings, self.actor, request
        )

    @rpc(READS)
    def get_application(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell everything about one application."""
        request = loaded(loans.ApplicationCommand(), command)
        return application_views.get_application(
            self.database, self.settings, self.tenant, request["application_id"]
        )

    @rpc(READS)
    def list_applications(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the applications of the cooperative, or of one member."""
        request = loaded(contract.ListApplications(), command)
        return application_views.list_applications(self.database, self.tenant, request)
