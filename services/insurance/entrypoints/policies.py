"""Policies: the cover of loans."""

from __future__ import annotations

from typing import Any, Final

from services.insurance.entrypoints.peers import Peers
from services.insurance.operations import policies
from services.shared import access
from services.shared.contracts import insurance as insurance_contract
from services.shared.contracts import loans as loans_contract
from services.shared.contracts import members as members_contract
from services.shared.contracts.insurance import policies as contract
from services.shared.messaging import loaded, rpc, timer

LOANS: Final = access.service(loans_contract.SERVICE)
READS: Final = access.any_of(access.scope("insurance:read"), LOANS)


class PolicyEntrypoints(Peers):
    """Policies: the cover of loans."""

    @rpc(LOANS)
    def quote_premium(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what cover would cost."""
        request = loaded(contract.QuotePremium(), command)
        return policies.quote_premium(self.database, self.tenant, request)

    @rpc(LOANS)
    def reserve_policy(self, command: dict[str, Any]) -> dict[str, Any]:
        """Cover a loan provisionally."""
        request = loaded(contract.ReservePolicy(), command)
        return policies.reserve_policy(self.desk, self.actor, request)

    @rpc(LOANS)
    def activate_policy(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let cover begin, because the loan was paid out."""
        request = loaded(contract.ActivatePolicy(), command)
        return policies.activate_policy(self.desk, self.actor, request)

    @rpc(LOANS)
    def cancel_reservation(self, command: dict[str, Any]) -> dict[str, Any]:
        """Release cover of a loan that is not paid out."""
        request = loaded(contract.CancelReservation(), command)
        return policies.cancel_reservation(self.database, self.actor, request)

    @rpc(LOANS)
    def cancel_policy(self, command: dict[str, Any]) -> dict[str, Any]:
        """End cover before its time."""
        request = loaded(contract.CancelPolicy(), command)
        return policies.cancel_policy(self.database, self.actor, request)

    @rpc(READS)
    def get_policy(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show a policy."""
        request = loaded(contract.PolicyCommand(), command)
        return policies.get_policy(self.database, self.tenant, request["policy_id"])

    @rpc(READS)
    def list_policies(self, command: dict[str, Any]) -> dict[str, Any]:
        """List policies."""
        request = loaded(contract.ListPolicies(), command)
        return policies.list_policies(self.database, self.tenant, request)

    @rpc(access.service(members_contract.SERVICE))
    def has_running_policies(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how many policies keep a cooperative from leaving."""
        request = loaded(insurance_contract.HasRunningPolicies(), command)
        return policies.has_running_policies(self.database, request["cooperative_id"])

    @timer(seconds=5.0)
    def sweep_policies(self) -> None:
        """Carry on with policies that are due."""
        policies.sweep(self.desk)

    @timer(seconds=600.0)
    def end_policies(self) -> None:
        """Let cover expire, and reservations whose loan never came."""
        policies.end_by_date(self.database)
