"""Statements on paper, and passbooks."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints.peers import Peers
from services.members.operations import statements
from services.shared import access
from services.shared.contracts import members as members_contract
from services.shared.contracts.members import statements as contract
from services.shared.messaging import loaded, rpc

READS_ACCOUNTS: Final = access.scope("accounts:read")


class StatementEntrypoints(Peers):
    """Statements on paper, and passbooks."""

    @rpc(READS_ACCOUNTS)
    def print_statement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Make the statement of a period as a document."""
        request = loaded(contract.PrintStatement(), command)
        return statements.print_statement(
            self.database, self.ledger, self.tenant, request
        )

    @rpc(READS_ACCOUNTS)
    def get_passbook(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the lines that a passbook does not have yet."""
        request = loaded(members_contract.AccountCommand(), command)
        return statements.get_passbook(
            self.database, self.ledger, self.tenant, request["number"]
        )

    @rpc(access.scope("accounts:write"))
    def print_passbook(self, command: dict[str, Any]) -> dict[str, Any]:
        """Print the lines that a passbook does not have yet."""
        request = loaded(contract.PrintPassbook(), command)
        return statements.print_passbook(
            self.database, self.ledger, self.tenant, request
        )
