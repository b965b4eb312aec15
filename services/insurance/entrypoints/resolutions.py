"""What staff agree on with an insurer that says what cannot be, or says no."""

from __future__ import annotations

from typing import Any, Final

from services.insurance.entrypoints.claims import WRITES
from services.insurance.entrypoints.peers import Peers
from services.insurance.operations import policies, resolutions
from services.shared import access
from services.shared.contracts.insurance import resolutions as contract
from services.shared.messaging import loaded, rpc

DECIDES: Final = access.scope("approvals:write")


class ResolutionEntrypoints(Peers):
    """What staff agree on with an insurer."""

    @rpc(WRITES)
    def insist_on_claim(self, command: dict[str, Any]) -> dict[str, Any]:
        """Stand on a disputed claim: ask the insurer again."""
        request = loaded(contract.InsistOnClaim(), command)
        return self.once(
            request,
            lambda: resolutions.insist_on_claim(self.desk, self.actor, request),
        )

    @rpc(WRITES)
    def retry_activation(self, command: dict[str, Any]) -> dict[str, Any]:
        """Ask the insurer once more to let cover begin."""
        request = loaded(contract.RetryActivation(), command)
        return self.once(
            request,
            lambda: policies.retry_activation(self.desk, self.actor, request),
        )

    @rpc(WRITES)
    def propose_claim_resolution(self, command: dict[str, Any]) -> dict[str, Any]:
        """Propose how a disputed claim is to end."""
        request = loaded(contract.ProposeClaimResolution(), command)
        return resolutions.propose_for_claim(self.database, self.actor, request)

    @rpc(WRITES)
    def propose_policy_resolution(self, command: dict[str, Any]) -> dict[str, Any]:
        """Propose to end a policy that the insurer would not let begin."""
        request = loaded(contract.ProposePolicyResolution(), command)
        return resolutions.propose_for_policy(self.database, self.actor, request)

    @rpc(DECIDES)
    def approve_resolution(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let happen what another has proposed."""
        request = loaded(contract.DecideResolution(), command)
        return resolutions.approve(self.database, self.actor, request, self.identity)

    @rpc(DECIDES)
    def reject_resolution(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let nothing happen."""
        request = loaded(contract.DecideResolution(), command)
        return resolutions.reject(self.database, self.actor, request)

    @rpc(access.scope("insurance:read"))
    def list_resolutions(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what was proposed and decided."""
        request = loaded(contract.ListResolutions(), command)
        return resolutions.list_resolutions(self.database, self.tenant, request)
