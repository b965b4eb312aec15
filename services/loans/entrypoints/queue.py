"""How the lines are looked at, worked on and reported about."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import queue
from services.shared import access
from services.shared.contracts.loans import queue as contract
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("applications:read")
APPROVES: Final = "approvals:write"


class QueueEntrypoints(Peers):
    """The lines that applications wait in."""

    @rpc(READS)
    def list_queue(self, command: dict[str, Any]) -> dict[str, Any]:
        """List a line in its order."""
        request = loaded(contract.ListQueue(), command)
        return queue.list_queue(self.database, self.tenant, request)

    @rpc(access.scope("applications:write"))
    def take_application(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take the next application."""
        request = loaded(contract.TakeApplication(), command)
        return queue.take_next(self.database, self.actor, request)

    @rpc(access.scope("applications:write", APPROVES))
    def hand_back(self, command: dict[str, Any]) -> dict[str, Any]:
        """Hand an application back to its place."""
        request = loaded(contract.HandBack(), command)
        return queue.hand_back(
            self.database,
            self.actor,
            request,
            may_for_others=APPROVES in self.identity.scopes,
        )

    @rpc(READS)
    def get_queue_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how the lines are ordered."""
        del command
        return queue.get_settings(self.database, self.tenant)

    @rpc(access.scope("cooperative:write"))
    def put_queue_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Order the lines in another way."""
        request = loaded(contract.QueueSettings(), command)
        return queue.put_settings(self.database, self.actor, request)

    @rpc(READS)
    def get_queue_report(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how long people waited."""
        request = loaded(contract.QueuePeriod(), command)
        return queue.get_report(self.database, self.tenant, request)

    @rpc(READS)
    def replay_queue(self, command: dict[str, Any]) -> dict[str, Any]:
        """Compute the order of a line again from its log."""
        request = loaded(contract.QueueLine(), command)
        return queue.replay(self.database, self.tenant, request["line"])

    @rpc(READS)
    def simulate_queue(self, command: dict[str, Any]) -> dict[str, Any]:
        """Compare the disciplines on the same arrivals."""
        request = loaded(contract.SimulateQueue(), command)
        return queue.simulate(self.database, self.tenant, request)
