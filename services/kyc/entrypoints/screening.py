"""Lists of people, and members who are like somebody on them."""

from __future__ import annotations

from typing import Any, Final

from services.kyc.entrypoints.checks import WRITES
from services.kyc.entrypoints.peers import Peers
from services.kyc.operations import rescreening, screening
from services.shared import access
from services.shared.contracts.kyc import screening as contract
from services.shared.messaging import loaded, rpc, timer

SEES_LISTS: Final = access.any_of(
    access.operator, access.scope("kyc:read", "audit:read")
)
SEES_ALERTS: Final = access.scope("kyc:read", "approvals:read", "audit:read")


class ScreeningEntrypoints(Peers):
    """Screening of members (APU-PPT)."""

    @rpc(access.operator)
    def load_list(self, command: dict[str, Any]) -> dict[str, Any]:
        """Load the next version of a list."""
        request = loaded(contract.LoadList(), command)
        return self.once(
            request,
            lambda: screening.load_list(self.database, self.identity.subject, request),
        )

    @rpc(SEES_LISTS)
    def list_lists(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what is screened against."""
        request = loaded(contract.ListLists(), command)
        return screening.list_lists(self.database, request)

    @rpc(WRITES)
    def screen_member(self, command: dict[str, Any]) -> dict[str, Any]:
        """Look for a member on all lists now."""
        request = loaded(contract.ScreenMember(), command)
        return self.once(
            request,
            lambda: screening.screen_member(
                self.database, self.settings, self.members, self.actor, request
            ),
        )

    @rpc(SEES_ALERTS)
    def get_alert(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about one alert."""
        request = loaded(contract.AlertCommand(), command)
        return screening.get_alert(self.database, self.tenant, request["alert_id"])

    @rpc(SEES_ALERTS)
    def list_alerts(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the alerts of the cooperative, or about one member."""
        request = loaded(contract.ListAlerts(), command)
        return screening.list_alerts(self.database, self.tenant, request)

    @rpc(WRITES)
    def decide_alert(self, command: dict[str, Any]) -> dict[str, Any]:
        """Say whether the person on the list is the member."""
        request = loaded(contract.DecideAlert(), command)
        return screening.decide_alert(self.database, self.actor, request)

    @timer(seconds=10.0)
    def rescreen_people(self) -> None:
        """Look for everybody again when a list has changed."""
        rescreening.rescreen(self.database, self.settings, self.members.on_behalf_of)
