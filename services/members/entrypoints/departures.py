"""How memberships end."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints import peers
from services.members.operations import departures
from services.shared import access, clock
from services.shared.contracts.members import membership as contract
from services.shared.messaging import loaded, rpc, timer

READS_MEMBERS: Final = access.scope("members:read")
WRITES_MEMBERS: Final = access.scope("members:write")
APPROVES: Final = access.scope("approvals:write")


class DepartureEntrypoints(peers.Peers):
    """Members who leave."""

    @rpc(WRITES_MEMBERS)
    def propose_departure(self, command: dict[str, Any]) -> dict[str, Any]:
        """Propose that a membership ends."""
        request = loaded(contract.ProposeDeparture(), command)
        return departures.propose_departure(
            self.database, self._asked, self.actor, request
        )

    @rpc(READS_MEMBERS)
    def get_departure(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about a departure and what is in its way."""
        request = loaded(contract.DepartureCommand(), command)
        return departures.get_departure(
            self.database, self._asked, self.tenant, request["departure_id"]
        )

    @rpc(READS_MEMBERS)
    def list_departures(self, command: dict[str, Any]) -> dict[str, Any]:
        """List departures."""
        request = loaded(contract.ListDepartures(), command)
        return departures.list_departures(self.database, self.tenant, request)

    @rpc(APPROVES)
    def approve_departure(self, command: dict[str, Any]) -> dict[str, Any]:
        """Approve a departure, and carry it out."""
        request = loaded(contract.ApproveDeparture(), command)
        access.require_strong(self.identity, clock.now().timestamp())
        return self.once(
            request,
            lambda: departures.approve_departure(
                self.database, self._asked, self.actor, request["departure_id"]
            ),
        )

    @rpc(WRITES_MEMBERS)
    def withdraw_departure(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let the member stay."""
        request = loaded(contract.WithdrawDeparture(), command)
        return self.once(
            request,
            lambda: departures.withdraw_departure(
                self.database, self.actor, request["departure_id"]
            ),
        )

    @timer(seconds=10.0)
    def finish_departures(self) -> None:
        """Carry out what was approved and left behind."""
        departures.finish_departures(self.database, self._on_behalf_of)

    @property
    def _asked(self) -> departures.Peers:
        """Who is asked, in the caller's name."""
        return departures.Peers(ledger=self.ledger, loans=self.loans)

    def _on_behalf_of(self, cooperative_id: str) -> departures.Peers:
        """The same, by this service's own accord."""
        return departures.Peers(
            ledger=self.ledger.on_behalf_of(cooperative_id),
            loans=self.loans.on_behalf_of(cooperative_id),
        )
