"""Applications for loans, as members handle their own."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import (
    application_documents,
    application_views,
    applying,
)
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import application_documents as papers_contract
from services.shared.contracts.loans import applications as contract
from services.shared.errors import NotFound
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("self:read")
WRITES: Final = access.scope("self:write")


class MyApplicationEntrypoints(Peers):
    """A member's own applications."""

    @rpc(WRITES)
    def create_my_application(self, command: dict[str, Any]) -> dict[str, Any]:
        """Write the caller's wish for a loan down."""
        request = loaded(contract.CreateMyApplication(), command)
        own = request | {"member_id": self.own_member, "branch_code": ""}
        return applying.create_application(
            self.database, self.settings, self.members, self.actor, own
        )

    @rpc(WRITES)
    def change_my_application(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change the caller's own draft."""
        request = loaded(contract.ChangeApplication(), command)
        return applying.change_application(
            self.database,
            self.settings,
            self.actor,
            request,
            member_id=self.own_member,
        )

    @rpc(WRITES)
    def submit_my_application(self, command: dict[str, Any]) -> dict[str, Any]:
        """Hand the caller's own draft in."""
        request = loaded(contract.SubmitApplication(), command)
        return applying.submit_application(
            self.database,
            self.settings,
            self.members,
            self.actor,
            request,
            member_id=self.own_member,
        )

    @rpc(WRITES)
    def withdraw_my_application(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give the caller's own application up."""
        request = loaded(contract.WithdrawApplication(), command)
        return applying.withdraw_application(
            self.database,
            self.settings,
            self.actor,
            request,
            member_id=self.own_member,
        )

    @rpc(READS)
    def get_my_application(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the caller where its own application stands."""
        request = loaded(loans.ApplicationCommand(), command)
        found = application_views.get_application(
            self.database, self.settings, self.tenant, request["application_id"]
        )
        if found["member_id"] != self.own_member:
            raise NotFound("There is no such application.")
        return found

    @rpc(READS)
    def list_my_applications(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the caller's own applications."""
        request = loaded(contract.ListMyApplications(), command)
        own = request | {"member_id": self.own_member, "status": None}
        return application_views.list_applications(self.database, self.tenant, own)

    @rpc(WRITES)
    def upload_my_application_document(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep a document that the caller hands in."""
        request = loaded(papers_contract.UploadDocument(), command)
        return application_documents.upload_document(
            self.database,
            self.settings,
            self.actor,
            request,
            member_id=self.own_member,
        )

    @rpc(READS)
    def list_my_application_documents(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the documents of the caller's own application."""
        request = loaded(loans.ApplicationCommand(), command)
        return application_documents.list_documents(
            self.database,
            self.tenant,
            request["application_id"],
            member_id=self.own_member,
        )
