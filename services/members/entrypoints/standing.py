"""How a member stands, for the service that lends to it."""

from __future__ import annotations

from typing import Any

from services.members.entrypoints.peers import Peers
from services.members.operations import standing
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.members import standing as contract
from services.shared.messaging import loaded, rpc


class StandingEntrypoints(Peers):
    """How a member stands."""

    @rpc(access.service(loans.SERVICE))
    def get_standing(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell since when somebody is a member, what is paid and what is saved."""
        request = loaded(contract.GetStanding(), command)
        return standing.get_standing(
            self.database,
            self.settings,
            self.ledger,
            self.tenant,
            request["member_id"],
        )

    @rpc(access.service(loans.SERVICE))
    def get_minimum_balances(self, command: dict[str, Any]) -> dict[str, int]:
        """Tell what the products of savings accounts keep in them."""
        request = loaded(contract.GetMinimumBalances(), command)
        return standing.get_minimum_balances(
            self.database, self.tenant, request["numbers"]
        )
