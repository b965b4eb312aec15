"""Checks of the identity of who applies."""

from __future__ import annotations

from typing import Any

from services.loans.entrypoints.peers import Peers
from services.loans.operations import application_checks
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.kyc import checks as kyc_contract
from services.shared.contracts.loans import application_checks as contract
from services.shared.messaging import Event, loaded, on_event, rpc


class ApplicationCheckEntrypoints(Peers):
    """Checks of who applies."""

    @rpc(access.scope("applications:write"))
    def request_application_check(self, command: dict[str, Any]) -> dict[str, Any]:
        """Have who applies checked, once."""
        request = loaded(contract.RequestApplicationCheck(), command)
        return self.once(
            request,
            lambda: application_checks.request_check(
                self.database, self.kyc, self.actor, request
            ),
        )

    @rpc(access.scope("applications:read"))
    def list_application_checks(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the checks of an application."""
        request = loaded(loans.ApplicationCommand(), command)
        return application_checks.list_checks(
            self.database, self.tenant, request["application_id"]
        )

    @on_event("kyc", kyc_contract.CHECK_FINISHED)
    def on_kyc_check_finished(self, event: Event) -> None:
        """Take over how a check ended."""
        self._take_result(event)

    @on_event("kyc", kyc_contract.CHECK_REVIEWED)
    def on_kyc_check_reviewed(self, event: Event) -> None:
        """Take over what a person made of a check."""
        self._take_result(event)

    def _take_result(self, event: Event) -> None:
        kyc = self.kyc.on_behalf_of(event.payload["cooperative_id"])
        application_checks.take_result(
            self.database, kyc, event.event_id, event.payload
        )
