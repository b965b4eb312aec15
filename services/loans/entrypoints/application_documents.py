"""The papers of applications."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import application_documents
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import application_documents as contract
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("applications:read")
WRITES: Final = access.scope("applications:write")


class ApplicationDocumentEntrypoints(Peers):
    """The papers of applications, encrypted."""

    @rpc(WRITES)
    def upload_application_document(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep a document of an application."""
        request = loaded(contract.UploadDocument(), command)
        return application_documents.upload_document(
            self.database, self.settings, self.actor, request
        )

    @rpc(READS)
    def list_application_documents(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the documents of an application."""
        request = loaded(loans.ApplicationCommand(), command)
        return application_documents.list_documents(
            self.database, self.tenant, request["application_id"]
        )

    @rpc(READS)
    def get_application_document(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give the file itself, and write down who looked."""
        request = loaded(contract.DocumentCommand(), command)
        return application_documents.get_content(
            self.database, self.settings, self.actor, request["document_id"]
        )
