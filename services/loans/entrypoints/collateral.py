"""Collateral."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import collateral
from services.shared import access
from services.shared.contracts.loans import collateral as contract
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("applications:read", "loans:read")
WRITES: Final = access.scope("applications:write")


class CollateralEntrypoints(Peers):
    """What secures loans."""

    @rpc(WRITES)
    def add_collateral(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take up a thing that is offered."""
        request = loaded(contract.AddCollateral(), command)
        return collateral.add_collateral(
            self.database, self.settings, self.actor, request
        )

    @rpc(WRITES)
    def appraise_collateral(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep what a thing is worth."""
        request = loaded(contract.AppraiseCollateral(), command)
        return collateral.appraise_collateral(
            self.database, self.settings, self.actor, request
        )

    @rpc(WRITES)
    def withdraw_collateral(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take back what is not bound."""
        request = loaded(contract.ChangeCollateral(), command)
        return self.once(
            request,
            lambda: collateral.withdraw_collateral(
                self.database, self.settings, self.actor, request["collateral_id"]
            ),
        )

    @rpc(access.scope("disbursements:write"))
    def bind_collateral(self, command: dict[str, Any]) -> dict[str, Any]:
        """Bind a thing to the loan, with the akad."""
        request = loaded(contract.ChangeCollateral(), command)
        return self.once(
            request,
            lambda: collateral.bind_collateral(
                self.database, self.settings, self.actor, request["collateral_id"]
            ),
        )

    @rpc(access.scope("loans:write"))
    def release_collateral(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give a thing back."""
        request = loaded(contract.ChangeCollateral(), command)
        return self.once(
            request,
            lambda: collateral.release_collateral(
                self.database, self.settings, self.actor, request["collateral_id"]
            ),
        )

    @rpc(READS)
    def get_collateral(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about one thing."""
        request = loaded(contract.CollateralCommand(), command)
        return collateral.get_collateral(
            self.database, self.settings, self.tenant, request["collateral_id"]
        )

    @rpc(READS)
    def list_collateral(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what was offered for an application."""
        request = loaded(contract.ListCollateral(), command)
        return collateral.list_collateral(
            self.database, self.settings, self.tenant, request["application_id"]
        )
