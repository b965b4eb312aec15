"""What a member sees and does for itself."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints.peers import Peers
from services.members.operations import directory, documents, dues, me, membership
from services.members.operations import verification as codes
from services.shared import access
from services.shared.contracts import members as contract
from services.shared.contracts.members import documents as documents_contract
from services.shared.contracts.members import dues as dues_contract
from services.shared.contracts.members import me as me_contract
from services.shared.contracts.members import verification as verification_contract
from services.shared.messaging import loaded, rpc

READS_SELF: Final = access.scope("self:read")
WRITES_SELF: Final = access.scope("self:write")


class MeEntrypoints(Peers):
    """A member and what is its own."""

    @rpc(READS_SELF)
    def get_me(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell a member what is kept about it."""
        del command
        return directory.get_member(
            self.database, self.settings, self.identity, self._own
        )

    @rpc(WRITES_SELF)
    def change_me(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change where a member can be reached."""
        request = loaded(me_contract.MyChanges(), command)
        return membership.change_member(
            self.database,
            self.settings,
            self.actor,
            {**request, "member_id": self._own},
        )

    @rpc(READS_SELF)
    def list_my_accounts(self, command: dict[str, Any]) -> dict[str, Any]:
        """List a member's own accounts."""
        request = loaded(contract.Page(), command)
        return me.list_accounts(self.database, self.ledger, self.identity, request)

    @rpc(READS_SELF)
    def get_my_statement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what happened on a member's own account."""
        loaded(me_contract.GetMyStatement(), command)
        return me.get_statement(self.database, self.ledger, self.identity, command)

    @rpc(READS_SELF)
    def list_my_contributions(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what a member has contributed."""
        own = {**command, "member_id": self._own}
        request = loaded(dues_contract.ListContributions(), own)
        return dues.list_contributions(self.database, self.tenant, request)

    @rpc(READS_SELF)
    def get_my_dues(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what a member owes and has paid, month by month."""
        own = {**command, "member_id": self._own}
        request = loaded(dues_contract.GetDues(), own)
        return dues.get_dues(self.database, self.ledger, self.tenant, request)

    @rpc(READS_SELF)
    def list_my_documents(self, command: dict[str, Any]) -> dict[str, Any]:
        """List a member's own documents."""
        request = loaded(contract.Page(), command)
        own = {**request, "member_id": self._own, "status": None}
        return documents.list_documents(self.database, self.tenant, own)

    @rpc(WRITES_SELF)
    def upload_my_document(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep a document that a member hands in."""
        request = loaded(me_contract.UploadMyDocument(), command)
        return documents.upload_document(
            self.database,
            self.settings,
            self.actor,
            {**request, "member_id": self._own},
        )

    @rpc(READS_SELF)
    def get_my_document_content(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give a member a file of its own."""
        request = loaded(documents_contract.DocumentCommand(), command)
        return documents.get_own_content(
            self.database,
            self.settings,
            self.tenant,
            member_id=self._own,
            document_id=request["document_id"],
        )

    @rpc(WRITES_SELF)
    def send_my_verification_code(self, command: dict[str, Any]) -> dict[str, Any]:
        """Send a code to the member who asks."""
        request = loaded(me_contract.SendMyCode(), command)
        own = {**request, "member_id": self._own}
        return codes.send_code(self.database, self.settings, self.actor, own)

    @rpc(WRITES_SELF)
    def confirm_my_verification_code(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take the code that the member got."""
        request = loaded(verification_contract.ConfirmBody(), command)
        own = {**request, "member_id": self._own}
        return codes.confirm_code(self.database, self.settings, self.actor, own)

    @property
    def _own(self) -> str:
        """The membership of the caller."""
        return me.own_member(self.identity)
