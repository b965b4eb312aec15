"""How cooperatives are registered and looked at."""

from __future__ import annotations

from typing import Any

from services.members import operations
from services.members.entrypoints.peers import Peers
from services.shared import access
from services.shared.contracts import members as contract
from services.shared.messaging import loaded, rpc


class CooperativeEntrypoints(Peers):
    """Cooperatives."""

    @rpc(access.operator)
    def register_cooperative(self, command: dict[str, Any]) -> dict[str, Any]:
        """Register a cooperative."""
        request = loaded(contract.RegisterCooperative(), command)
        return operations.register_cooperative(
            self.database, self.settings, request, self.actor
        )

    @rpc(access.operator)
    def activate_cooperative(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a cooperative take part, with a book of its own."""
        request = loaded(contract.ChangeCooperative(), command)
        return self.once(
            request,
            lambda: operations.activate_cooperative(
                self.database, self.ledger, request, self.actor
            ),
        )

    @rpc(access.operator)
    def deactivate_cooperative(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give the clients of a cooperative no more tokens."""
        request = loaded(contract.ChangeCooperative(), command)
        return self.once(
            request,
            lambda: operations.deactivate_cooperative(
                self.database, request, self.actor
            ),
        )

    @rpc(access.staff)
    def get_cooperative(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about a cooperative; a tenant sees only its own."""
        request = loaded(contract.CooperativeCommand(), command)
        return operations.get_cooperative(
            self.database, self.caller.identity, request["cooperative_id"]
        )

    @rpc(access.operator)
    def list_cooperatives(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the cooperatives of the hub."""
        request = loaded(contract.ListCooperatives(), command)
        return operations.list_cooperatives(self.database, request)
