"""Loans that a cooperative brings from another system."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import imports
from services.shared import access
from services.shared.contracts.loans import imports as contract
from services.shared.messaging import loaded, rpc

MEMBERS: Final = access.service("members")


class ImportEntrypoints(Peers):
    """Loans of other systems."""

    @rpc(MEMBERS)
    def list_import_products(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell by which words a row may name a product."""
        del command
        return imports.list_products(self.database, self.tenant)

    @rpc(MEMBERS)
    def import_loans(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take over some loans."""
        request = loaded(contract.ImportLoans(), command)
        return imports.import_loans(self.database, self.ledger, self.actor, request)
