"""How risky the cooperative finds itself, and how its staff learns."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import risk_profile
from services.shared import access
from services.shared.contracts.loans import risk_profile as contract
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("loans:read", "cooperative:read")
WRITES: Final = access.scope("cooperative:write")


class RiskProfileEntrypoints(Peers):
    """How risky the cooperative finds itself, and how its staff learns."""

    @rpc(READS)
    def get_risk_profile(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what is known of each factor and how risky it is."""
        request = loaded(contract.RiskProfileQuery(), command)
        return risk_profile.get_profile(self.database, self.asked, self.tenant, request)

    @rpc(WRITES)
    def put_risk_profile(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep what no data tells."""
        request = loaded(contract.RiskProfileBody(), command)
        return risk_profile.put_profile(self.database, self.asked, self.actor, request)

    @rpc(WRITES)
    def record_staff_training(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep that staff was trained."""
        request = loaded(contract.RecordStaffTraining(), command)
        return risk_profile.record_training(self.database, self.actor, request)

    @rpc(READS)
    def list_staff_trainings(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the trainings of staff."""
        request = loaded(contract.ListStaffTrainings(), command)
        return risk_profile.list_trainings(self.database, self.tenant, request)
