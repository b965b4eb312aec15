"""How the counter is run: drawers, shifts of tellers, and slips."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints.peers import Peers
from services.members.operations import cash, slips
from services.shared import access
from services.shared.contracts.members import cash as contract
from services.shared.messaging import loaded, rpc, timer

READS_CASH: Final = access.scope("cash:read")
WRITES_CASH: Final = access.scope("cash:write")
APPROVES: Final = access.scope("approvals:write")


class CashEntrypoints(Peers):
    """Cash drawers of tellers."""

    @rpc(READS_CASH)
    def get_counter_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how the counter works."""
        del command
        return cash.get_settings(self.database, self.tenant)

    @rpc(access.scope("cooperative:write"))
    def put_counter_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change how the counter works."""
        request = loaded(contract.CounterSettingsBody(), command)
        return cash.put_settings(self.database, self.actor, self.tenant, request)

    @rpc(access.scope("branches:write", "approvals:write"))
    def create_drawer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Make a drawer with an account of its own."""
        request = loaded(contract.CreateDrawer(), command)
        return cash.create_drawer(
            self.database, self.ledger, self.actor, self.tenant, request
        )

    @rpc(READS_CASH)
    def list_drawers(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the drawers with their balances."""
        request = loaded(contract.ListDrawers(), command)
        return cash.list_drawers(self.database, self.ledger, self.tenant, request)

    @rpc(WRITES_CASH)
    def open_shift(self, command: dict[str, Any]) -> dict[str, Any]:
        """Begin a shift of the caller with a float out of the vault."""
        request = loaded(contract.OpenShift(), command)
        return cash.open_shift(
            self.database, self.ledger, self.tenant, request, self.identity
        )

    @rpc(WRITES_CASH)
    def move_cash(self, command: dict[str, Any]) -> dict[str, Any]:
        """Move cash between vault and drawer."""
        request = loaded(contract.MoveCash(), command)
        return cash.move_cash(
            self.database, self.ledger, self.tenant, request, self.identity
        )

    @rpc(WRITES_CASH)
    def count_shift(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take the teller's count."""
        request = loaded(contract.CountShift(), command)
        return self.once(
            request,
            lambda: cash.count_shift(
                self.database, self.ledger, self.actor, self.tenant, request
            ),
        )

    @rpc(APPROVES)
    def accept_count(self, command: dict[str, Any]) -> dict[str, Any]:
        """Close a shift whose count was compared."""
        request = loaded(contract.AcceptCount(), command)
        return self.once(
            request,
            lambda: cash.accept_count(
                self.database,
                self.ledger,
                self.actor,
                request["shift_id"],
                self.identity,
            ),
        )

    @rpc(APPROVES)
    def return_count(self, command: dict[str, Any]) -> dict[str, Any]:
        """Send a count back to its teller."""
        request = loaded(contract.ReturnCount(), command)
        return self.once(
            request, lambda: cash.return_count(self.database, self.actor, request)
        )

    @rpc(READS_CASH)
    def get_shift(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show a shift, or the record of its count."""
        request = loaded(contract.GetShift(), command)
        return cash.get_shift(self.database, self.ledger, self.tenant, request)

    @rpc(READS_CASH)
    def list_shifts(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the shifts, the newest first."""
        request = loaded(contract.ListShifts(), command)
        return cash.list_shifts(self.database, self.ledger, self.tenant, request)

    @rpc(access.scope("accounts:read", "cash:read"))
    def get_slip(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show a slip, or print it."""
        request = loaded(contract.GetSlip(), command)
        return slips.get_slip(self.database, self.tenant, request)

    @timer(seconds=15.0)
    def finish_counter(self) -> None:
        """Finish movements and shifts that were left on their way."""
        slips.finish_due(self.database, self.ledger.on_behalf_of)
        cash.finish_moving(self.database, self.ledger.on_behalf_of)
