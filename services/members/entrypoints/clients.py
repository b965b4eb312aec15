"""How clients are made and get their tokens."""

from __future__ import annotations

from typing import Any

from services.members import operations
from services.members.entrypoints.peers import Peers
from services.shared import access
from services.shared.contracts import members as contract
from services.shared.messaging import loaded, rpc


class ClientEntrypoints(Peers):
    """Clients and tokens."""

    @rpc(access.anyone)
    def authenticate_client(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give an access token to a client that knows its secret."""
        request = loaded(contract.AuthenticateClient(), command)
        return operations.authenticate_client(self.database, self.settings, request)

    @rpc(access.operator)
    def create_client(self, command: dict[str, Any]) -> dict[str, Any]:
        """Make a client of a cooperative and show its secret once."""
        request = loaded(contract.CreateClient(), command)
        return operations.create_client(
            self.database, self.settings, request, self.actor
        )

    @rpc(access.operator)
    def list_clients(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the clients of a cooperative."""
        request = loaded(contract.ListClients(), command)
        return operations.list_clients(self.database, request)

    @rpc(access.operator)
    def revoke_client(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give a client no more tokens."""
        request = loaded(contract.RevokeClient(), command)
        return self.once(
            request,
            lambda: operations.revoke_client(self.database, request, self.actor),
        )
