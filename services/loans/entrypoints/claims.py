"""What the insurer is asked for, and what it pays."""

from __future__ import annotations

from typing import Any

from services.loans.entrypoints.peers import Peers
from services.loans.operations import claims, proceeds
from services.shared import access
from services.shared.contracts.insurance.claims import CLAIM_PAID
from services.shared.contracts.insurance.policies import POLICY_ACTIVATION_REFUSED
from services.shared.contracts.loans import LoanCommand
from services.shared.contracts.loans import claims as contract
from services.shared.messaging import Event, loaded, on_event, rpc, timer


class ClaimEntrypoints(Peers):
    """What the insurer is asked for, and what it pays."""

    @rpc(access.scope("loans:write"))
    def report_force_majeure(self, command: dict[str, Any]) -> dict[str, Any]:
        """Claim on the insurer since force majeure has struck."""
        request = loaded(contract.ReportForceMajeure(), command)
        return self.once(
            request,
            lambda: claims.report_force_majeure(
                self.database, self.asked, self.actor, request
            ),
        )

    @rpc(access.scope("loans:read"))
    def list_claim_requests(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what was asked of the insurer for a loan."""
        request = loaded(LoanCommand(), command)
        return claims.list_requests(self.database, self.tenant, request["loan_id"])

    @on_event("members", "member_left")
    def on_members_member_left(self, event: Event) -> None:
        """Claim for the loans of a member who has died."""
        claims.take_departure(self.database, event.event_id, event.payload)

    @on_event("insurance", CLAIM_PAID)
    def on_insurance_claim_paid(self, event: Event) -> None:
        """Take what the insurer has paid."""
        claims.take_payment(self.database, event.event_id, event.payload)

    @on_event("insurance", POLICY_ACTIVATION_REFUSED)
    def on_insurance_policy_activation_refused(self, event: Event) -> None:
        """Let whoever looks after the loan know that it is not insured."""
        claims.take_refused_cover(self.database, event.event_id, event.payload)

    @timer(seconds=10.0)
    def open_claims(self) -> None:
        """Open the claims that were asked for."""
        claims.ask_due(self.database, self.insurance.on_behalf_of)

    @timer(seconds=5.0)
    def apply_proceeds(self) -> None:
        """Put money where it belongs that came because a loan has failed."""
        proceeds.apply_due(self.database, self.asked_for)

    @timer(seconds=60.0)
    def report_recoveries(self) -> None:
        """Tell insurers what borrowers paid after them."""
        claims.report_recoveries(self.database, self.insurance.on_behalf_of)
