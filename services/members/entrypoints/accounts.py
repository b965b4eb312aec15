"""How savings accounts are opened and money is paid in and out."""

from __future__ import annotations

from typing import Any, Final

from services.members import operations
from services.members.entrypoints.peers import Peers
from services.shared import access
from services.shared.contracts import members as contract
from services.shared.messaging import loaded, rpc

READS_ACCOUNTS: Final = access.scope("accounts:read")
WRITES_ACCOUNTS: Final = access.scope("accounts:write")


class AccountEntrypoints(Peers):
    """Savings accounts."""

    @rpc(WRITES_ACCOUNTS)
    def open_account(self, command: dict[str, Any]) -> dict[str, Any]:
        """Open a savings account for an active member."""
        request = loaded(contract.OpenAccount(), command)
        return operations.open_account(self.database, self.ledger, self.tenant, request)

    @rpc(READS_ACCOUNTS)
    def get_account(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about a savings account, balance included."""
        request = loaded(contract.AccountCommand(), command)
        return operations.get_account(
            self.database, self.ledger, self.tenant, request["number"]
        )

    @rpc(READS_ACCOUNTS)
    def list_accounts(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the savings accounts of the cooperative or of one member."""
        request = loaded(contract.ListAccounts(), command)
        return operations.list_accounts(
            self.database, self.ledger, self.tenant, request
        )

    @rpc(WRITES_ACCOUNTS)
    def close_account(self, command: dict[str, Any]) -> dict[str, Any]:
        """Close an empty savings account."""
        request = loaded(contract.CloseAccount(), command)
        return self.once(
            request,
            lambda: operations.close_account(
                self.database, self.ledger, self.tenant, request["number"]
            ),
        )

    @rpc(WRITES_ACCOUNTS)
    def deposit(self, command: dict[str, Any]) -> dict[str, Any]:
        """Post money that a member brings."""
        request = loaded(contract.Movement(), command)
        return operations.deposit(
            self.database, self.ledger, self.tenant, request, self.identity
        )

    @rpc(WRITES_ACCOUNTS)
    def withdraw(self, command: dict[str, Any]) -> dict[str, Any]:
        """Post money that a member takes."""
        request = loaded(contract.Movement(), command)
        return operations.withdraw(
            self.database, self.ledger, self.tenant, request, self.identity
        )

    @rpc(access.scope("accounts:read", "transfers:write"))
    def inquire_account(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell a payer whose account it is, with the name masked."""
        request = loaded(contract.AccountCommand(), command)
        return operations.inquire_account(
            self.database, self.transfers, self.tenant, request["number"]
        )
