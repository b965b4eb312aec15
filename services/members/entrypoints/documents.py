"""How documents of members are handed in, reviewed and looked at."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints.peers import Peers
from services.members.operations import documents
from services.shared import access
from services.shared.contracts.members import documents as contract
from services.shared.messaging import loaded, rpc

READS_DOCUMENTS: Final = access.scope("documents:read")
WRITES_DOCUMENTS: Final = access.scope("documents:write")


class DocumentEntrypoints(Peers):
    """Documents of members, encrypted."""

    @rpc(WRITES_DOCUMENTS)
    def upload_document(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep a document of a member."""
        request = loaded(contract.UploadDocument(), command)
        return documents.upload_document(
            self.database, self.settings, self.actor, request
        )

    @rpc(READS_DOCUMENTS)
    def list_documents(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the documents of the cooperative or of one member."""
        request = loaded(contract.ListDocuments(), command)
        return documents.list_documents(self.database, self.tenant, request)

    @rpc(READS_DOCUMENTS)
    def get_document(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about a document."""
        request = loaded(contract.DocumentCommand(), command)
        return documents.get_document(
            self.database, self.tenant, request["document_id"]
        )

    @rpc(READS_DOCUMENTS)
    def get_document_content(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give the file itself, and write down who looked."""
        request = loaded(contract.DocumentCommand(), command)
        return documents.get_content(
            self.database, self.settings, self.actor, request["document_id"]
        )

    @rpc(WRITES_DOCUMENTS)
    def accept_document(self, command: dict[str, Any]) -> dict[str, Any]:
        """Accept a document."""
        request = loaded(contract.AcceptDocument(), command)
        return self.once(
            request,
            lambda: documents.accept_document(self.database, self.actor, request),
        )

    @rpc(WRITES_DOCUMENTS)
    def reject_document(self, command: dict[str, Any]) -> dict[str, Any]:
        """Ask for a document again."""
        request = loaded(contract.RejectDocument(), command)
        return self.once(
            request,
            lambda: documents.reject_document(self.database, self.actor, request),
        )
