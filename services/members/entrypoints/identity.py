"""Who a member is, for the service that has it checked."""

from __future__ import annotations

from typing import Any

from services.members.entrypoints.peers import Peers
from services.members.operations import identity
from services.shared import access
from services.shared.contracts import kyc
from services.shared.contracts.members import identity as contract
from services.shared.messaging import loaded, rpc


class IdentityEntrypoints(Peers):
    """Who a member is, whole and unmasked."""

    @rpc(access.service(kyc.SERVICE))
    def get_identity(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell who a member is, and write down for whom."""
        request = loaded(contract.GetIdentity(), command)
        return identity.get_identity(self.database, self.settings, self.actor, request)
