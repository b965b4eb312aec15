"""What staff agree on with an insurer that says what cannot be, or says no."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.insurance import claims as claims_contract
from services.shared.contracts.insurance import policies as policies_contract
from services.shared.contracts.insurance import resolutions as contract
from services.shared.contracts.loans.decisions import OwnLoan
from services.shared.errors import SameProposer, StepUpRequired

TAG: Final = "Insurance resolutions"
READ = access.scope("insurance:read")
WRITE = access.scope("insurance:write")
APPROVE = access.scope("approvals:write")


class InsuranceResolutionRoutes(Peers):
    """What staff agree on with an insurer."""

    @route(
        "POST",
        "/v1/insurance/claims/{claim_id}/insist",
        tag=TAG,
        rule=WRITE,
        body=contract.ReasonBody,
        command=contract.InsistOnClaim,
        answer=claims_contract.Claim,
        errors=(contract.ClaimNotDisputed,),
    )
    def insist_on_claim(self, request: Request) -> dict[str, Any]:
        """Stand on a disputed claim: the insurer is asked again."""
        return dict(self.insurance.insist_on_claim(request.command()))

    @route(
        "POST",
        "/v1/insurance/claims/{claim_id}/resolutions",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.ClaimResolutionBody,
        command=contract.ProposeClaimResolution,
        answer=contract.Resolution,
        errors=(
            contract.ClaimNotDisputed,
            contract.AmountOverClaim,
            contract.ResolutionOpen,
        ),
    )
    def propose_claim_resolution(self, request: Request) -> dict[str, Any]:
        """Propose how a disputed claim ends; another has to approve it.

        With `accept_amount` the claim is approved for what was agreed on, and paid when
        the insurer says that it has paid just that. With `accept_rejection` it ends.
        """
        return dict(self.insurance.propose_claim_resolution(request.command()))

    @route(
        "POST",
        "/v1/insurance/policies/{policy_id}/retry",
        tag=TAG,
        rule=WRITE,
        body=contract.ReasonBody,
        command=contract.RetryActivation,
        answer=policies_contract.Policy,
        errors=(contract.ActivationNotRefused,),
    )
    def retry_activation(self, request: Request) -> dict[str, Any]:
        """Ask an insurer once more to let cover begin that it has refused."""
        return dict(self.insurance.retry_activation(request.command()))

    @route(
        "POST",
        "/v1/insurance/policies/{policy_id}/resolutions",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.ReasonBody,
        command=contract.ProposePolicyResolution,
        answer=contract.Resolution,
        errors=(contract.ActivationNotRefused, contract.ResolutionOpen),
    )
    def propose_policy_resolution(self, request: Request) -> dict[str, Any]:
        """Propose to end a policy that the insurer refuses; another has to approve it.

        The whole premium goes back to whoever bore it. The loan stays as it is.
        """
        return dict(self.insurance.propose_policy_resolution(request.command()))

    @route(
        "GET",
        "/v1/insurance/resolutions",
        tag=TAG,
        rule=READ,
        query=contract.ListResolutions,
        command=contract.ListResolutions,
        answer=contract.ResolutionPage,
    )
    def list_resolutions(self, request: Request) -> dict[str, Any]:
        """List what was proposed and decided: all, or about one policy."""
        return dict(self.insurance.list_resolutions(request.command()))

    @route(
        "POST",
        "/v1/insurance/resolutions/{resolution_id}/approve",
        tag=TAG,
        rule=APPROVE,
        command=contract.DecideResolution,
        answer=contract.Resolution,
        key=Idempotency.REQUIRED,
        errors=(
            StepUpRequired,
            SameProposer,
            OwnLoan,
            contract.ResolutionDecided,
            contract.ClaimNotDisputed,
            contract.ActivationNotRefused,
            policies_contract.PolicyUnderClaim,
        ),
    )
    def approve_resolution(self, request: Request) -> dict[str, Any]:
        """Let happen what another has proposed; with a fresh second factor."""
        return dict(self.insurance.approve_resolution(request.command()))

    @route(
        "POST",
        "/v1/insurance/resolutions/{resolution_id}/reject",
        tag=TAG,
        rule=APPROVE,
        command=contract.DecideResolution,
        answer=contract.Resolution,
        errors=(contract.ResolutionDecided,),
    )
    def reject_resolution(self, request: Request) -> dict[str, Any]:
        """Let nothing happen; who proposed may take it back so."""
        return dict(self.insurance.reject_resolution(request.command()))
