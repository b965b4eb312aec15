"""How the members service is called: its entrypoints, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from marshmallow import Schema, ValidationError

from services.members import operations
from services.shared import access
from services.shared.contracts import members as contract
from services.shared.errors import Malformed
from services.shared.messaging import (
    Caller,
    DatabaseProvider,
    ServiceRpc,
    SettingsProvider,
    rpc,
)
from services.shared.persistence import idempotency

READS_MEMBERS: Final = access.scope("members:read")
WRITES_MEMBERS: Final = access.scope("members:write")
READS_ACCOUNTS: Final = access.scope("accounts:read")
WRITES_ACCOUNTS: Final = access.scope("accounts:write")
ANY_TENANT: Final = access.scope(*sorted(access.TENANT_SCOPES))


class MembersService:
    """Keeps cooperatives, their members and clients, and whose account is whose."""

    name = contract.SERVICE
    database = DatabaseProvider()
    settings = SettingsProvider()
    caller = Caller()
    ledger = ServiceRpc("ledger")
    transfers = ServiceRpc("transfers")

    @property
    def tenant(self) -> str:
        """The cooperative on whose behalf the caller asks."""
        cooperative_id: str = self.caller.identity.cooperative_id
        return cooperative_id

    def _once(
        self, request: dict[str, Any], operation: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """Answer a request that came before with the answer it was given then."""
        part = request["idempotency"]
        return idempotency.answer_once(self.database, self.tenant, part, operation)

    # Clients and tokens

    @rpc(access.anyone)
    def authenticate_client(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give an access token to a client that knows its secret."""
        request = _loaded(contract.AuthenticateClient(), command)
        return operations.authenticate_client(self.database, self.settings, request)

    @rpc(access.operator)
    def create_client(self, command: dict[str, Any]) -> dict[str, Any]:
        """Make a client of a cooperative and show its secret once."""
        request = _loaded(contract.CreateClient(), command)
        return operations.create_client(self.database, self.settings, request)

    @rpc(access.operator)
    def list_clients(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the clients of a cooperative."""
        request = _loaded(contract.ListClients(), command)
        return operations.list_clients(self.database, request)

    @rpc(access.operator)
    def revoke_client(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give a client no more tokens."""
        request = _loaded(contract.RevokeClient(), command)
        return self._once(
            request, lambda: operations.revoke_client(self.database, request)
        )

    # Cooperatives

    @rpc(access.operator)
    def register_cooperative(self, command: dict[str, Any]) -> dict[str, Any]:
        """Register a cooperative."""
        request = _loaded(contract.RegisterCooperative(), command)
        return operations.register_cooperative(self.database, self.settings, request)

    @rpc(access.operator)
    def activate_cooperative(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a cooperative take part, with a book of its own."""
        request = _loaded(contract.ChangeCooperative(), command)
        return self._once(
            request,
            lambda: operations.activate_cooperative(
                self.database, self.ledger, request
            ),
        )

    @rpc(access.operator)
    def deactivate_cooperative(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give the clients of a cooperative no more tokens."""
        request = _loaded(contract.ChangeCooperative(), command)
        return self._once(
            request, lambda: operations.deactivate_cooperative(self.database, request)
        )

    @rpc(access.any_of(access.operator, ANY_TENANT))
    def get_cooperative(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about a cooperative; a tenant sees only its own."""
        request = _loaded(contract.CooperativeCommand(), command)
        return operations.get_cooperative(
            self.database, self.caller.identity, request["cooperative_id"]
        )

    @rpc(access.operator)
    def list_cooperatives(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the cooperatives of the hub."""
        request = _loaded(contract.ListCooperatives(), command)
        return operations.list_cooperatives(self.database, request)

    # Members

    @rpc(WRITES_MEMBERS)
    def register_member(self, command: dict[str, Any]) -> dict[str, Any]:
        """Register a candidate member."""
        request = _loaded(contract.RegisterMember(), command)
        return operations.register_member(
            self.database, self.settings, self.tenant, request
        )

    @rpc(WRITES_MEMBERS)
    def activate_member(self, command: dict[str, Any]) -> dict[str, Any]:
        """Make a candidate a full member."""
        request = _loaded(contract.ActivateMember(), command)
        return self._once(
            request,
            lambda: operations.activate_member(
                self.database, self.tenant, request["member_id"]
            ),
        )

    @rpc(READS_MEMBERS)
    def get_member(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about a member, personal data included."""
        request = _loaded(contract.MemberCommand(), command)
        return operations.get_member(
            self.database, self.settings, self.tenant, request["member_id"]
        )

    @rpc(READS_MEMBERS)
    def list_members(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the members of the caller's cooperative."""
        request = _loaded(contract.ListMembers(), command)
        return operations.list_members(self.database, self.tenant, request)

    # Savings accounts

    @rpc(WRITES_ACCOUNTS)
    def open_account(self, command: dict[str, Any]) -> dict[str, Any]:
        """Open a savings account for an active member."""
        request = _loaded(contract.OpenAccount(), command)
        return operations.open_account(self.database, self.ledger, self.tenant, request)

    @rpc(READS_ACCOUNTS)
    def get_account(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about a savings account, balance included."""
        request = _loaded(contract.AccountCommand(), command)
        return operations.get_account(
            self.database, self.ledger, self.tenant, request["number"]
        )

    @rpc(READS_ACCOUNTS)
    def list_accounts(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the savings accounts of the cooperative or of one member."""
        request = _loaded(contract.ListAccounts(), command)
        return operations.list_accounts(
            self.database, self.ledger, self.tenant, request
        )

    @rpc(WRITES_ACCOUNTS)
    def close_account(self, command: dict[str, Any]) -> dict[str, Any]:
        """Close an empty savings account."""
        request = _loaded(contract.CloseAccount(), command)
        return self._once(
            request,
            lambda: operations.close_account(
                self.database, self.ledger, self.tenant, request["number"]
            ),
        )

    @rpc(WRITES_ACCOUNTS)
    def deposit(self, command: dict[str, Any]) -> dict[str, Any]:
        """Post money that a member brings."""
        request = _loaded(contract.Movement(), command)
        return operations.deposit(self.database, self.ledger, self.tenant, request)

    @rpc(WRITES_ACCOUNTS)
    def withdraw(self, command: dict[str, Any]) -> dict[str, Any]:
        """Post money that a member takes."""
        request = _loaded(contract.Movement(), command)
        return operations.withdraw(self.database, self.ledger, self.tenant, request)

    @rpc(access.scope("accounts:read", "transfers:write"))
    def inquire_account(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell a payer whose account it is, with the name masked."""
        request = _loaded(contract.AccountCommand(), command)
        return operations.inquire_account(
            self.database, self.transfers, self.tenant, request["number"]
        )

    # The service itself

    @rpc(access.anyone)
    def get_health(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell whether the database answers, and how much waits."""
        del command
        return operations.get_health(self.database)


def _loaded(schema: Schema, command: dict[str, Any]) -> dict[str, Any]:
    """The command as its schema reads it; the gateway has checked it before."""
    try:
        request: dict[str, Any] = schema.load(command)
    except ValidationError as error:
        raise Malformed(f"The command does not fit its schema: {error}") from error
    return request
