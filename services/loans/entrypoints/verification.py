"""Verification of applications, and what members were taught before a loan."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import verification
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import verification as contract
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("applications:read")
WRITES: Final = access.scope("applications:write")


class VerificationEntrypoints(Peers):
    """The work of analysts."""

    @rpc(access.scope("products:write"))
    def put_checklist(self, command: dict[str, Any]) -> dict[str, Any]:
        """Say what is ticked off for loans of a product."""
        request = loaded(contract.PutChecklist(), command)
        return verification.put_checklist(self.database, self.actor, request)

    @rpc(access.scope("products:read"))
    def get_checklist(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what is ticked off for loans of a product."""
        request = loaded(contract.ChecklistCommand(), command)
        return verification.get_checklist(
            self.database, self.tenant, request["product_id"]
        )

    @rpc(READS)
    def get_verification(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how far a verification is."""
        request = loaded(loans.ApplicationCommand(), command)
        return verification.get_verification(
            self.database, self.settings, self.tenant, request["application_id"]
        )

    @rpc(WRITES)
    def tick_checklist(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tick items off."""
        request = loaded(contract.TickChecklist(), command)
        return self.once(
            request,
            lambda: verification.tick_checklist(
                self.database, self.settings, self.actor, request
            ),
        )

    @rpc(WRITES)
    def assess_five_c(self, command: dict[str, Any]) -> dict[str, Any]:
        """Score the 5C."""
        request = loaded(contract.AssessFiveC(), command)
        return verification.assess_five_c(
            self.database, self.settings, self.actor, request
        )

    @rpc(WRITES)
    def record_field_visit(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep what a visit or an interview found."""
        request = loaded(contract.RecordFieldVisit(), command)
        return verification.record_field_visit(
            self.database, self.settings, self.actor, request
        )

    @rpc(access.scope("members:write", "applications:write"))
    def record_training(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep that a member attended a lesson."""
        request = loaded(contract.RecordTraining(), command)
        return verification.record_training(
            self.database, self.members, self.actor, request
        )

    @rpc(access.scope("members:read", "applications:read"))
    def list_trainings(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the lessons of a member."""
        request = loaded(contract.ListTrainings(), command)
        return verification.list_trainings(
            self.database, self.members, self.tenant, request
        )

    @rpc(WRITES)
    def finish_verification(self, command: dict[str, Any]) -> dict[str, Any]:
        """Bring an application before the committee."""
        request = loaded(contract.FinishVerification(), command)
        return verification.finish_verification(
            self.database,
            self.settings,
            self.asked,
            self.actor,
            self.identity,
            request,
        )

    @rpc(WRITES)
    def reject_application(self, command: dict[str, Any]) -> dict[str, Any]:
        """Reject what does not come before the committee."""
        request = loaded(contract.RejectApplication(), command)
        return verification.reject_application(
            self.database, self.settings, self.actor, request
        )
